"""The run of an event: postponed, resumed, guaranteed, cancelled, and what the clock moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from models.base import Texts, db, now
from models.courses import Publication
from models.events import Event, Run, RunTransitionRefused
from models.orders import LedgerEntry, OrderLine
from models.people import Person
from models.registrations import HOLDING, LIVE, Registration, Status
from services.audit import record_locked
from services.event_news import after_change_locked, reason_in, tell_everybody_locked
from services.event_plans import PlanRefused, Problem, SlotPlan
from services.event_refunds import start_refunds_locked
from services.events import ChangedMeanwhile
from services.letters import whereabouts
from services.notices import tell_locked
from services.places import lock_event_locked, lock_events_locked
from services.registrations import cancel_all_locked
from services.search import index_event_locked
from services.settling import settle_many_locked
from services.slots import change_slots_locked, live_slots_locked
from services.transaction import require_writing, writing


class TitleMismatch(ValueError):
    """What was typed is not the title of the event: nothing was cancelled."""


def postpone(event_id: int, notices: Texts, actor: Person, at: datetime | None = None) -> Event:
    """Take an event off its dates until new ones are known. Everybody keeps their place and is told, with the
    organiser's words. Raises RunTransitionRefused once it has begun or ended."""
    at = at or now()
    with writing():
        event = published_locked(event_id)
        event.go(Run.POSTPONED, at)
        event.notices = notices
        moved_on_locked(event, at)
        event.sequence += 1
        told = tell_everybody_locked(event, "event_postponed", notices)
        record_locked("event.postponed", actor, event=event, details={"told": told})
        return event


def resume(
    event_id: int,
    slots: tuple[SlotPlan, ...],
    version: int,
    actor: Person,
    *,
    closes_at: datetime | None = None,
    decides_at: datetime | None = None,
    at: datetime | None = None,
) -> Event:
    """Give a postponed event its new dates; it stands where it stood before, and everybody is told old and new dates.

    Raises PlanRefused (also for dates in the past), ChangedMeanwhile, RunTransitionRefused.
    """
    at = at or now()
    with writing():
        event = published_locked(event_id)
        if event.version != version:
            raise ChangedMeanwhile(event.version)
        refuse_bad_dates(slots, at, decides_at)
        sure = event.guaranteed_at is not None or not event.minimum
        event.go(Run.GUARANTEED if sure else Run.TENTATIVE, at)
        before = whereabouts(event, live_slots_locked(event.id))
        change_slots_locked(event, slots, at)
        event.registration_closes_at, event.decides_at = closes_at, decides_at
        event.notices = {}
        moved_on_locked(event, at)
        told = after_change_locked(event, before, at, actor)
        if not told:  # the same dates after all: the calendars still have to learn that it takes place
            event.sequence += 1
        record_locked("event.resumed", actor, event=event)
        return event


def refuse_bad_dates(slots: tuple[SlotPlan, ...], at: datetime, decides_at: datetime | None) -> None:
    starts = min((slot.starts_at for slot in slots), default=None)
    problems = [Problem("slots", "no_slots")] if starts is None else []
    problems += [Problem(f"slots-{row}", "in_the_past") for row, slot in enumerate(slots) if slot.starts_at <= at]
    if starts and decides_at and decides_at >= starts:
        problems.append(Problem("decides", "decides_after_start"))
    if problems:
        raise PlanRefused(problems)


def guarantee(event_id: int, actor: Person, at: datetime | None = None, *, version: int | None = None) -> Event:
    """The organiser decides that a tentative event takes place, however many have enrolled; everybody is told.

    Raises RunTransitionRefused, and ChangedMeanwhile when `version` (of the page that was shown) is no longer so.
    """
    at = at or now()
    with writing():
        event = published_locked(event_id)
        event.go(Run.GUARANTEED, at)
        refuse_changed(event, version)
        moved_on_locked(event, at)
        told = tell_everybody_locked(event, "event_guaranteed", {})
        record_locked("event.guaranteed", actor, event=event, details={"told": told})
        return event


def refuse_changed(event: Event, version: int | None) -> None:
    if version is not None and event.version != version:
        raise ChangedMeanwhile(event.version)


@dataclass(frozen=True)
class Preview:
    """What cancelling an event would touch: live registrations by status, and what would have to be paid back."""

    by_status: dict[Status, int]
    orders_to_refund: int
    refund_cents: int

    @property
    def people(self) -> int:
        return sum(self.by_status.values())


def preview_cancellation(event_id: int) -> Preview:
    """Count, without changing anything, whom cancelling the event would reach and what it would give back."""
    statuses = db.session.execute(
        select(Registration.status, func.count())
        .where(Registration.event_id == event_id, Registration.status.in_(LIVE))
        .group_by(Registration.status)
    )
    refunds = refunds_after(event_id)
    return Preview({Status(status): number for status, number in statuses}, len(refunds), sum(refunds))


def refunds_after(event_id: int) -> list[int]:
    """The cents each order with a live registration here would get back: what it paid beyond what it still owes for
    other events."""
    live = select(Registration.order_id).where(Registration.event_id == event_id, Registration.status.in_(LIVE))
    paid = (
        select(LedgerEntry.order_id, func.sum(LedgerEntry.cents))
        .where(LedgerEntry.order_id.in_(live))
        .group_by(LedgerEntry.order_id)
    )
    owed_elsewhere = (
        select(OrderLine.order_id, func.sum(OrderLine.gross_cents))
        .join(Registration, Registration.id == OrderLine.registration_id)
        .where(OrderLine.order_id.in_(live), Registration.event_id != event_id)
        .where(Registration.status.in_(HOLDING - {Status.OFFERED}))
        .group_by(OrderLine.order_id)
    )
    owed = {order_id: int(cents) for order_id, cents in db.session.execute(owed_elsewhere)}
    returns = [cents - owed.get(order_id, 0) for order_id, cents in db.session.execute(paid)]
    return [cents for cents in returns if cents > 0]


