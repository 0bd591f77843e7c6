"""Attendance: one tap per person and slot, kept as append-only marks; who was there follows from them.

May mark: who organises the event, and its trainers (blueprints/guards.py: marker_of). When: from two hours before the
slot until the event is closed. Whom: confirmed registrations of the event, and people added at the door whose money is
still to come: they are in the room.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError

from models.attendance import AttendanceMark, Presence, SlotSignOff, last_mark, presence_of
from models.base import db, now, random_id
from models.events import Event, Run, Slot
from models.people import Person
from models.registrations import Registration, Status
from models.search import folded
from services.audit import record_locked
from services.transaction import require_writing, writing

OPENS_BEFORE = timedelta(hours=2)
OLDEST = timedelta(days=60)  # no device keeps a tap longer; an older date is a wrong clock
REVOCABLE = timedelta(minutes=2)  # marking everybody can be taken back
METHODS = ("qr", "list", "kiosk", "import")


class MarkRefused(Exception):
    """A mark that cannot be taken; each subclass says why."""


class NotOpenYet(MarkRefused):
    """Marking begins at `opens_at`, two hours before the slot."""

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at


class EventOver(MarkRefused):
    """The event is closed, cancelled or postponed: its attendance does not change any more."""


class UnknownRegistration(MarkRefused, LookupError):
    """The event has no registration with this id."""


class NotAttending(MarkRefused):
    """The registration is not confirmed: there is nobody to mark."""


def attends() -> ColumnElement[bool]:
    """The registrations that stand on an attendance list."""
    unpaid_walk_in = and_(Registration.status == Status.AWAITING_PAYMENT, Registration.source == "walk_in")
    return or_(Registration.status == Status.CONFIRMED, unpaid_walk_in)


def slot_of(event_id: int, public_id: str) -> Slot | None:
    """The event's slot with this id; None for a removed slot and for a slot of another event."""
    return db.session.scalar(
        select(Slot).where(Slot.event_id == event_id, Slot.public_id == public_id, Slot.cancelled_at.is_(None))
    )


@dataclass(frozen=True)
class Tap:
    """One mark as a device sends it. `age` is how long ago the finger touched, at the moment of sending: a device
    with a wrong clock still marks at the right time. `client_id` is its own random id: a repeated send is a no-op."""

    client_id: str
    registration: str  # public id
    presence: Presence
    age: timedelta = timedelta(0)


def mark(
    slot_public_id: str,
    registration_public_id: str,
    presence: Presence,
    *,
    actor: Person | None,
    client_id: str,
    marked_at: datetime | None = None,
    method: str = "list",
    at: datetime | None = None,
) -> Presence:
    """Add one mark and answer the presence that follows from all of them. `unmarked` takes the last one back.

    Raises NoResultFound for an unknown slot and MarkRefused (UnknownRegistration for one that is not of its event).
    """
    at = at or now()
    age = at - marked_at if marked_at else timedelta(0)
    refused = mark_many(slot_public_id, [Tap(client_id, registration_public_id, presence, age)], actor=actor,
                        method=method, at=at)  # fmt: skip
    for reason in refused.values():
        raise reason
    return presence_now(slot_public_id, registration_public_id)


def mark_many(
    slot_public_id: str, taps: Iterable[Tap], *, actor: Person | None, method: str = "list", at: datetime | None = None
) -> dict[str, Exception]:
    """Add the marks a device has kept, in one transaction. Returns those refused: client id → why.

    A mark already known is passed over. Raises NoResultFound for an unknown slot, and NotOpenYet or EventOver for all.
    """
    at = at or now()
    if method not in METHODS:
        raise ValueError(method)
    taps = list(taps)
    refused: dict[str, Exception] = {}
    with writing():
        slot = open_slot_locked(slot_public_id, at)
        people = registrations_locked(slot.event_id, [tap.registration for tap in taps])
        known = known_locked([tap.client_id for tap in taps])
        for tap in taps:
            person = people.get(tap.registration)
            if tap.client_id in known:
                continue
            if person is None or not person[1]:
                refused[tap.client_id] = UnknownRegistration(tap.registration) if person is None else NotAttending()
                continue
            known.add(tap.client_id)
            add_locked(slot.id, person[0], tap, actor, method, at)
    return refused


