"""Moving to another date of the same course or kind, keeping the price that was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db, now
from models.courses import Publication
from models.events import Event, Quota, Run, Ticket
from models.orders import Order
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.deadlines import payment_due
from services.notices import tell_locked
from services.places import FRESH, begin_locked, change_locked, lock_events_locked
from services.registrations import EventFull, RegistrationClosed, TicketGone, refuse_double_locked
from services.substitutions import REPLACEABLE
from services.successors import line_of_locked, same_price, successor_of
from services.transaction import require_writing, writing
from services.waiting_list import promote_locked


class NotTheSameCourse(ValueError):
    """A place moves to another date of the same course only."""


def other_dates(registration: Registration, at: datetime) -> Sequence[Event]:
    """The dates to which a registration may move: the same course, open, with a free place; soonest first."""
    course_id = db.session.scalar(select(Event.course_id).where(Event.id == registration.event_id))
    if course_id is None:
        return []
    events = db.session.scalars(
        select(Event)
        .where(Event.course_id == course_id, Event.id != registration.event_id, Event.starts_at > at)
        .where(Event.publication == Publication.PUBLISHED, Event.run.in_((Run.TENTATIVE, Run.GUARANTEED)))
        .options(selectinload(Event.slots), selectinload(Event.quotas))
        .order_by(Event.starts_at)
    )
    return [event for event in events if event.registration_is_open(at) and any(q.free for q in event.quotas)]


def change_date(public_id: str, to_event_id: int, *, actor: Person | None, at: datetime | None = None) -> Registration:
    """Move a registration to another date; its place on the old one goes to whoever waits. Returns the new one.

    Raises NotTheSameCourse, RegistrationClosed, EventFull, AlreadyRegistered, TransitionRefused. Nothing is half done.
    """
    at = at or now()
    with writing() as session:
        from_id, order_id = session.execute(
            select(Registration.event_id, Registration.order_id).where(Registration.public_id == public_id)
        ).one()
        events = lock_events_locked({from_id, to_event_id})
        session.execute(select(Order).where(Order.id == order_id).with_for_update().execution_options(**FRESH))
        leaving = session.execute(
            select(Registration)
            .where(Registration.public_id == public_id)
            .options(joinedload(Registration.order), joinedload(Registration.person))
            .with_for_update(of=Registration)
            .execution_options(**FRESH)
        ).scalar_one()
        old, new = events[from_id], events[to_event_id]
        refuse_change_locked(old, new, leaving, at)
        line, ticket, status = line_of_locked(leaving), ticket_there_locked(leaving, new), Status(leaving.status)
        change_locked(leaving, Status.TRANSFERRED, actor=actor, reason="date_changed", at=at)
        session.flush()
        coming = moved(leaving, new, ticket, status, at)
        session.add(same_price(line, coming))
        begin_locked(coming, actor=actor, reason="date_changed", at=at)
        tell_locked("registration_transferred", coming)
        promote_locked(old, at)
        return coming


def refuse_change_locked(old: Event, new: Event, leaving: Registration, at: datetime) -> None:
    """Raise what stands in the way."""
    if leaving.status not in REPLACEABLE:
        raise TransitionRefused(f"{leaving.public_id} holds no place to move")
    if old.course_id is None or old.course_id != new.course_id or old.id == new.id:
        raise NotTheSameCourse(new.slug)
    if at >= old.starts_at or not new.registration_is_open(at):
        raise RegistrationClosed(new.slug)
    if leaving.person is not None:
        refuse_double_locked(new, leaving.person)


def ticket_there_locked(leaving: Registration, new: Event) -> Ticket:
    """The ticket on the new date that comes nearest to the old one. Raises TicketGone, EventFull."""
    ticket = nearest_ticket_locked(leaving, new)
    if not require_writing().get_one(Quota, ticket.quota_id).free:
        raise EventFull(new.slug)
    return ticket


def moved(leaving: Registration, new: Event, ticket: Ticket, status: Status, at: datetime) -> Registration:
    """The registration on the new date."""
    coming = successor_of(leaving, status, at)
    coming.event_id, coming.ticket_id, coming.quota_id = new.id, ticket.id, ticket.quota_id
    coming.person_id = leaving.person_id
    coming.phone, coming.needs, coming.visible_to_guests = leaving.phone, leaving.needs, leaving.visible_to_guests
    if coming.status == Status.AWAITING_PAYMENT:
        coming.hold_until = leaving.order.due_at = payment_due(at, new.starts_at, new.zone)
    return coming


def nearest_ticket_locked(leaving: Registration, new: Event) -> Ticket:
    """A ticket of the new date for the same audience, else its first: the price does not depend on it."""
    session = require_writing()
    audience = session.scalar(select(Ticket.audience).where(Ticket.id == leaving.ticket_id))
    tickets = list(
        session.scalars(
            select(Ticket).where(Ticket.event_id == new.id, Ticket.withdrawn_at.is_(None)).order_by(Ticket.position)
        )
    )
    if not tickets:
        raise TicketGone(new.slug)
    return next((ticket for ticket in tickets if ticket.audience == audience), tickets[0])
