"""Orders: placing one, reading one, and receiving money for it. What is paid is what the ledger says."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from integrations.references import structured_communication
from models.base import ALPHABET, db, in_language, now
from models.courses import Course
from models.events import Audience, Event
from models.orders import EntryKind, LedgerEntry, Order, OrderLine, PaymentStatus, payment_status
from models.organisations import Organisation
from models.people import Person
from models.registrations import Registration, Status
from services.accepted_terms import keep_terms_locked
from services.dates import say_day
from services.invoice_parties import organisation_billing
from services.invoicing import issue_due_locked
from services.late_money import begin_again_locked
from services.ledger import Movement, book_locked
from services.places import FRESH, lock_events_locked
from services.policy_words import terms_of
from services.prices import Price, why
from services.readers import Reader
from services.settling import settle_locked as settle_locked
from services.transaction import require_writing, writing
from services.wishes import Wish


class AlreadyBooked(Exception):
    """This bank reference is in the ledger already: money counts once."""


class NothingToBook(Exception):
    """An amount of zero, or an order that asks for no money."""


@dataclass(frozen=True)
class Placed:
    """Who orders on which event, in which language, when, and who pays when it is an organisation."""

    event: Event
    buyer: Person
    buyer_email: str
    locale: str
    at: datetime
    payer: Organisation | None = None
    purchase_order: str = ""
    account_due_at: datetime | None = None  # on account: when it is to be paid
    awaits_purchase_order: bool = False
    billing: dict[str, Any] = field(default_factory=dict)  # of a company that is no organisation of ours


@dataclass(frozen=True)
class Line:
    """One registration of an order: for whom (None: named later), what they wish, at which price, and where it begins."""

    person: Person | None
    wish: Wish
    reader: Reader
    price: Price
    status: Status
    hold_until: datetime | None
    source: str


def new_code() -> str:
    """An order code such as MH-4K7Q-92XD: the cluster's initials and 40 random bits, easy to read aloud."""
    words = str(current_app.extensions["cluster"].name).split()
    initials = "".join(word[0] for word in words if word[0].isalnum())[:2].upper() or "AT"
    body = "".join(secrets.choice(ALPHABET) for _ in range(8)).upper()
    return f"{initials:X<2}-{body[:4]}-{body[4:]}"


def new_reference() -> str:
    """A Belgian structured communication from ten random digits: it tells nobody how many orders there are."""
    return structured_communication(1 + secrets.randbelow(9_999_999_998))


def place_order_locked(placed: Placed, lines: Sequence[Line]) -> list[Registration]:
    """One order with a registration for each line, in that order (not yet begun: services/places.begin_locked)."""
    session = require_writing()
    event, cluster = placed.event, current_app.extensions["cluster"]
    costs = any(not line.price.is_free for line in lines)
    order = Order(
        code=new_code(),
        reference=new_reference() if costs else None,
        buyer_id=placed.buyer.id,
        buyer_email=placed.buyer_email,
        payer_organisation_id=placed.payer.id if placed.payer else None,
        billing=organisation_billing(placed.payer) if placed.payer else dict(placed.billing),
        purchase_order=placed.purchase_order or None,
        is_on_account=costs and placed.account_due_at is not None,
        awaits_purchase_order=costs and placed.awaits_purchase_order and not placed.purchase_order,
        locale=placed.locale,
        terms_version=str(cluster.terms["version"]),
        terms_sha256=keep_terms_locked(),
        policy=terms_of(event, placed.locale, costs=costs)[:600],
        tiers=list(event.tiers),
        due_at=min((line.hold_until for line in lines if line.hold_until), default=placed.account_due_at),
        created_at=placed.at,
    )
    session.add(order)
    registrations = [registration_of(order, placed, line) for line in lines]
    for registration, line in zip(registrations, lines, strict=True):
        session.add(order_line(order, registration, placed, line.price))
    return registrations


def registration_of(order: Order, placed: Placed, line: Line) -> Registration:
    wish, ticket = line.wish, line.price.ticket
    return Registration(
        event_id=placed.event.id,
        person_id=line.person.id if line.person else None,
        ticket_id=ticket.id,
        quota_id=ticket.quota_id,
        order=order,
        organisation_id=line.reader.organisation_id,
        status=line.status,
        hold_until=line.hold_until,
        queued_at=placed.at if line.status is Status.WAITLISTED else None,
        is_member=line.reader.is_member,
        prerequisites_confirmed=wish.prerequisites_confirmed,
        voucher_id=line.price.voucher.id if line.price.voucher else None,
        studies=wish.studies if ticket.audience == Audience.STUDENTS else "",
        given_name=wish.given_name,
        family_name=wish.family_name,
        email=wish.email,
        phone=wish.phone,
        organisation_name=wish.organisation_name or line.reader.organisation_name,
        needs=wish.needs,
        visible_to_guests=wish.visible_to_guests,
        source=line.source,
        created_at=placed.at,
        updated_at=placed.at,
    )


