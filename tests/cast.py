"""The cast of every test. Alice organises, Bob is a member, Carol is a stranger, Dora is HR manager, Emil trains,
Fay does finance, Ada is admin; Otto organises one other event only. `make_event` makes what they meet at."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from models.areas import Area
from models.base import now
from models.courses import Course, Publication
from models.events import Audience, Event, EventKind, Modality, Quota, Run, Slot, Ticket, VatTreatment
from models.organisations import (
    Affiliation,
    AffiliationStatus,
    EmailDomain,
    Membership,
    MembershipStatus,
    Organisation,
    OrganisationKind,
)
from models.people import EmailAddress, Person, Role, StaffRole, address_key
from services.transaction import require_writing, writing
from tests.browsing import post_form, sign_in, words

__all__ = [
    "ADDRESSES",
    "BRUSSELS",
    "Cast",
    "add_course_locked",
    "add_member_locked",
    "add_person_locked",
    "affiliate_locked",
    "area_locked",
    "cast",
    "half_days",
    "make_event",
    "morning_in",
    "post_form",
    "sign_in",
    "words",
]

BRUSSELS = ZoneInfo("Europe/Brussels")
count = itertools.count(1)

ADDRESSES = {
    "alice": "alice@mosan.example",
    "bob": "bob@lysara.example",
    "carol": "carol@kelvin-home.example",
    "dora": "dora@lysara.example",
    "emil": "emil@vasseur.example",
    "fay": "fay@mosan.example",
    "ada": "ada@mosan.example",
    "otto": "otto@mosan.example",
}
FAMILY = {
    "alice": "Renard", "bob": "Lambert", "carol": "Nguyễn", "dora": "Wouters",
    "emil": "Vasseur", "fay": "Okonkwo", "ada": "Peeters", "otto": "Claes",
}  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """Everybody, each with one proven primary address, all reading English; and the member organisation."""

    alice: Person
    bob: Person
    carol: Person
    dora: Person
    emil: Person
    fay: Person
    ada: Person
    otto: Person  # no role until an event names him: `make_event(organisers=[cast.otto])`
    lysara: Organisation

    def address(self, person: Person) -> str:
        return ADDRESSES[person.given_name.casefold()]


def add_person_locked(given: str, family: str, address: str, **changes: Any) -> Person:
    """A person with one proven primary address."""
    return add_people_locked([Person(given_name=given, family_name=family, **changes)], [address])[0]


def add_people_locked(people: list[Person], addresses: Iterable[str]) -> list[Person]:
    """These people, each with one proven primary address: in one go, because nearly every test begins with them."""
    session = require_writing()
    session.add_all(people)
    session.flush()
    session.add_all(
        EmailAddress(person_id=person.id, address=address, key=address_key(address), proven_at=now(), is_primary=True)
        for person, address in zip(people, addresses, strict=True)
    )
    return people


def add_member_locked(name: str, domain: str, status: MembershipStatus = MembershipStatus.ACTIVE) -> Organisation:
    """An organisation with a verified domain and a membership of this year and the next."""
    session = require_writing()
    slug = name.lower().replace(" ", "-")
    organisation = Organisation(slug=slug, legal_name=f"{name} SA", name=name, kind=OrganisationKind.COMPANY)
    session.add(organisation)
    session.flush()
    today = now().date()
    session.add_all(
        [
            EmailDomain(organisation_id=organisation.id, domain=domain, verified_at=now()),
            Membership(
                organisation_id=organisation.id,
                status=status,
                starts_on=date(today.year, 1, 1),
                ends_on=date(today.year + 1, 12, 31),
            ),
        ]
    )
    return organisation


def affiliate_locked(person: Person, organisation: Organisation, **changes: Any) -> Affiliation:
    """A verified affiliation."""
    values = {"status": AffiliationStatus.VERIFIED, "is_main": True, "verified_by": "domain", "verified_at": now()}
    affiliation = Affiliation(person_id=person.id, organisation_id=organisation.id, **{**values, **changes})
    require_writing().add(affiliation)
    return affiliation


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The cast in the empty database. On SQLite it begins with them: see `app`."""
    with writing() as session:
        people = session.scalars(select(Person).order_by(Person.id)).all()
        if not people:
            return add_cast_locked(session)
        lysara = session.scalars(select(Organisation)).one()
        return Cast(lysara=lysara, **dict(zip(ADDRESSES, people, strict=True)))


def add_cast_locked(session: Any) -> Cast:
    everybody = [Person(given_name=name.capitalize(), family_name=FAMILY[name]) for name in ADDRESSES]
    people = dict(zip(ADDRESSES, add_people_locked(everybody, ADDRESSES.values()), strict=True))
    lysara = add_member_locked("Lysara Biologics", "lysara.example")
    affiliate_locked(people["bob"], lysara)
    affiliate_locked(people["dora"], lysara, is_hr_manager=True, verified_by="staff")
    for name, role in (
        ("alice", Role.ORGANISER), ("emil", Role.TRAINER), ("fay", Role.FINANCE), ("ada", Role.ADMIN)
    ):  # fmt: skip
        session.add(StaffRole(person_id=people[name].id, role=role))
    return Cast(lysara=lysara, **people)


