"""Whom an HR manager wants to enrol on an event: the pasted lines and ticked colleagues, each with what speaks against it.

Nothing is written here; the preview and the order read the same list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from models.base import Texts, db
from models.events import Event, Slot
from models.organisations import Affiliation, AffiliationStatus, Organisation
from models.people import EmailAddress, Person, address_key
from models.registrations import LIVE, Registration
from services.pasted_people import Pasted, marked_repeats, read_people
from services.prerequisites import enforced_ids, exempted, unprepared


@dataclass(frozen=True)
class TeamWish:
    """What the page of a team says. `colleagues` are public ids of persons; `unnamed` places are named later."""

    people: str = ""
    colleagues: tuple[str, ...] = ()
    unnamed: int = 0
    ticket: str | None = None  # public id; None: the best for the organisation
    purchase_order: str = ""
    voucher: str = ""  # a code, as typed
    on_account: bool = False  # places at once, the invoice is paid within the organisation's term
    purchase_order_later: bool = False  # its invoice waits for the number
    prerequisites_confirmed: bool = False  # the manager says that all of them meet what the course asks
    may_wait: bool = False  # take what is free, and let the rest wait
    shown_cents: int | None = None  # gross price of one place on the page that was confirmed
    shown_people: int | None = None  # for how many places


@dataclass(frozen=True)
class Candidate:
    """One person of the list. `is_colleague`: of the organisation; only then `is_registered` and `conflicts`, titles of
    events at the same time, are known: of others it is nobody's business (services/team_strangers.py)."""

    read: Pasted
    person_id: int | None = None
    is_colleague: bool = False
    is_registered: bool = False
    conflicts: tuple[Texts, ...] = field(default=())
    lacks: bool = False  # has not completed what the event enforces, as far as the organisation may know

    @property
    def is_enrolled(self) -> bool:
        """Whether the order has a place for them: understood, not twice, without one of their own, and prepared."""
        return self.is_clear and not self.lacks

    @property
    def is_clear(self) -> bool:
        return self.read.unclear is None and self.read.same_as is None and not self.is_registered

    @property
    def is_unprepared(self) -> bool:
        """Whether they are left out only for what they have not completed."""
        return self.is_clear and self.lacks


@dataclass(frozen=True)
class KnownColleague:
    """Somebody whose affiliation is verified, to be ticked."""

    public_id: str
    given_name: str
    family_name: str
    email: str
    is_registered: bool

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


def known_colleagues(organisation: Organisation, event_id: int) -> list[KnownColleague]:
    """The verified people of the organisation with their primary address, by name; one query."""
    registered = (
        select(Registration.id)
        .where(
            Registration.event_id == event_id,
            Registration.person_id == Person.id,
            Registration.status.in_(LIVE),
        )
        .exists()
    )
    rows = db.session.execute(
        select(Person.public_id, Person.given_name, Person.family_name, EmailAddress.address, registered)
        .join(Affiliation, Affiliation.person_id == Person.id)
        .outerjoin(EmailAddress, (EmailAddress.person_id == Person.id) & EmailAddress.is_primary)
        .where(
            Affiliation.organisation_id == organisation.id,
            Affiliation.status == AffiliationStatus.VERIFIED,
            Person.erased_at.is_(None),
            Person.merged_into_id.is_(None),
        )
        .order_by(func.lower(Person.family_name), func.lower(Person.given_name), Person.id)
    )
    return [KnownColleague(row[0], row[1], row[2], row[3] or "", bool(row[4])) for row in rows]


def candidates(organisation: Organisation, event: Event, wish: TeamWish) -> list[Candidate]:
    """Everybody on the list, ticked colleagues first; each pasted line that holds anything is one of them."""
    ticked = [
        Pasted(0, f"{one.name} <{one.email}>", one.given_name, one.family_name, one.email)
        for one in known_colleagues(organisation, event.id)
        if one.public_id in wish.colleagues and one.email
    ]
    rows = marked_repeats([*ticked, *read_people(wish.people)])
    people = people_at([row.email for row in rows if row.email])
    ids = set(people.values())
    ours = colleagues_among(organisation, ids)
    registered = registered_among(event.id, ids & ours)
    busy, prepared = busy_among(event, ids & ours), prepared_among(event, ids, ours)
    found = []
    for row in rows:
        person_id = people.get(address_key(row.email)) if row.email else None
        found.append(
            Candidate(
                read=row,
                person_id=person_id,
                is_colleague=person_id in ours,
                is_registered=person_id in registered,
                conflicts=tuple(busy.get(person_id, ())) if person_id else (),
                lacks=prepared is not None and person_id not in prepared,
            )
        )
    return found


def prepared_among(event: Event, ids: set[int], ours: set[int]) -> set[int | None] | None:
    """Those of them who may follow an event that enforces prerequisites; None when it enforces none.

    What somebody has completed is known to their own organisation only: of others just the organiser's exemption counts.
    """
    if not enforced_ids(event):
        return None
    found: set[int | None] = set()
    found |= (ids & ours) - unprepared(event, ids & ours)
    return found | exempted(event, ids)


def people_at(addresses: Iterable[str]) -> dict[str, int]:
    """The persons of these addresses, by the key of the address."""
    keys = {address_key(address) for address in addresses}
    if not keys:
        return {}
    rows = db.session.execute(select(EmailAddress.key, EmailAddress.person_id).where(EmailAddress.key.in_(keys)))
    return {row.key: row.person_id for row in rows}


def colleagues_among(organisation: Organisation, ids: set[int]) -> set[int]:
    if not ids:
        return set()
    query = select(Affiliation.person_id).where(
        Affiliation.organisation_id == organisation.id,
        Affiliation.status == AffiliationStatus.VERIFIED,
        Affiliation.person_id.in_(ids),
    )
    return set(db.session.scalars(query))


def registered_among(event_id: int, ids: set[int]) -> set[int | None]:
    """Those of them who have a live registration on the event."""
    if not ids:
        return set()
    query = select(Registration.person_id).where(
        Registration.event_id == event_id, Registration.person_id.in_(ids), Registration.status.in_(LIVE)
    )
    return set(db.session.scalars(query))


def busy_among(event: Event, ids: set[int]) -> dict[int, list[Texts]]:
    """Which of the organisation's own people are on another event while this one takes place, and on which."""
    if not ids:
        return {}
    spans = db.session.execute(
        select(Slot.starts_at, Slot.ends_at).where(Slot.event_id == event.id, Slot.cancelled_at.is_(None))
    ).all()
    rows = db.session.execute(
        select(Registration.person_id, Event.id, Event.titles, Slot.starts_at, Slot.ends_at)
        .join(Event, Event.id == Registration.event_id)
        .join(Slot, Slot.event_id == Event.id)
        .where(
            Registration.person_id.in_(ids),
            Registration.status.in_(LIVE),
            Event.id != event.id,
            Slot.cancelled_at.is_(None),
            Slot.starts_at < event.ends_at,
            Slot.ends_at > event.starts_at,
        )
        .order_by(Slot.starts_at)
    )
    found: dict[int, dict[int, Texts]] = {}
    for person_id, event_id, titles, starts, ends in rows:
        if person_id is not None and any(overlap((starts, ends), (first, last)) for first, last in spans):
            found.setdefault(person_id, {})[event_id] = titles
    return {person_id: list(events.values()) for person_id, events in found.items()}


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
