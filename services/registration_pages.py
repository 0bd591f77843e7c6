"""What the registration page of an event shows: the event, the reader's price and why, and whether a place is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload

from models.base import db
from models.courses import Publication
from models.events import Approval, Audience, Event, Visibility
from models.people import EmailAddress, Person
from models.registrations import Registration, Status
from models.vouchers import Voucher
from services.customers import Customer
from services.deadlines import payment_due
from services.event_parts import read_parts
from services.payers import customer_of_payer
from services.policy_words import terms_of
from services.prerequisites import NOTHING, Prerequisites, prerequisites_for
from services.prices import Offer, Price, notes_on, offer, paid_by, with_voucher
from services.readers import Reader, reader_for
from services.rows import plain_rows
from services.sold_out import sold_out
from services.students import as_student, waits_for_proof
from services.voucher_uses import kept_by
from services.vouchers import VoucherNotNeeded, VoucherRefused, does_nothing, find, usable
from services.wishes import Wish


@dataclass(frozen=True)
class Desk:
    """Everything one reader needs before registering."""

    event: Event
    reader: Reader
    offer: Offer
    choices: Sequence[Price]  # one per quota when the event has several (on site, online)
    address: str  # the signed-in person's primary address
    waiting: int  # how many would wait before this reader
    due: datetime  # until when an order placed now would be waited for
    at: datetime
    prerequisites: Prerequisites = NOTHING
    studies: str = ""
    voucher: Voucher | None = None

    def with_voucher(self, voucher: Voucher | None) -> Desk:
        """The desk with the prices that the voucher makes. Raises VoucherNotNeeded when it does nothing here."""
        if voucher is None or self.price is None:
            return self
        if all(does_nothing(price, voucher) for price in (self.price, *self.choices)):
            raise VoucherNotNeeded(voucher.code)
        choices = [with_voucher(price, voucher) for price in self.choices]
        found = replace(self.offer, price=with_voucher(self.price, voucher))
        return replace(self, offer=found, choices=choices, voucher=voucher)

    def choosing(self, price: Price | None) -> Desk:
        """The desk of this choice: its price, and who waits before the reader there."""
        if price is None or price is self.price:
            return self
        return replace(self, offer=replace(self.offer, price=price), waiting=waiting_before(price, self.reader))

    def paid_by(self, customer: Customer) -> Desk:
        """The desk with the prices of whoever pays."""
        if customer is self.reader.customer:
            return self
        price = paid_by(self.price, customer) if self.price else None
        found = replace(self.offer, price=price, others=[paid_by(other, customer) for other in self.offer.others])
        choices = [paid_by(one, customer) for one in self.choices]
        return replace(self, reader=replace(self.reader, customer=customer), offer=found, choices=choices)

    @property
    def price_notes(self) -> list[str]:
        """Until when an early price holds, and what the voucher does."""
        return notes_on(self.price, self.event.zone) if self.price else []

    @property
    def sells_to_students(self) -> bool:
        return any(t.audience == Audience.STUDENTS and t.is_on_sale(self.at) for t in self.event.tickets)

    @property
    def needs_studies(self) -> bool:
        """Whether the place is a student's, and nobody has said where they study."""
        return self.price is not None and self.price.ticket.audience == Audience.STUDENTS and not self.studies

    @property
    def waits_for_proof(self) -> bool:
        """Whether the organiser has to believe first that the reader studies."""
        return self.price is not None and waits_for_proof(self.price, Wish("", "", self.address), self.reader)

    @property
    def price(self) -> Price | None:
        return self.offer.price

    @property
    def is_full(self) -> bool:
        """Whether the place would be on the waiting list (of the quota of the price shown)."""
        return self.price is not None and self.waits_for(self.price)

    def waits_for(self, price: Price) -> bool:
        """Whether a place at this price would be on the waiting list."""
        if self.asks and not self.event.holds_requests:
            return False
        quota = price.ticket.quota
        return quota.free + (kept_by(quota, self.voucher) if self.voucher else 0) <= 0

    @property
    def asks(self) -> bool:
        """Whether the organiser decides about each person."""
        return self.event.approval == Approval.ORGANISER

    def terms(self, locale: str) -> str:
        """What is agreed about leaving: see services.policy_words."""
        return terms_of(self.event, locale, costs=self.price is not None and not self.price.is_free)

    @property
    def members_only(self) -> bool:
        closed = self.event.visibility == Visibility.MEMBERS and not self.reader.is_member
        return closed or self.offer.refusal == "members_only"