def open_slot_locked(public_id: str, at: datetime) -> Slot:
    """The slot, when it may be marked now. The event's row is share-locked: closing waits for marks, marks for closing."""
    session = require_writing()
    slot = session.execute(select(Slot).where(Slot.public_id == public_id, Slot.cancelled_at.is_(None))).scalar_one()
    run = session.scalar(select(Event.run).where(Event.id == slot.event_id).with_for_update(read=True))
    if run in (Run.CLOSED, Run.CANCELLED, Run.POSTPONED):
        raise EventOver(run)
    if at < slot.starts_at - OPENS_BEFORE:
        raise NotOpenYet(slot.starts_at - OPENS_BEFORE)
    return slot


def registrations_locked(event_id: int, public_ids: list[str]) -> dict[str, tuple[int, bool]]:
    """Public id → id, and whether it stands on the list; only those of this event."""
    query = select(Registration.public_id, Registration.id, attends()).where(
        Registration.event_id == event_id, Registration.public_id.in_(public_ids)
    )
    return {public_id: (row_id, bool(listed)) for public_id, row_id, listed in require_writing().execute(query)}


def known_locked(client_ids: list[str]) -> set[str]:
    query = select(AttendanceMark.client_id).where(AttendanceMark.client_id.in_(client_ids))
    return set(require_writing().scalars(query))


def add_locked(slot_id: int, registration_id: int, tap: Tap, actor: Person | None, method: str, at: datetime) -> None:
    """Add one mark, unless another transaction has just written the same one."""
    marked_at = at - min(max(tap.age, timedelta(0)), OLDEST)
    row = AttendanceMark(
        client_id=tap.client_id, registration_id=registration_id, slot_id=slot_id, presence=tap.presence,
        method=method, actor_id=actor.id if actor else None, marked_at=marked_at, received_at=at,
    )  # fmt: skip
    try:
        with require_writing().begin_nested():
            require_writing().add(row)
    except IntegrityError:
        return


@dataclass(frozen=True)
class Everybody:
    """What marking everybody did: how many, and the id by which it can be taken back."""

    count: int
    batch: str


def mark_all_present(slot_public_id: str, *, actor: Person, at: datetime | None = None) -> Everybody:
    """Mark everybody present who has no mark in the slot; nobody's mark is overwritten."""
    at, batch = at or now(), random_id()
    with writing():
        slot = open_slot_locked(slot_public_id, at)
        rows = [row for row in states_locked(slot) if row.presence is Presence.UNMARKED]
        for number, row in enumerate(rows):
            tap = Tap(f"{batch}-{number}", row.public_id, Presence.PRESENT)
            add_locked(slot.id, row.registration_id, tap, actor, "list", at)
        return Everybody(len(rows), batch)


def take_back(slot_public_id: str, batch: str, *, actor: Person, at: datetime | None = None) -> int:
    """Undo `mark_all_present` for whoever was not marked again since, within two minutes. Returns how many."""
    at = at or now()
    with writing():
        slot = open_slot_locked(slot_public_id, at)
        undone = 0
        for row in states_locked(slot):
            last = row.last
            if last and last.client_id.startswith(f"{batch}-") and at - last.received_at <= REVOCABLE:
                undone += 1
                tap = Tap(f"{batch[:20]}-undo-{undone}", row.public_id, Presence.UNMARKED)
                add_locked(slot.id, row.registration_id, tap, actor, "list", at)
        return undone


@dataclass(frozen=True)
class State:
    """Where one registration stands in a slot, and the mark that says so."""

    registration_id: int
    public_id: str
    presence: Presence
    last: AttendanceMark | None


def states_locked(slot: Slot) -> list[State]:
    """Everybody on the slot's list."""
    marks = marks_of([slot.id])
    query = select(Registration.id, Registration.public_id).where(Registration.event_id == slot.event_id, attends())
    return [
        State(row.id, row.public_id, latest(marks, slot.id, row.id)[0], last_mark(marks.get((slot.id, row.id), [])))
        for row in require_writing().execute(query.order_by(Registration.id))
    ]


Marks = dict[tuple[int, int], list[AttendanceMark]]
"""(slot id, registration id) → its marks."""


def marks_of(slot_ids: list[int]) -> Marks:
    """Every mark of these slots, in one query."""
    found: Marks = {}
    for row in db.session.scalars(select(AttendanceMark).where(AttendanceMark.slot_id.in_(slot_ids))):
        found.setdefault((row.slot_id, row.registration_id), []).append(row)
    return found


def latest(marks: Marks, slot_id: int, registration_id: int) -> tuple[Presence, datetime | None]:
    """The presence of one registration in one slot, and since when."""
    rows = marks.get((slot_id, registration_id), [])
    presence, last = presence_of(rows), last_mark(rows)
    return presence, last.marked_at if last and presence is not Presence.UNMARKED else None


