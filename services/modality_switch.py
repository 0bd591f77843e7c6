"""Taking part the other way: from a place on site to one online, or back. The place left goes to whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.events import Event, Modality, Ticket
from models.orders import Order
from models.people import Person
from models.registrations import HOLDING, Registration, Status, Transition, TransitionRefused
from models.vouchers import Voucher
from services.invoice_parties import customer_of
from services.kept_places import (
    KeepsNoPlace,
    has_place_there_locked,
    keeps_for,
    use_instead_locked,
    voucher_there_locked,
)
from services.notices import tell_locked
from services.places import quota_locked, within_limit_locked
from services.prices import vat_of
from services.registrations import EventFull, RegistrationClosed, TicketGone, lock_registration_locked
from services.successors import line_of_locked
from services.transaction import require_writing, writing
from services.voucher_uses import give_back_locked, kept_by_locked, take_locked
from services.waiting_list import promote_locked

SWITCHABLE = (Status.CONFIRMED, Status.AWAITING_PAYMENT, Status.WAITLISTED)


@dataclass(frozen=True)
class OtherWay:
    """The other way of taking part. `by_code`: only with the code for which its last places are kept."""

    modality: Modality
    by_code: bool = False


def other_places(registrations: Iterable[Registration], at: datetime) -> dict[int, OtherWay]:
    """How each of these registrations (with quota and event) may take part otherwise now, by its id; one query.

    Only where a place is free, or kept for a code, that costs no more: the price agreed stays.
    """
    rows = [row for row in registrations if row.status in SWITCHABLE and row.event.is_live and at < row.event.starts_at]
    if not rows:
        return {}
    tickets = db.session.scalars(
        select(Ticket)
        .where(Ticket.event_id.in_({row.event_id for row in rows}), Ticket.withdrawn_at.is_(None))
        .options(joinedload(Ticket.quota))
        .order_by(Ticket.position, Ticket.id)
    ).all()
    own = {ticket.id: ticket for ticket in tickets}
    found = {}
    for row in rows:
        present = own.get(row.ticket_id)
        others = [one for one in tickets if one.event_id == row.event_id]
        way = other_way(others, row, present) if present else None
        if way is not None:
            found[row.id] = way
    return found


def other_way(tickets: Sequence[Ticket], registration: Registration, present: Ticket) -> OtherWay | None:
    """The first other ticket with a place for this registration, else one whose places are kept for a code."""
    free = match([one for one in tickets if one.quota.free > 0], registration, present)
    kept = match([one for one in tickets if one.quota.kept > 0], registration, present)
    if free is not None:
        return OtherWay(Modality(free.quota.modality))
    if kept is None:
        return None
    voucher = db.session.get(Voucher, registration.voucher_id) if registration.voucher_id else None
    return OtherWay(Modality(kept.quota.modality), by_code=not keeps_for(kept.quota, voucher, registration))


def match(tickets: Iterable[Ticket], registration: Registration, present: Ticket) -> Ticket | None:
    """The ticket of another quota for the same audience that costs no more, with the same VAT for whoever pays: a business
    abroad owes it at home for a place online, and here for one in the room."""
    customer = customer_of(db.session.get_one(Order, registration.order_id))
    fitting = (
        ticket
        for ticket in tickets
        if ticket.quota_id != registration.quota_id
        and ticket.audience == present.audience
        and ticket.net_cents <= present.net_cents
        and vat_of(ticket, customer) == vat_of(present, customer)
    )
    return next(fitting, None)


def switch_modality(
    public_id: str, *, actor: Person | None, code: str = "", at: datetime | None = None
) -> Registration:
    """Move a registration to the event's other quota, keeping its price; the place it leaves is given on at once.

    `code`: of a voucher that keeps a place there. Raises TransitionRefused (nothing to switch), RegistrationClosed (begun,
    or not live), TicketGone (no such place for the same price), VoucherRefused and EventFull.
    """
    at = at or now()
    with writing() as session:
        event, registration = lock_registration_locked(public_id)
        if registration.status not in SWITCHABLE:
            raise TransitionRefused(public_id)
        if not event.is_live or at >= event.starts_at:
            raise RegistrationClosed(event.slug)
        voucher = voucher_there_locked(code, event, registration, at)
        ticket = other_ticket_locked(event, registration, voucher)
        move_locked(registration, ticket, voucher)
        reason = f"moved_{quota_locked(ticket.quota_id).modality}"
        registration.updated_at = at
        session.add(
            Transition(
                registration=registration, from_status=registration.status, to_status=registration.status,
                actor_id=actor.id if actor else None, reason=reason, at=at,
            )
        )  # fmt: skip
        session.flush()
        if registration.status == Status.CONFIRMED:
            tell_locked("registration_confirmed", registration)
        promote_locked(event, at)
        return registration


def other_ticket_locked(event: Event, registration: Registration, voucher: Voucher | None) -> Ticket:
    """The ticket to switch to; of the kept places, when a voucher came newly. Raises TicketGone, KeepsNoPlace, EventFull."""
    session = require_writing()
    tickets = list(
        session.scalars(
            select(Ticket)
            .where(Ticket.event_id == event.id, Ticket.withdrawn_at.is_(None))
            .order_by(Ticket.position, Ticket.id)
        )
    )
    present = session.get_one(Ticket, registration.ticket_id)
    wanted = [one for one in tickets if match([one], registration, present)]
    if not wanted or line_of_locked(registration).net_cents < wanted[0].net_cents:
        raise TicketGone(event.slug)
    if voucher is not None and voucher.id != registration.voucher_id:
        wanted = [one for one in wanted if kept_by_locked(quota_locked(one.quota_id), voucher, but=registration)]
        if not wanted:
            raise KeepsNoPlace(voucher.code)
    having = [one for one in wanted if has_place_there_locked(quota_locked(one.quota_id), voucher, registration)]
    free = [one for one in having if within_limit_locked(one, event.id)]
    if not free:
        raise EventFull(event.slug)
    return free[0]


def move_locked(registration: Registration, ticket: Ticket, voucher: Voucher | None) -> None:
    """The counters of both quotas and vouchers, and the registration between them."""
    old, new = quota_locked(registration.quota_id), quota_locked(ticket.quota_id)
    holds = registration.status in HOLDING
    if holds:
        give_back_locked(old, registration)
    use_instead_locked(registration, voucher)
    if holds:
        take_locked(new, registration)
    registration.quota_id, registration.ticket_id = new.id, ticket.id
