"""The desk's first page: what happens today, what waits for a decision, what is nearly published, four figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import joinedload, selectinload

from models.areas import Area
from models.attendance import AttendanceMark, Presence, presence_of
from models.base import Texts, db
from models.courses import Course, Publication
from models.events import Event, EventKind, Quota, Run, Slot, Ticket, event_area
from models.orders import LedgerEntry, OrderLine
from models.registrations import HOLDING, Exemption, ExemptionRequest, Registration, Status
from services.publication import LOADED

Visible = Collection[int] | None
"""The ids of the events one may see; None for all."""

SOON = timedelta(days=14)
HERE = frozenset({Presence.PRESENT, Presence.LATE, Presence.LEFT_EARLY})


def seen(visible: Visible) -> ColumnElement[bool]:
    return true() if visible is None else Event.id.in_(visible)


@dataclass(frozen=True)
class TodaySlot:
    """One slot of today: `expected` people have a confirmed place, `present` of them have been marked."""

    event: Event
    slot: Slot
    expected: int
    present: int


def todays_slots(visible: Visible, at: datetime, zone: str) -> list[TodaySlot]:
    """The slots of published events that begin on today's date in `zone`, in order; four queries."""
    midnight = datetime.combine(at.astimezone(ZoneInfo(zone)).date(), time(0), ZoneInfo(zone))
    query = (
        select(Slot)
        .join(Event, Event.id == Slot.event_id)
        .where(seen(visible), Event.publication == Publication.PUBLISHED, Slot.cancelled_at.is_(None))
        .where(Event.run.not_in((Run.POSTPONED, Run.CANCELLED)))
        .where(Slot.starts_at >= midnight, Slot.starts_at < midnight + timedelta(days=1))
        .options(joinedload(Slot.event).selectinload(Event.areas), selectinload(Slot.trainers))
        .order_by(Slot.starts_at, Slot.id)
    )
    slots = list(db.session.scalars(query))
    expected = confirmed_by_event({slot.event_id for slot in slots})
    present = present_by_slot({slot.id for slot in slots})
    return [TodaySlot(slot.event, slot, expected.get(slot.event_id, 0), present.get(slot.id, 0)) for slot in slots]


def confirmed_by_event(event_ids: Collection[int]) -> dict[int, int]:
    """How many are confirmed on each event."""
    if not event_ids:
        return {}
    query = (
        select(Registration.event_id, func.count())
        .where(Registration.event_id.in_(event_ids), Registration.status == Status.CONFIRMED)
        .group_by(Registration.event_id)
    )
    return {event_id: int(number) for event_id, number in db.session.execute(query)}


def present_by_slot(slot_ids: Collection[int]) -> dict[int, int]:
    """How many were there, for each slot, by the latest mark of each registration."""
    if not slot_ids:
        return {}
    marks: dict[tuple[int, int], list[AttendanceMark]] = {}
    for mark in db.session.scalars(select(AttendanceMark).where(AttendanceMark.slot_id.in_(slot_ids))):
        marks.setdefault((mark.slot_id, mark.registration_id), []).append(mark)
    present: dict[int, int] = {}
    for (slot_id, _registration), of_one in marks.items():
        present[slot_id] = present.get(slot_id, 0) + (presence_of(of_one) in HERE)
    return present


@dataclass(frozen=True)
class Waiting:
    """One event that waits for somebody: a code and the facts of its sentence."""

    code: str  # decide_now, decide, new_dates, close, approve
    slug: str
    titles: Texts
    zone: str
    facts: dict[str, Any]


def waiting_for_you(visible: Visible, at: datetime) -> list[Waiting]:
    """What only a person can decide, most urgent first: tentative events whose day of decision is near, events that
    ended and are not closed, postponed ones without new dates."""
    undecided = Event.decides_at.is_(None) & (Event.starts_at <= at + SOON)
    near = (Event.run == Run.TENTATIVE) & ((Event.decides_at <= at + SOON) | undecided)
    query = (
        select(Event)
        .where(seen(visible), Event.publication == Publication.PUBLISHED)
        .where(near | Event.run.in_((Run.ENDED, Run.POSTPONED)))
        .order_by(Event.starts_at)
        .limit(60)
    )
    events = list(db.session.scalars(query))
    confirmed = confirmed_by_event({event.id for event in events})
    found = [waiting(event, confirmed.get(event.id, 0), at) for event in events]
    found += open_requests(visible) + open_exemptions(visible)
    return sorted(found, key=lambda item: URGENCY.index(item.code))


def open_requests(visible: Visible) -> list[Waiting]:
    """The events where people wait to be accepted, the oldest request first."""
    oldest = func.min(Registration.created_at)
    query = (
        select(Event.slug, Event.titles, Event.zone, func.count(), oldest)
        .join(Registration, Registration.event_id == Event.id)
        .where(seen(visible), Registration.status == Status.PENDING_APPROVAL)
        .group_by(Event.id)
        .order_by(oldest)
    )
    return [
        Waiting("approve", slug, titles, zone, {"requests": number, "oldest": first})
        for slug, titles, zone, number, first in db.session.execute(query)
    ]


def open_exemptions(visible: Visible) -> list[Waiting]:
    """The events where people wait to be exempted from a prerequisite, the oldest wish first."""
    oldest = func.min(ExemptionRequest.created_at)
    query = (
        select(Event.slug, Event.titles, Event.zone, func.count(), oldest)
        .join(ExemptionRequest, ExemptionRequest.event_id == Event.id)
        .where(seen(visible), ExemptionRequest.status == Exemption.ASKED)
        .where(Event.run.in_((Run.TENTATIVE, Run.GUARANTEED, Run.POSTPONED)))
        .group_by(Event.id)
        .order_by(oldest)
    )
    return [
        Waiting("exempt", slug, titles, zone, {"requests": number, "oldest": first})
        for slug, titles, zone, number, first in db.session.execute(query)
    ]


