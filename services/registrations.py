"""Registering, cancelling, accepting and declining: every way a person gets a place or leaves one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.events import Approval, Event, Quota, Ticket, Visibility
from models.orders import Order, OrderLine
from models.people import Person
from models.registrations import LIVE, Registration, Status, TransitionRefused
from services.answers import keep_answers_locked, unacceptable_locked
from services.credit_notes import credit_ended_locked
from services.deadlines import payment_due
from services.invoicing import issue_due_locked
from services.leaving import fee_on, percent_now
from services.notices import tell_locked
from services.on_account import confirm_on_account_locked
from services.orders import Line, Placed, lock_order_locked, place_order_locked, settle_locked
from services.payers import Paying, paying
from services.payments import close_for_places, may_still_be_paid_locked
from services.places import FRESH, begin_locked, change_locked, holding_locked, lock_event_locked
from services.prerequisites import refuse_unprepared
from services.prices import Price, early, may_buy, members_pay_less, offer, price_of
from services.readers import GUEST, Reader, reader_for
from services.refusals import RegistrationRefused as RegistrationRefused
from services.rows import plain_rows
from services.sold_out import sold_out
from services.students import as_student, waits_for_proof
from services.transaction import require_writing, writing
from services.voucher_uses import kept_by_locked, lock_vouchers_of_locked
from services.vouchers import priced_with, usable_locked
from services.waiting_list import promote_locked
from services.wishes import Wish


class RegistrationClosed(RegistrationRefused):
    """The event takes no registrations now: not yet open, over, postponed, cancelled or closed."""


class AlreadyRegistered(RegistrationRefused):
    """The person has a live registration on the event: `order_code` leads to it."""

    def __init__(self, order_code: str) -> None:
        super().__init__(order_code)
        self.order_code = order_code


class MembersOnly(RegistrationRefused):
    """Only members may register; the reader is not one."""


class EventFull(RegistrationRefused):
    """No place is free and the event has no waiting list."""


class TicketGone(RegistrationRefused):
    """The ticket asked for is not on sale for this reader."""


class AnswersMissing(RegistrationRefused):
    """A question of the event is open, or has changed since the page was shown; nothing was booked."""


class OrganisationCapReached(RegistrationRefused):
    """The reader's organisation holds as many places as it may (`cap`)."""

    def __init__(self, cap: int) -> None:
        super().__init__(cap)
        self.cap = cap


class PriceChanged(RegistrationRefused):
    """The price differs from the one on the page the person confirmed; nothing was booked."""

    def __init__(self, shown_cents: int, price: Price) -> None:
        super().__init__(shown_cents, price.gross_cents)
        self.shown_cents = shown_cents
        self.price = price