def order_line(order: Order, registration: Registration, placed: Placed, price: Price) -> OrderLine:
    """The price frozen on the order, with the sentence that explains it in the order's language."""
    with force_locale(placed.locale):
        sentence = why(price, say_day(placed.at, placed.locale, placed.event.zone), placed.event.zone)
    return OrderLine(
        order=order,
        registration=registration,
        description=in_language(placed.event.titles, placed.locale)[:300],
        net_cents=price.net_cents,
        vat=price.vat,
        vat_rate=price.vat_rate,
        vat_cents=price.vat_cents,
        gross_cents=price.gross_cents,
        why=sentence[:400],
        voucher_id=price.voucher.id if price.voucher else None,
    )


def load_order(code: str) -> Order | None:
    """An order with all that its page shows, or None. Codes are read without regard to case."""
    registrations = selectinload(Order.registrations)
    return db.session.scalar(
        select(Order)
        .where(Order.code == code.strip().upper())
        .options(
            joinedload(Order.buyer),
            joinedload(Order.payer_organisation),
            selectinload(Order.lines),  # its registration is one of those below: loading it again would strip them
            selectinload(Order.ledger),
            registrations.joinedload(Registration.event).selectinload(Event.slots),
            registrations.joinedload(Registration.event).selectinload(Event.areas),
            registrations.joinedload(Registration.event).joinedload(Event.course).load_only(Course.slug, Course.titles),
            registrations.joinedload(Registration.ticket),
            registrations.joinedload(Registration.quota),
            registrations.joinedload(Registration.organisation),
        )
    )


def first_status(order: Order) -> Status:
    """The status of the order's first registration; no query for an order just placed."""
    if placed := vars(order).get("registrations"):
        return Status(placed[0].status)
    query = select(Registration.status).where(Registration.order_id == order.id).order_by(Registration.id).limit(1)
    return Status(db.session.scalars(query).one())


@dataclass(frozen=True)
class Balance:
    """The money of an order, in cents: what is owed now, what came, what went back."""

    owed_cents: int
    received_cents: int
    refunded_cents: int
    contested_cents: int = 0  # of what went back: taken by a dispute, and not asked for again (yet)

    @property
    def status(self) -> PaymentStatus:
        return payment_status(self.owed_cents, self.received_cents, self.refunded_cents, self.contested_cents)

    @property
    def to_pay_cents(self) -> int:
        return max(self.owed_cents - self.received_cents + self.refunded_cents - self.contested_cents, 0)

    @property
    def to_return_cents(self) -> int:
        return max(self.received_cents - self.refunded_cents - self.owed_cents, 0)


def balance(order: Order) -> Balance:
    """The balance of a loaded order (`lines` with their registrations, and `ledger`)."""
    came = sum(entry.cents for entry in order.ledger if entry.kind == EntryKind.RECEIPT)
    return Balance(
        owed_cents=sum(line.owed_cents for line in order.lines),
        received_cents=came,
        refunded_cents=came - sum(entry.cents for entry in order.ledger),
        contested_cents=-sum(entry.cents for entry in order.ledger if entry.contested),
    )


def receive_money(
    code: str,
    cents: int,
    *,
    provider: str,
    provider_reference: str,
    booked_at: datetime,
    actor: Person | None,
    note: str = "",
    at: datetime | None = None,
) -> Order:
    """Book money that arrived for an order and confirm what it covers.

    `cents` > 0; `provider_reference` is unique per provider (the bank's own reference). Raises AlreadyBooked for a
    repeated reference and NothingToBook for an amount that is not positive. Too little or too much is kept as it is:
    the order is then partly paid or overpaid.
    """
    at = at or now()
    if cents <= 0:
        raise NothingToBook(code)
    with writing():
        order = lock_order_locked(code)
        movement = Movement(EntryKind.RECEIPT, provider, provider_reference, cents, booked_at, note=note, actor=actor)
        if receive_locked(order, movement, at) is None:
            raise AlreadyBooked(provider_reference)
        return order


def receive_locked(order: Order, movement: Movement, at: datetime) -> LedgerEntry | None:
    """Book a receipt and confirm what it covers, places given up too late included when they can still be had.

    None when it is in the ledger already. The order must be locked.
    """
    entry = book_locked(order, movement, at)
    if entry is not None:
        begin_again_locked(order, at)
        settle_locked(order, at, actor=movement.actor)
    return entry


def set_purchase_order(code: str, number: str) -> None:
    """Keep the payer's own purchase-order number (at most 60 characters; '' takes it away); an invoice that waited for it is issued. NoResultFound: no such order."""
    with writing():
        order = lock_order_locked(code)
        order.purchase_order = number.strip()[:60] or None
        issue_due_locked(order, now())


def lock_order_locked(code: str) -> Order:
    """Lock the events of an order in ascending id, then the order, and read it anew. NoResultFound: no such order.

    A change of date may bring an event to the order while we wait for the others. It is not locked late, out of its
    turn, for that is a deadlock on PostgreSQL: all is let go and taken again.
    """
    session = require_writing()
    events = select(Registration.event_id).join(Order, Order.id == Registration.order_id).where(Order.code == code)
    while True:
        known = set(session.scalars(events))
        with session.begin_nested() as attempt:
            lock_events_locked(known)
            order = session.execute(
                select(Order).where(Order.code == code).with_for_update().execution_options(**FRESH)
            ).scalar_one()
            if known >= set(session.scalars(events)):
                return order
            attempt.rollback()