def half_days(starts_at: datetime, number: int) -> list[tuple[datetime, datetime]]:
    """`number` mornings of three and a half hours from `starts_at` on, a day apart by the clock on the wall."""
    first = starts_at.astimezone(BRUSSELS)
    days = [first.replace(tzinfo=None) + timedelta(days=index) for index in range(number)]
    starts = [day.replace(tzinfo=BRUSSELS).astimezone(UTC) for day in days]
    return [(start, start + timedelta(hours=3, minutes=30)) for start in starts]


def morning_in(days: int) -> datetime:
    """Nine o'clock in Brussels, `days` days from today."""
    day = now().astimezone(BRUSSELS).date() + timedelta(days=days)
    return datetime.combine(day, time(9), BRUSSELS).astimezone(UTC)


def area_locked(slug: str) -> Area:
    """The area with this slug, made when it is not there yet."""
    session = require_writing()
    found = session.scalar(select(Area).where(Area.slug == slug))
    if found is None:
        found = Area(
            slug=slug,
            position=next(count),
            names={"en": slug.replace("-", " ").capitalize()},
            texts={},
            emblem="M4 4L44 4L44 44L4 44Z",
            colour_light="#b5402a",
            colour_dark="#f0937c",
        )
        session.add(found)
    return found


def make_event(
    *,
    kind: EventKind = EventKind.TRAINING,
    title: str = "Aseptic techniques",
    starts_at: datetime | None = None,
    slots: int | Sequence[tuple[datetime, datetime]] = 2,
    capacity: int = 20,
    public_cents: int = 42000,
    member_cents: int | None = 25000,
    vat: VatTreatment = VatTreatment.STANDARD,
    trainers: Iterable[Person] = (),
    organisers: Iterable[Person] = (),
    areas: Sequence[str] = ("biopharmacy",),
    **changes: Any,
) -> Event:
    """A published, guaranteed event of `slots` mornings (from ten days ahead), one onsite quota, a ticket for everyone
    and one for members (none when `member_cents` is None). `changes` are columns of the event.

    A training gets a course of its own. Opens its own writing(). The answer carries no loaded relations.
    """
    spans = half_days(starts_at or morning_in(10), slots) if isinstance(slots, int) else list(slots)
    values = ordinary(kind, title, spans)
    with writing() as session:
        event = Event(**{**values, **changes})
        event.areas = [area_locked(slug) for slug in areas]
        if kind is EventKind.TRAINING and event.course_id is None:
            event.course_id = add_course_locked(title, f"{values['slug']}-course").id
        session.add(event)
        session.flush()
        add_slots_locked(event, spans, list(trainers))
        add_tickets_locked(event, capacity, public_cents, member_cents, vat)
        session.add_all(StaffRole(person_id=person.id, role=Role.ORGANISER, event_id=event.id) for person in organisers)
    return event


def ordinary(kind: EventKind, title: str, spans: list[tuple[datetime, datetime]]) -> dict[str, Any]:
    """The columns of an event nothing is special about."""
    return {
        "slug": f"{title.lower().replace(' ', '-')}-{next(count)}",
        "kind": kind,
        "publication": Publication.PUBLISHED,
        "run": Run.GUARANTEED,
        "titles": {"en": title},
        "summaries": {"en": "What an operator must know."},
        "venue": "Le Delta",
        "city": "Namur",
        "starts_at": spans[0][0],
        "ends_at": spans[-1][1],
        "policies": {"en": "Free until midnight, two days before it begins."},
    }


def add_course_locked(title: str, slug: str, **changes: Any) -> Course:
    """A published course of two half-days."""
    course = Course(
        **{
            "slug": slug,
            "publication": Publication.PUBLISHED,
            "titles": {"en": title},
            "summaries": {"en": "What an operator must know."},
            "outcomes": {"en": ["Dress for a clean room", "Read a plate"]},
            "minutes": 420,
            "languages": ["en"],
            **changes,
        }
    )
    session = require_writing()
    session.add(course)
    session.flush()
    return course


def add_slots_locked(event: Event, spans: list[tuple[datetime, datetime]], trainers: list[Person]) -> None:
    for start, end in spans:
        require_writing().add(Slot(event=event, starts_at=start, ends_at=end, room="Room 2", trainers=list(trainers)))


def add_tickets_locked(
    event: Event, capacity: int, public_cents: int, member_cents: int | None, vat: VatTreatment
) -> None:
    quota = Quota(event=event, modality=Modality.ONSITE, capacity=capacity)
    session = require_writing()
    session.add(quota)
    prices = {Audience.EVERYONE: public_cents} | ({} if member_cents is None else {Audience.MEMBERS: member_cents})
    for position, (audience, cents) in enumerate(prices.items()):
        session.add(
            Ticket(
                event=event, quota=quota, position=position, names={"en": audience.value.capitalize()},
                audience=audience, net_cents=cents, vat=vat,
            )
        )  # fmt: skip