def register(person: Person, event_id: int, wish: Wish, *, locale: str, at: datetime | None = None) -> Order:
    """Register a signed-in person at once: confirmed, awaiting payment, or waiting when no place is free.

    Raises a RegistrationRefused; then nothing is written.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        reader = reader_for(person, at)
        return register_locked(event, person, reader, wish, locale=locale, source="self", at=at)


def register_locked(
    event: Event, person: Person, reader: Reader, wish: Wish, *, locale: str, source: str, at: datetime
) -> Order:
    """Register `person` on the locked event, as `reader` for the price; whoever pays decides its VAT. `source`: self or guest."""
    refuse_double_locked(event, person)
    if not event.registration_is_open(at):
        raise RegistrationClosed(event.slug)
    if event.visibility == Visibility.MEMBERS and not reader.is_member:
        raise MembersOnly(event.slug)
    refuse_unprepared(event, person.id, confirmed=wish.prerequisites_confirmed)
    paid = paying(person, wish.payer, at)
    price = agreed_price_locked(event, replace(reader, customer=paid.customer), wish, at)
    paid = Paying() if price.is_free else paid
    # a guest's form was whole when it was sent: what has changed since is asked on the order page
    if source != "guest" and unacceptable_locked(event.id, price.ticket.id, wish.answers):
        raise AnswersMissing(event.slug)
    status = first_status_locked(event, reader, price, on_account=paid.account_due_at is not None)
    waits_in_line = status is Status.WAITLISTED and event.holds_requests
    if waits_for_proof(price, wish, reader) and not waits_in_line:
        status = Status.PENDING_APPROVAL
    hold = payment_due(at, event.starts_at, event.zone) if status is Status.AWAITING_PAYMENT else None
    placed = Placed(event, person, wish.email, locale=locale, at=at, **paid.facts)
    line = Line(person, wish, reader, price, status, hold, source)
    (registration,) = place_order_locked(placed, [line])
    begin_locked(registration, actor=person, reason="registered", at=at)
    keep_answers_locked(registration, wish.answers, locale=locale, at=at)
    tell_locked(FIRST_MAIL[status], registration)
    order = registration_order(registration)
    if paid.customer.is_business:
        issue_due_locked(order, at, actor=person)
    return order


FIRST_MAIL = {
    Status.CONFIRMED: "registration_confirmed",
    Status.AWAITING_PAYMENT: "registration_received",
    Status.WAITLISTED: "registration_waitlisted",
    Status.PENDING_APPROVAL: "registration_received",
}


def registration_order(registration: Registration) -> Order:
    order: Order = registration.order
    return order


LIVE_ORDER = (
    select(Order.code)
    .join(Registration, Registration.order_id == Order.id)
    .where(
        Registration.event_id == bindparam("event_id"),
        Registration.person_id == bindparam("person_id"),
        Registration.status.in_(sorted(LIVE)),
    )
)
TICKETS = select(Ticket).where(Ticket.event_id == bindparam("event_id")).order_by(Ticket.position)


def refuse_double_locked(event: Event, person: Person) -> None:
    """One live registration per person and event: a double click, a reload and a second tab find the first."""
    require_writing()
    code = plain_rows(LIVE_ORDER, event_id=event.id, person_id=person.id).scalar()
    if code:
        raise AlreadyRegistered(code)


def tickets_locked(event: Event) -> list[Ticket]:
    return list(require_writing().scalars(TICKETS, {"event_id": event.id}, execution_options=FRESH))


def price_locked(event: Event, reader: Reader, wish: Wish, at: datetime, asked: int = 1) -> Price:
    """The price of what is wished for, now that the event is locked, with the voucher that is wished for.

    Raises MembersOnly, TicketGone, VoucherRefused.
    """
    reader = as_student(reader, wish.studies)
    tickets = tickets_locked(event)
    price = chosen_price(tickets, reader, wish, at, sold_out(tickets))
    return priced_with(price, usable_locked(wish.voucher, event, at, asked))


def agreed_price_locked(event: Event, reader: Reader, wish: Wish, at: datetime, asked: int = 1) -> Price:
    """The same, when it is still the one of the page that was confirmed; raises PriceChanged besides."""
    price = price_locked(event, reader, wish, at, asked)
    if wish.shown_cents is not None and wish.shown_cents != price.gross_cents:
        raise PriceChanged(wish.shown_cents, price)
    return price


def chosen_price(tickets: list[Ticket], reader: Reader, wish: Wish, at: datetime, sold: Collection[int] = ()) -> Price:
    """The price of the ticket wished for, or the reader's best; raises MembersOnly or TicketGone.

    A ticket that has gone gives way to the reader's next one of the same quota, when the price that was shown can tell
    whether it costs more (agreed_price_locked).
    """
    if wish.ticket:
        wished = next((t for t in tickets if t.public_id == wish.ticket), None)
        if wished is None:
            raise TicketGone(wish.ticket)
        if not wished.is_on_sale(at) or not may_buy(wished, reader):
            instead = offer(tickets, reader, at, quota_id=wished.quota_id, sold_out=sold).price
            if instead is None or wish.shown_cents is None:
                raise TicketGone(wish.ticket)
            return instead
        return early(price_of(wished, reader, members_pay_less=members_pay_less(tickets, at)), tickets, reader)
    found = offer(tickets, reader, at, sold_out=sold)
    if found.price is None:
        raise MembersOnly() if found.refusal == "members_only" else TicketGone()
    return found.price


def first_status_locked(event: Event, reader: Reader, price: Price, *, on_account: bool = False) -> Status:
    """Where a new registration begins; raises EventFull or OrganisationCapReached."""
    if event.organisation_cap is not None and reader.organisation_id is not None:
        held = holding_locked(event.id, organisation_id=reader.organisation_id)
        if held >= event.organisation_cap:
            raise OrganisationCapReached(event.organisation_cap)
    asks = event.approval == Approval.ORGANISER
    if asks and not event.holds_requests:
        return Status.PENDING_APPROVAL
    quota = require_writing().get_one(Quota, price.ticket.quota_id)
    limit = price.ticket.limit
    free = quota.free + (kept_by_locked(quota, price.voucher) if price.voucher else 0)
    if free > 0 and (limit is None or holding_locked(event.id, ticket_id=price.ticket.id) < limit):
        if asks:
            return Status.PENDING_APPROVAL
        return Status.CONFIRMED if price.is_free or on_account else Status.AWAITING_PAYMENT
    if not event.has_waiting_list:
        raise EventFull(event.slug)
    return Status.WAITLISTED


def lock_registration_locked(public_id: str) -> tuple[Event, Registration]:
    """Lock event, order and registration in that order, and read them anew. NoResultFound for an unknown id."""
    session = require_writing()
    event_id, order_id = session.execute(
        select(Registration.event_id, Registration.order_id).where(Registration.public_id == public_id)
    ).one()
    event = lock_event_locked(event_id)
    session.execute(select(Order).where(Order.id == order_id).with_for_update().execution_options(**FRESH))
    registration = session.execute(
        select(Registration)
        .where(Registration.public_id == public_id)
        .options(joinedload(Registration.order))
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    ).scalar_one()
    return event, registration


def lock_with_order_locked(public_id: str) -> tuple[Event, Registration]:
    """The same, after every date of its order: money that this step sets free may confirm a place on another."""
    mine = select(Order.code).join(Registration, Registration.order_id == Order.id)
    lock_order_locked(require_writing().scalars(mine.where(Registration.public_id == public_id)).one())
    return lock_registration_locked(public_id)


def cancel(
    public_id: str,
    *,
    actor: Person | None,
    reason: str = "cancelled",
    by_organiser: bool = False,
    at: datetime | None = None,
) -> Registration:
    """Cancel one registration: its place goes to the first who waits, in the same transaction; the person is told.

    The person, or who ordered for them, pays what the order's tiers ask; `by_organiser` it never costs anything.
    Raises TransitionRefused when it is already over. Money received stays in the ledger: it confirms what else of the
    order awaits it, or the order shows a refund due.
    """
    at = at or now()
    with writing():
        event, registration = lock_with_order_locked(public_id)
        if not by_organiser:
            charge_fee_locked(event, registration, at)
        by_buyer = actor is not None and not by_organiser and actor.id != registration.person_id
        if by_buyer and reason == "cancelled":
            reason = "cancelled_by_buyer"
        change_locked(registration, Status.CANCELLED, actor=actor, reason=reason, at=at)
        facts = {"by_organiser": by_organiser} | ({"by": actor.name} if by_buyer and actor else {})
        tell_locked("registration_cancelled", registration, facts)
        credit_ended_locked([registration], at, actor=actor)
        settle_locked(registration.order, at, actor=actor)
        promote_locked(event, at)
        return registration


def charge_fee_locked(event: Event, registration: Registration, at: datetime) -> None:
    """Keep on the line what leaving now costs by the tiers frozen on the order."""
    percent = percent_now(registration, registration.order, event, at)
    if percent:
        query = select(OrderLine).where(OrderLine.registration_id == registration.id)
        line = require_writing().scalars(query).one()
        line.fee_cents = fee_on(line.gross_cents, percent)


def cancel_all_locked(event: Event, *, actor: Person | None, reason: str, at: datetime) -> list[Registration]:
    """End every live registration of an event its organiser cancelled. Tells nobody: the event's mail does."""
    query = (
        select(Registration)
        .where(Registration.event_id == event.id, Registration.status.in_(LIVE))
        .options(joinedload(Registration.order))
        .order_by(Registration.id)
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    )
    ended = list(require_writing().scalars(query))
    lock_vouchers_of_locked(event.id)
    for registration in ended:
        change_locked(registration, Status.CANCELLED, actor=actor, reason=reason, at=at)
    credit_ended_locked(ended, at, actor=actor)
    return ended


