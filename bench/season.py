"""Five hundred coming events, as a busy year of a large cluster: what bench/pages.py reads."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.storm import settings_for

KINDS = ("training", "training", "training", "networking", "webinar", "conference", "workshop")
CITIES = ("Namur", "Liège", "Gosselies", "Louvain-la-Neuve", "Charleroi", "Libramont", "Mons", "")
WORDS = [
    "aseptic",
    "technique",
    "quality",
    "risk",
    "device",
    "evidence",
    "isotope",
    "dose",
    "batch",
    "release",
    "data",
    "audit",
    "ward",
    "trial",
    "vial",
]


def make_season(url: str, folder: Path, events: int = 500) -> list[str]:
    """An empty database filled with `events` coming events, 40 courses and 8 programmes; returns the events' slugs."""
    from app import create_app
    from models.base import Base, db
    from services.areas import load_areas_locked
    from services.search import index_everything_locked
    from services.transaction import writing

    app = create_app(settings_for(url, folder))
    chance = random.Random(20261124)
    with app.app_context():
        with db.engine.connect().execution_options(writing=True) as connection:
            Base.metadata.drop_all(connection)
            Base.metadata.create_all(connection)
            connection.commit()
        with writing() as session:
            load_areas_locked(app.extensions["cluster"])
            session.flush()
            slugs = fill_locked(session, chance, events)
            session.flush()
            index_everything_locked()
        db.session.remove()
        db.engine.dispose()
    return slugs


def fill_locked(session: Any, chance: random.Random, events: int) -> list[str]:
    from sqlalchemy import select

    from models.areas import Area
    from models.courses import Programme, ProgrammeStep
    from models.people import Person

    areas = list(session.scalars(select(Area)))
    trainers = [Person(given_name=f"Trainer{n}", family_name="Vasseur", biography=text(chance, 20)) for n in range(20)]
    courses = [course(chance, number, areas) for number in range(40)]
    session.add_all([*trainers, *courses])
    session.flush()
    for number in range(8):
        programme = Programme(
            slug=f"programme-{number}", publication="published", area_id=chance.choice(areas).id,
            titles=both(chance, 3), summaries=both(chance, 14),
        )  # fmt: skip
        session.add(programme)
        session.flush()
        for position, one in enumerate(chance.sample(courses, 5)):
            session.add(ProgrammeStep(programme_id=programme.id, course_id=one.id, position=position))
    return [event(session, chance, number, areas, courses, trainers) for number in range(events)]


def course(chance: random.Random, number: int, areas: list[Any]) -> Any:
    from models.courses import Course

    return Course(
        slug=f"course-{number}", publication="published", titles=both(chance, 5), summaries=both(chance, 25),
        descriptions=both(chance, 60), outcomes={"en": [text(chance, 12) for _ in range(4)]}, audiences=both(chance, 15),
        prerequisites=both(chance, 10), minutes=630, languages=["en", "fr"], areas=chance.sample(areas, 1),
    )  # fmt: skip


def event(
    session: Any, chance: random.Random, number: int, areas: list[Any], courses: list[Any], trainers: list[Any]
) -> str:
    """One event of one to four half-days, with a place, two prices and some places taken."""
    from models.events import Event, Quota, Slot, Ticket

    kind = chance.choice(KINDS)
    city = chance.choice(CITIES) if kind != "webinar" else ""
    first = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1 + number * 0.7)
    first = first.replace(hour=8, minute=0)
    days = 1 if kind in ("networking", "webinar") else chance.randint(1, 4)
    slug = f"event-{number}"
    made = Event(
        slug=slug, kind=kind, publication="published", run="guaranteed", minimum=chance.choice((0, 0, 8)),
        course_id=chance.choice(courses).id if kind == "training" else None, titles=both(chance, 6),
        summaries=both(chance, 25), descriptions=both(chance, 40), language=chance.choice(("fr", "en", "nl")),
        venue="Le Delta" if city else "", address="rue des Verriers 14" if city else "", city=city, starts_at=first,
        ends_at=first + timedelta(days=2 * (days - 1), hours=3.5), policies=both(chance, 12), contact_name="Alice Renard",
        contact_email="alice@mosan.example", guaranteed_at=first - timedelta(days=30),
        areas=chance.sample(areas, chance.choice((1, 1, 2))),
    )  # fmt: skip
    quota = Quota(event=made, modality="online" if not city else "onsite", capacity=20, taken=chance.randint(0, 20))
    session.add_all([made, quota])
    for day in range(days):
        starts = first + timedelta(days=2 * day)
        session.add(
            Slot(
                event=made, starts_at=starts, ends_at=starts + timedelta(hours=3.5), titles=both(chance, 6), room="Curie",
                trainers=chance.sample(trainers, 1) if kind == "training" else [],
            )
        )  # fmt: skip
    for position, (audience, cents) in enumerate((("everyone", 59000), ("members", 42000))):
        session.add(
            Ticket(
                event=made, quota=quota, position=position, names={"en": audience}, audience=audience, net_cents=cents
            )
        )
    return slug


def both(chance: random.Random, length: int) -> dict[str, str]:
    return {"en": text(chance, length), "fr": text(chance, length)}


def text(chance: random.Random, length: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(length)).capitalize()