def cancel(
    event_id: int,
    typed_title: str,
    notices: Texts,
    actor: Person,
    at: datetime | None = None,
    *,
    version: int | None = None,
) -> Event:
    """Cancel an event for good: every live registration ends with the reason `event_cancelled`, every place comes
    back, everybody is told once; money received goes back order by order, by a job with visible progress.

    Raises TitleMismatch unless one of the event's titles was typed, RunTransitionRefused once it has ended, and
    ChangedMeanwhile when `version` (of the page that was shown) is no longer so.
    """
    at = at or now()
    with writing():
        lock_events_locked({event_id} | events_beside(event_id))
        event = published_locked(event_id)
        if plain(typed_title) not in {plain(title) for title in event.titles.values()}:
            raise TitleMismatch(typed_title)
        refuse_changed(event, version)
        refund = preview_cancellation(event_id).refund_cents
        event.go(Run.CANCELLED, at)
        event.notices = notices
        event.sequence += 1
        ended = cancel_all_locked(event, actor=actor, reason="event_cancelled", at=at)
        for registration in ended:
            tell_locked("event_cancelled", registration, reason_in(notices, registration))
        settle_beside_locked(ended, at, actor)
        moved_on_locked(event, at)
        if refund:
            start_refunds_locked(event, actor)
        details = {"registrations": len(ended), "refund_cents": refund}
        record_locked("event.cancelled", actor, event=event, details=details)
        return event


def events_beside(event_id: int) -> set[int]:
    """The other events on which orders of this one await payment: money given back here may pay for a place there."""
    other = aliased(Registration)
    query = (
        select(other.event_id)
        .join(Registration, Registration.order_id == other.order_id)
        .where(Registration.event_id == event_id, Registration.status.in_(LIVE))
        .where(other.event_id != event_id, other.status == Status.AWAITING_PAYMENT)
    )
    return set(db.session.scalars(query))


def settle_beside_locked(ended: Sequence[Registration], at: datetime, actor: Person) -> None:
    """Confirm what the orders of those who were ended have paid for on other dates; those must be locked."""
    require_writing().flush()
    awaits = select(Registration.order_id).where(
        Registration.order_id.in_({row.order_id for row in ended}), Registration.status == Status.AWAITING_PAYMENT
    )
    orders = {row.order_id: row.order for row in ended}
    settle_many_locked([orders[order_id] for order_id in sorted(set(db.session.scalars(awaits)))], at, actor=actor)


def plain(title: str) -> str:
    """A title as somebody may type it: case, straight or round quotes, dashes and spaces do not matter."""
    return " ".join(title.translate({0x2019: "'", 0x2013: "-", 0x2014: "-", 0x2011: "-", 0xA0: " "}).casefold().split())


def published_locked(event_id: int) -> Event:
    """Lock an event that has been published; RunTransitionRefused for a draft: it is archived, not cancelled."""
    event = lock_event_locked(event_id)
    if event.publication != Publication.PUBLISHED:
        raise RunTransitionRefused(f"an event that is {event.publication} has no run to change")
    return event


def moved_on_locked(event: Event, at: datetime) -> None:
    """A new version that readers, calendars and the search can see."""
    event.updated_at = at
    event.version += 1
    require_writing().flush()
    index_event_locked(event)


def advance_runs(at: datetime | None = None) -> int:
    """Move every published event along its run as time has passed; each in its own transaction. Returns how many moved.

    A minimum that is reached makes a tentative event guaranteed; a start makes it running; an end makes it ended. A
    tentative event is never cancelled by the clock: people decide. Safe to run twice, late, or in two workers at once.
    """
    at = at or now()
    moving = or_(
        Event.run == Run.TENTATIVE,
        (Event.run == Run.GUARANTEED) & (Event.starts_at <= at),
        (Event.run == Run.RUNNING) & (Event.ends_at <= at),
    )
    query = select(Event.id).where(Event.publication == Publication.PUBLISHED, moving).order_by(Event.id)
    due = list(db.session.scalars(query))
    db.session.rollback()
    return sum(map(partial(advance, at=at), due))


def advance(event_id: int, at: datetime) -> bool:
    """Move one event as far as the clock says; whether it moved."""
    with writing():
        event = lock_event_locked(event_id)
        moved = False
        for step in STEPS:
            to = step(event, at)
            if to is not None and event.publication == Publication.PUBLISHED:
                event.go(to, at)
                moved = True
        if moved:
            moved_on_locked(event, at)
            if event.run == Run.GUARANTEED:
                tell_everybody_locked(event, "event_guaranteed", {})
            record_locked(f"event.{event.run}", None, event=event)
        return moved


def reached(event: Event, at: datetime) -> Run | None:
    """Guaranteed, when as many are confirmed as are needed."""
    if event.run != Run.TENTATIVE:
        return None
    confirmed = require_writing().scalar(
        select(func.count()).where(Registration.event_id == event.id, Registration.status == Status.CONFIRMED)
    )
    return Run.GUARANTEED if (confirmed or 0) >= event.minimum else None


def begun(event: Event, at: datetime) -> Run | None:
    return Run.RUNNING if event.run == Run.GUARANTEED and event.starts_at <= at else None


def over(event: Event, at: datetime) -> Run | None:
    return Run.ENDED if event.run == Run.RUNNING and event.ends_at <= at else None


STEPS: tuple[Callable[[Event, datetime], Run | None], ...] = (reached, begun, over)