def accept_offer(public_id: str, *, actor: Person | None, at: datetime | None = None) -> Registration:
    """Take an offered place: it awaits payment, or is confirmed when money already covers it or a company pays later.

    Raises TransitionRefused when the offer has ended meanwhile.
    """
    at = at or now()
    with writing():
        event, registration = lock_with_order_locked(public_id)
        if registration.hold_until is not None and registration.hold_until <= at:
            raise TransitionRefused(f"the offer of {public_id} has ended")
        if registration.order.is_on_account:
            confirm_on_account_locked(registration, actor=actor, reason="offer_accepted", at=at)
            return registration
        due = payment_due(at, event.starts_at, event.zone)
        change_locked(
            registration, Status.AWAITING_PAYMENT, actor=actor, reason="offer_accepted", at=at, hold_until=due
        )
        registration.order.due_at = due
        if not settle_locked(registration.order, at):
            tell_locked("registration_received", registration)
        return registration


def decline_offer(public_id: str, *, actor: Person | None, at: datetime | None = None) -> Registration:
    """Pass an offered place on: back to the end of the waiting list; the next in line gets the place."""
    at = at or now()
    with writing():
        event, registration = lock_registration_locked(public_id)
        change_locked(registration, Status.WAITLISTED, actor=actor, reason="offer_declined", at=at)
        registration.at_tail = True
        promote_locked(event, at, skip={registration.id})
        return registration