def presence_now(slot_public_id: str, registration_public_id: str) -> Presence:
    rows = db.session.scalars(
        select(AttendanceMark)
        .join(Slot, Slot.id == AttendanceMark.slot_id)
        .join(Registration, Registration.id == AttendanceMark.registration_id)
        .where(Slot.public_id == slot_public_id, Registration.public_id == registration_public_id)
    )
    return presence_of(rows)


@dataclass(frozen=True)
class Line:
    """One person of an attendance list. `unpaid`: added at the door, the money is still to come."""

    registration: str  # public id
    given_name: str
    family_name: str
    organisation: str
    presence: Presence
    since: datetime | None
    unpaid: bool

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True)
class Signature:
    """Who signed the list of a slot; `outdated` when it was marked again afterwards."""

    name: str
    at: datetime
    outdated: bool


@dataclass(frozen=True)
class Sheet:
    """The attendance list of one slot, by family name."""

    slot: Slot
    lines: list[Line]
    signature: Signature | None
    opens_at: datetime
    is_open: bool

    @property
    def there(self) -> int:
        return sum(line.presence.was_there for line in self.lines)

    @property
    def unmarked(self) -> int:
        return sum(line.presence is Presence.UNMARKED for line in self.lines)


def sheet(event: Event, slot: Slot, at: datetime | None = None) -> Sheet:
    """The list of one slot, whatever its length in three queries."""
    at = at or now()
    rows = db.session.execute(
        select(
            Registration.id, Registration.public_id, Registration.given_name, Registration.family_name,
            Registration.organisation_name, Registration.status,
        )
        .where(Registration.event_id == event.id, attends())
        .order_by(Registration.id)
    ).all()  # fmt: skip
    rows = sorted(rows, key=lambda row: (folded(row.family_name), folded(row.given_name)))
    marks = marks_of([slot.id])
    lines = [
        Line(
            row.public_id, row.given_name, row.family_name, row.organisation_name,
            *latest(marks, slot.id, row.id), unpaid=row.status != Status.CONFIRMED,
        )
        for row in rows
    ]  # fmt: skip
    received = max((mark.received_at for found in marks.values() for mark in found), default=None)
    opens_at = slot.starts_at - OPENS_BEFORE
    is_open = opens_at <= at and event.run not in (Run.CLOSED, Run.CANCELLED, Run.POSTPONED)
    return Sheet(slot, lines, signature_of(slot.id, received), opens_at, is_open)


def signature_of(slot_id: int, last_mark: datetime | None) -> Signature | None:
    row = db.session.execute(
        select(SlotSignOff.at, Person.given_name, Person.family_name)
        .join(Person, Person.id == SlotSignOff.person_id)
        .where(SlotSignOff.slot_id == slot_id)
    ).first()
    if row is None:
        return None
    return Signature(f"{row.given_name} {row.family_name}".strip(), row.at, bool(last_mark and last_mark > row.at))


def sign_off(slot_public_id: str, actor: Person, at: datetime | None = None) -> SlotSignOff:
    """Sign the list of a slot: it is right as it stands. Signing again after a correction renews it.

    Raises NoResultFound, NotOpenYet (before the slot has begun) and EventOver.
    """
    at = at or now()
    with writing() as session:
        slot = open_slot_locked(slot_public_id, at)
        if at < slot.starts_at:
            raise NotOpenYet(slot.starts_at)
        row = signed_locked(slot.id) or SlotSignOff(slot_id=slot.id)
        row.person_id, row.at = actor.id, at
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another one signed in the same instant: both saw the same list
            row = session.execute(select(SlotSignOff).where(SlotSignOff.slot_id == slot.id)).scalar_one()
        event = session.get_one(Event, slot.event_id)
        record_locked("attendance.signed", actor, event=event, subject_kind="slot", subject_id=slot.id)
        return row


def signed_locked(slot_id: int) -> SlotSignOff | None:
    return require_writing().scalar(select(SlotSignOff).where(SlotSignOff.slot_id == slot_id))


def slot_counts(slot_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Slot id → how many were there, how many have a mark."""
    counts = dict.fromkeys(slot_ids, (0, 0))
    for (slot_id, _), rows in marks_of(slot_ids).items():
        presence = presence_of(rows)
        there, marked = counts[slot_id]
        counts[slot_id] = there + presence.was_there, marked + (presence is not Presence.UNMARKED)
    return counts