URGENCY = ["decide_now", "approve", "exempt", "decide", "close", "new_dates"]
CODES = {Run.TENTATIVE: "decide", Run.ENDED: "close", Run.POSTPONED: "new_dates"}


def waiting(event: Event, confirmed: int, at: datetime) -> Waiting:
    facts = {
        "confirmed": confirmed,
        "minimum": event.minimum,
        "decides_at": event.decides_at,
        "is_late": event.decision_at <= at,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "is_training": event.kind == EventKind.TRAINING,
    }
    code = "decide_now" if event.must_be_decided(at) else CODES[Run(event.run)]
    return Waiting(code, event.slug, event.titles, event.zone, facts)


def nearly_published(visible: Visible, limit: int = 3) -> list[Event]:
    """The drafts touched last, with all that their checklist reads."""
    query = select(Event).where(seen(visible), Event.publication == Publication.DRAFT)
    return list(
        db.session.scalars(query.options(*LOADED).order_by(Event.updated_at.desc(), Event.id.desc()).limit(limit))
    )


@dataclass(frozen=True)
class Numbers:
    """Four figures worth a look. Money in cents, VAT included."""

    taken: int
    capacity: int
    waiting: int
    awaiting_cents: int
    to_close: int


def numbers(visible: Visible, at: datetime) -> Numbers:
    """Places of the next thirty days, people who wait, money that is awaited, events to close; five queries."""
    live = (Event.publication == Publication.PUBLISHED) & Event.run.in_((Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING))
    ahead = live & (Event.starts_at >= at)
    taken, capacity = db.session.execute(
        select(func.coalesce(func.sum(Quota.taken), 0), func.coalesce(func.sum(Quota.capacity), 0))
        .join(Event, Event.id == Quota.event_id)
        .where(seen(visible), ahead, Event.starts_at < at + timedelta(days=30))
    ).one()
    waits = select(func.count()).select_from(Registration).join(Event, Event.id == Registration.event_id)
    to_close = select(func.count()).select_from(Event).where(seen(visible), Event.run == Run.ENDED)
    return Numbers(
        int(taken),
        int(capacity),
        db.session.scalar(waits.where(seen(visible), ahead, Registration.status == Status.WAITLISTED)) or 0,
        awaited_cents(visible),
        db.session.scalar(to_close.where(Event.publication == Publication.PUBLISHED)) or 0,
    )


def awaited_cents(visible: Visible) -> int:
    """What the orders with an unpaid place still owe, what they paid already taken off."""
    owed = owed_of(visible).subquery()
    paid = (
        select(LedgerEntry.order_id, func.sum(LedgerEntry.cents).label("cents"))
        .where(LedgerEntry.order_id.in_(select(owed.c.order_id)), ~LedgerEntry.contested)
        .group_by(LedgerEntry.order_id)
        .subquery()
    )
    rest = owed.c.cents - func.coalesce(paid.c.cents, 0)
    query = select(rest).select_from(owed).outerjoin(paid, paid.c.order_id == owed.c.order_id)
    return sum(max(int(cents), 0) for cents in db.session.scalars(query))


def owed_of(visible: Visible) -> Select[int, int]:
    awaiting = (
        select(Registration.order_id)
        .join(Event, Event.id == Registration.event_id)
        .where(seen(visible), Registration.status == Status.AWAITING_PAYMENT)
    )
    return (
        select(OrderLine.order_id, func.sum(OrderLine.gross_cents).label("cents"))
        .join(Registration, Registration.id == OrderLine.registration_id)
        .where(OrderLine.order_id.in_(awaiting), Registration.status.in_(HOLDING - {Status.OFFERED}))
        .group_by(OrderLine.order_id)
    )


def event_head(event_id: int) -> tuple[list[Slot], list[str]]:
    """What the head of every page of one event shows: its slots that are not removed, and the slugs of its areas."""
    slots = select(Slot).where(Slot.event_id == event_id, Slot.cancelled_at.is_(None)).order_by(Slot.starts_at)
    areas = select(Area.slug).join(event_area, event_area.c.area_id == Area.id).where(event_area.c.event_id == event_id)
    return list(db.session.scalars(slots)), list(db.session.scalars(areas.order_by(Area.position)))


def event_of_desk(event_id: int) -> Event:
    """The event with its slots and their trainers, its areas and its course."""
    options = (
        selectinload(Event.slots).selectinload(Slot.trainers),
        selectinload(Event.areas),
        joinedload(Event.course),
    )
    query = select(Event).where(Event.id == event_id).options(*options)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def slots_with_trainers(event_id: int) -> list[Slot]:
    """The slots that are not removed, in order, with their trainers."""
    query = select(Slot).where(Slot.event_id == event_id, Slot.cancelled_at.is_(None)).order_by(Slot.starts_at)
    return list(
        db.session.scalars(query.options(selectinload(Slot.trainers)).execution_options(populate_existing=True))
    )


def tickets_with_places(event_id: int) -> list[Ticket]:
    """The tickets that are not withdrawn, each with its quota."""
    query = select(Ticket).where(Ticket.event_id == event_id, Ticket.withdrawn_at.is_(None))
    return list(db.session.scalars(query.options(joinedload(Ticket.quota)).order_by(Ticket.position, Ticket.id)))


def course_of(course_id: int | None) -> Course | None:
    """The course a training follows; None for other events."""
    return db.session.get(Course, course_id) if course_id else None