def rename(
    public_id: str, *, given_name: str, family_name: str, actor: Person | None, at: datetime | None = None
) -> Registration:
    """Correct the spelling of the name on one registration; certificates already issued do not change."""
    with writing():
        _, registration = lock_registration_locked(public_id)
        registration.given_name = given_name
        registration.family_name = family_name
        registration.updated_at = at or now()
        return registration


def register_guest_locked(event: Event, person: Person, wish: Wish, *, locale: str, at: datetime) -> Order:
    """Register the person of a proven address from a guest's form: never at a member price, changing nobody."""
    return register_locked(event, person, GUEST, wish, locale=locale, source="guest", at=at)


def expire_due(at: datetime | None = None) -> int:
    """End every unpaid place and unanswered offer whose deadline has passed; each in its own transaction.

    Safe to run twice, late, or in two workers at once: each is read again under the lock. Returns how many ended.
    """
    at = at or now()
    due = list(
        db.session.scalars(
            select(Registration.public_id)
            .where(Registration.hold_until <= at)
            .where(Registration.status.in_((Status.AWAITING_PAYMENT, Status.OFFERED)))
            .order_by(Registration.event_id, Registration.id)
        )
    )
    db.session.rollback()
    close_for_places(due, at)
    return sum(expire(public_id, at) for public_id in due)


def expire(public_id: str, at: datetime) -> bool:
    """End one registration whose deadline has passed; False when it moved meanwhile, or may still be paid."""
    with writing():
        event, registration = lock_registration_locked(public_id)
        holds = registration.status in (Status.AWAITING_PAYMENT, Status.OFFERED)
        if not holds or registration.hold_until is None or registration.hold_until > at:
            return False
        was_offer = registration.status == Status.OFFERED
        if not was_offer and may_still_be_paid_locked(registration.order_id):
            return False
        reason = "offer_expired" if was_offer else "payment_expired"
        change_locked(registration, Status.EXPIRED, actor=None, reason=reason, at=at)
        tell_locked("registration_expired", registration, {"was_offer": was_offer})
        credit_ended_locked([registration], at, actor=None)
        promote_locked(event, at)
        return True