EVENT = (
    select(Event)
    .where(Event.slug == bindparam("slug"), Event.publication == Publication.PUBLISHED)
    .options(joinedload(Event.course))
    .execution_options(populate_existing=True)
)
WAITING = select(func.count()).where(
    Registration.quota_id == bindparam("quota_id"),
    Registration.status == Status.WAITLISTED,
    Registration.at_tail.is_(False),
)
WAITING_MEMBERS = WAITING.where(Registration.is_member | Registration.at_head)
ADDRESS = select(EmailAddress.address).where(
    EmailAddress.person_id == bindparam("person_id"), EmailAddress.is_primary.is_(True)
)


def registration_desk(
    slug: str, person: Person | None, at: datetime, *, reader: Reader | None = None, studies: str = ""
) -> Desk | None:
    """The desk of a published event for `person` (None: a guest), or None when there is no such event. Six queries.

    `reader`: whose prices are shown, when it is not the person's own. `studies`: what a student says.
    """
    event = db.session.scalar(EVENT, {"slug": slug})
    if event is None:
        return None
    read_parts(event, "quotas", "tickets", "slots", "areas")
    sold = sold_out(event.tickets)
    reader = as_student(reader or reader_for(person, at), studies)
    found = offer(event.tickets, reader, at, sold_out=sold)
    if found.refusal == "students_only":  # whoever comes must be one: the form asks
        reader = replace(reader, is_student=True)
        found = offer(event.tickets, reader, at, sold_out=sold)
    per_quota = [offer(event.tickets, reader, at, quota_id=quota.id, sold_out=sold).price for quota in event.quotas]
    return Desk(
        event=event,
        reader=reader,
        offer=found,
        choices=[price for price in per_quota if price is not None],
        address=primary_address(person),
        waiting=waiting_before(found.price, reader),
        due=payment_due(at, event.starts_at, event.zone),
        at=at,
        prerequisites=prerequisites_for(event, event.course, person, at),
        studies=studies,
    )


def desk_for_wish(slug: str, wish: Wish, at: datetime) -> Desk | None:
    """The desk of a guest's form that waits for its code: what it would cost now, as they wished it and whoever pays. A voucher
    that can no longer be used is left out: the code then tells why nothing is booked."""
    desk = registration_desk(slug, None, at, studies=wish.studies)
    if desk is None:
        return None
    desk = replace(desk.paid_by(customer_of_payer(wish.payer)), address=wish.email)
    chosen = next((price for price in desk.choices if price.ticket.public_id == wish.ticket), desk.price)
    desk = replace(desk, offer=replace(desk.offer, price=chosen), choices=[chosen] if chosen else [])
    try:
        return desk.with_voucher(usable(find(wish.voucher), wish.voucher, desk.event, at)) if wish.voucher else desk
    except VoucherRefused:
        return desk


def waiting_before(price: Price | None, reader: Reader) -> int:
    """How many wait for the quota and would come before this reader: members first, then time; whoever passed a place
    on comes last."""
    if price is None:
        return 0
    waiting = plain_rows(WAITING_MEMBERS if reader.is_member else WAITING, quota_id=price.ticket.quota_id)
    return int(waiting.scalar_one())


def primary_address(person: Person | None) -> str:
    """The address that mails about a registration go to."""
    if person is None:
        return ""
    return plain_rows(ADDRESS, person_id=person.id).scalar() or ""
