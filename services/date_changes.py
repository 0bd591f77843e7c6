"""Moving to another date of the same course or kind, keeping the price that was agreed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db, now
from models.courses import Publication
from models.events import Event, Run, Ticket
from models.orders import Order
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from models.vouchers import Voucher
from services.deadlines import payment_due
from services.kept_places import KeepsNoPlace, has_place_there_locked, keeps_for, voucher_there_locked
from services.notices import tell_locked
from services.places import FRESH, begin_locked, change_locked, lock_events_locked
from services.registrations import (
    EventFull,
    OrganisationCapReached,
    RegistrationClosed,
    TicketGone,
    refuse_double_locked,
)
from services.sold_out import full_organisations, sold_out
from services.substitutions import REPLACEABLE
from services.successors import line_of_locked, same_price, successor_of
from services.transaction import require_writing, writing
from services.voucher_uses import kept_by_locked
from services.waiting_list import promote_locked


class NotTheSameCourse(ValueError):
    """A place moves to another date of the same course only."""


@dataclass(frozen=True)
class OtherDate:
    """A date to move to. `by_code`: only with the code for which its last places are kept."""

    event: Event
    by_code: bool = False


def other_dates(registration: Registration, at: datetime) -> Sequence[OtherDate]:
    """The dates to which a registration may move: the same course, open, with a place; soonest first."""
    course_id = db.session.scalar(select(Event.course_id).where(Event.id == registration.event_id))
    if course_id is None:
        return []
    events = db.session.scalars(
        select(Event)
        .where(Event.course_id == course_id, Event.id != registration.event_id, Event.starts_at > at)
        .where(Event.publication == Publication.PUBLISHED, Event.run.in_((Run.TENTATIVE, Run.GUARANTEED)))
        .options(selectinload(Event.slots), selectinload(Event.tickets).joinedload(Ticket.quota))
        .order_by(Event.starts_at)
    )
    voucher = db.session.get(Voucher, registration.voucher_id) if registration.voucher_id else None
    present = db.session.scalars(present_ticket(registration)).one()
    open_now = [event for event in events if event.registration_is_open(at)]
    found = [other_date(event, registration, present, voucher) for event in open_now]
    return [date for date in found if date is not None]


def other_date(event: Event, leaving: Registration, present: Ticket, voucher: Voucher | None) -> OtherDate | None:
    """The date as it is offered; None when it has no place at all."""
    ticket = nearest(event.tickets, present)
    if ticket is not None and (ticket.quota.free > 0 or keeps_for(ticket.quota, voucher, leaving)):
        return OtherDate(event)
    return OtherDate(event, by_code=True) if any(one.quota.kept for one in event.tickets) else None


def change_date(
    public_id: str, to_event_id: int, *, actor: Person | None, code: str = "", at: datetime | None = None
) -> Registration:
    """Move a registration to another date; its place on the old one goes to whoever waits. Returns the new one.

    `code`: of a voucher that keeps a place there. Raises NotTheSameCourse, RegistrationClosed, EventFull,
    OrganisationCapReached, AlreadyRegistered, VoucherRefused, TransitionRefused. Nothing is half done.
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
        voucher = voucher_there_locked(code, new, leaving, at)
        ticket = ticket_there_locked(leaving, new, voucher)
        line, status = line_of_locked(leaving), Status(leaving.status)
        change_locked(leaving, Status.TRANSFERRED, actor=actor, reason="date_changed", at=at)
        session.flush()
        coming = moved(leaving, new, ticket, status, at)
        coming.voucher_id = voucher.id if voucher else None
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
    if leaving.organisation_id in full_organisations(new):
        raise OrganisationCapReached(new.organisation_cap or 0)


def ticket_there_locked(leaving: Registration, new: Event, voucher: Voucher | None) -> Ticket:
    """The ticket on the new date that comes nearest to the old one and is not at its own limit; of the kept places, when
    a voucher came newly.

    Raises TicketGone, EventFull, KeepsNoPlace.
    """
    session = require_writing()
    here = Ticket.event_id == new.id, Ticket.withdrawn_at.is_(None)
    query = select(Ticket).where(*here).options(joinedload(Ticket.quota)).order_by(Ticket.position, Ticket.id)
    tickets = list(session.scalars(query))
    if voucher is not None and voucher.id != leaving.voucher_id:
        tickets = [one for one in tickets if kept_by_locked(one.quota, voucher, but=leaving)]
        if not tickets:
            raise KeepsNoPlace(voucher.code)
    present, full = session.scalars(present_ticket(leaving)).one(), sold_out(tickets)
    ticket = nearest(tickets, present)
    if ticket is None:
        raise TicketGone(new.slug)
    within = nearest((one for one in tickets if one.quota_id == ticket.quota_id and one.id not in full), present)
    if within is None or not has_place_there_locked(ticket.quota, voucher, leaving):
        raise EventFull(new.slug)
    return within


def present_ticket(registration: Registration) -> Select[Ticket]:
    return select(Ticket).where(Ticket.id == registration.ticket_id).options(joinedload(Ticket.quota))


def nearest(tickets: Iterable[Ticket], present: Ticket) -> Ticket | None:
    """The ticket that is sold still, the same way of taking part if there is one, then for the same audience: the
    price does not depend on it."""
    sold = [one for one in tickets if one.withdrawn_at is None]
    way, audience = present.quota.modality, present.audience
    return min(sold, key=lambda one: (one.quota.modality != way, one.audience != audience, one.position), default=None)


def moved(leaving: Registration, new: Event, ticket: Ticket, status: Status, at: datetime) -> Registration:
    """The registration on the new date."""
    coming = successor_of(leaving, status, at)
    coming.event_id, coming.ticket_id, coming.quota_id = new.id, ticket.id, ticket.quota_id
    coming.person_id = leaving.person_id
    coming.phone, coming.needs, coming.visible_to_guests = leaving.phone, leaving.needs, leaving.visible_to_guests
    if coming.status == Status.AWAITING_PAYMENT:
        coming.hold_until = leaving.order.due_at = payment_due(at, new.starts_at, new.zone)
    return coming
