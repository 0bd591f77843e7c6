"""Four clocks strike at once, on both engines: everything happens once, and each mail is there once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app import create_app
from bench.children import forking
from bench.storm import looking, settings_for, take_the_lock_away
from models.base import Base, db
from models.events import Event, Run
from models.organisations import Organisation  # noqa: F401  (the tables of every model)
from models.outbox import OutboxMessage
from models.people import Person, Role, StaffRole
from models.registrations import Registration
from services import outbox
from services.decisions import ask_to_decide
from services.event_changes import advance_runs
from services.halfway import remind_halfway
from services.registrations import expire_due, register
from services.reminders import remind_due
from services.soundness import violations
from services.transaction import require_writing, writing
from services.unnamed_places import ask_for_names
from services.wishes import Wish
from tests.cast import add_person_locked, make_event, morning_in
from tests.engines.together import at_once

pytestmark = pytest.mark.engines

CLOCKS, PEOPLE = 4, 6
ONCE = Counter(
    {"payment_reminder": 6, "registration_expired": 6, "names_wanted": 6, "event_guaranteed": 6, "event_reminder": 6,
     "decision_due": 1}
)  # fmt: skip


def prepare(url: str, folder: Path) -> datetime:
    """Six people on five events, of each of which something is due at the answer: the morning in nine days."""
    app = create_app(settings_for(url, folder))
    with app.app_context():
        with db.engine.connect().execution_options(writing=True) as connection:
            Base.metadata.drop_all(connection)
            Base.metadata.create_all(connection)
            connection.commit()
        with writing() as session:
            alice = add_person_locked("Alice", "Renard", "alice@mosan.example")
            session.add(StaffRole(person_id=alice.id, role=Role.ORGANISER))
            guests = [add_person_locked("Guest", f"Number {n}", f"g{n}@example.org") for n in range(PEOPLE)]
        make_event(
            title="Nobody decides", run=Run.TENTATIVE, minimum=5, starts_at=morning_in(20), decides_at=morning_in(8)
        )
        for event in (
            make_event(title="Half time", starts_at=morning_in(14)),
            make_event(title="Nobody pays", starts_at=morning_in(8)),
            free_event("Nobody is named", 12),
            free_event("Enough come", 20, run=Run.TENTATIVE, minimum=PEOPLE),
            free_event("Tomorrow", 10),
        ):
            enrol(guests, event)
        with writing() as session:
            session.query(Registration).filter(Registration.event_id == 4).update({"person_id": None})
            session.query(OutboxMessage).delete()
        db.session.remove()
        db.engine.dispose()
    return morning_in(9) + timedelta(hours=1)


def free_event(title: str, days: int, run: Run = Run.GUARANTEED, minimum: int = 0) -> Event:
    return make_event(
        title=title, public_cents=0, member_cents=None, starts_at=morning_in(days), run=run, minimum=minimum
    )  # fmt: skip


def enrol(guests: list[Person], event: Event) -> None:
    for person in guests:
        register(person, event.id, Wish("Guest", person.family_name, "guest@example.org"), locale="en")


def strike(url: str, folder: Path, at: datetime) -> list[Exception]:
    """CLOCKS threads run the whole clock together; their errors."""
    app = create_app(settings_for(url, folder))

    def clock(barrier: threading.Barrier) -> None:
        try:
            for entry in (remind_halfway, expire_due, ask_for_names, advance_runs, ask_to_decide, remind_due):
                barrier.wait()
                entry(at)
        except Exception:
            barrier.abort()
            raise

    _answers, errors = at_once(app, CLOCKS, clock)
    with app.app_context():
        db.engine.dispose()
    return errors


def strike_unguarded(url: str, folder: str, at: datetime) -> None:
    """The naive clock, in a process of its own: no lock, and the outbox asks for no key."""
    take_the_lock_away()

    def add(message: OutboxMessage) -> OutboxMessage:
        message.unique_key = None
        require_writing().add(message)
        return message

    outbox.once_locked = add
    strike(url, Path(folder), at)


def left_behind(url: str, folder: Path) -> tuple[Counter[str], list[str]]:
    with looking(url, folder) as session:
        return Counter(row.template for row in session.query(OutboxMessage)), violations()


def test_everything_happens_once(both_engines: str, tmp_path: Path) -> None:
    at = prepare(both_engines, tmp_path)
    assert strike(both_engines, tmp_path, at) == []
    assert left_behind(both_engines, tmp_path) == (ONCE, [])
    assert strike(both_engines, tmp_path, at + timedelta(hours=1)) == []  # twice, and late
    assert left_behind(both_engines, tmp_path) == (ONCE, [])


def test_without_the_guards_mails_leave_twice(both_engines: str, tmp_path: Path) -> None:
    """The race is real: the test above cannot pass by luck."""
    for _ in range(5):
        at = prepare(both_engines, tmp_path)
        child = forking().Process(target=strike_unguarded, args=(both_engines, str(tmp_path), at))
        child.start()
        child.join(timeout=120)
        mails, _problems = left_behind(both_engines, tmp_path)
        if any(number > ONCE[template] for template, number in mails.items()):
            return
    pytest.fail(f"five unguarded clocks repeated nothing: {mails}")
