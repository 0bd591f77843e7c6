"""Orders that ask for money, for whoever reads the bank's statement: found by code, reference, name or amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased

from models.base import Texts, db, now
from models.events import Event
from models.orders import EntryKind, LedgerEntry, Order, OrderLine, PaymentStatus, payment_status
from models.organisations import Organisation
from models.people import Person
from models.registrations import HOLDING, Registration, Status
from services.finance_words import about, terms_of
from services.order_words import beside_order, order_texts, titles_of_event

PAGE = 50


@dataclass(frozen=True)
class OrderRow:
    """One order of the list; amounts in cents, VAT included."""

    code: str
    reference: str | None
    buyer: str
    buyer_email: str
    due_at: datetime | None
    created_at: datetime
    owed_cents: int
    received_cents: int
    refunded_cents: int
    contested_cents: int
    titles: Texts
    organisation: str

    @property
    def status(self) -> PaymentStatus:
        return payment_status(self.owed_cents, self.received_cents, self.refunded_cents, self.contested_cents)

    @property
    def to_pay_cents(self) -> int:
        return max(self.owed_cents - self.received_cents + self.refunded_cents - self.contested_cents, 0)

    @property
    def to_return_cents(self) -> int:
        return max(self.received_cents - self.refunded_cents - self.owed_cents, 0)


AWAITING = frozenset({PaymentStatus.UNPAID, PaymentStatus.PARTLY_PAID})
TO_RETURN = frozenset({PaymentStatus.REFUND_DUE, PaymentStatus.OVERPAID})
SHOWN: dict[str, frozenset[PaymentStatus]] = {
    "awaiting": AWAITING,
    "overdue": AWAITING,
    "return": TO_RETURN,
    "paid": frozenset({PaymentStatus.PAID}),
    "all": frozenset(PaymentStatus),
}


@dataclass(frozen=True)
class OrderList:
    rows: list[OrderRow]
    total: int
    page: int
    counts: dict[str, int]
    awaited_cents: int
    to_return_cents: int


def is_shown(row: OrderRow, shown: str, at: datetime) -> bool:
    """Whether an order belongs under this heading at `at`."""
    late = shown != "overdue" or (row.due_at is not None and row.due_at < at)
    return late and row.status in SHOWN[shown]


def list_orders(
    shown: str, query: str = "", page: int = 1, *, at: datetime | None = None, size: int | None = PAGE
) -> OrderList:
    """The orders that ask, or asked, for money; the next due first. One query.

    Every word of `query` must be in the code, the reference (digits alone count), the buyer, whoever is registered, the
    organisation, the event, the purchase order, a reference of its payments, or be an amount or an invoice of the order; the
    sums are then those of the orders found. `size`: rows of a page, None for all of them.
    """
    found = [row_of(values) for values in db.session.execute(orders_with_money(query))]
    awaited, to_return = sum(row.to_pay_cents for row in found), sum(row.to_return_cents for row in found)
    at, size = at or now(), size or len(found) or 1
    counts = {name: sum(is_shown(row, name, at) for row in found) for name in SHOWN}
    rows = [row for row in found if is_shown(row, shown, at)]
    if shown in ("awaiting", "overdue"):
        rows.sort(key=lambda row: (row.due_at is None, row.due_at or row.created_at, row.code))
    else:
        rows.sort(key=lambda row: (row.created_at, row.code), reverse=True)
    page = min(max(page, 1), max(1, -(-len(rows) // size)))
    return OrderList(rows[(page - 1) * size : page * size], len(rows), page, counts, awaited, to_return)


def orders_with_money(query: str = "") -> Select[Any]:
    """Every order with a reference or with money that is about the words, with its sums and its first registration's event."""
    owed = (
        select(OrderLine.order_id, func.sum(OrderLine.gross_cents).label("cents"))
        .join(Registration, Registration.id == OrderLine.registration_id)
        .where(Registration.status.in_(HOLDING - {Status.OFFERED}))
        .group_by(OrderLine.order_id)
        .subquery()
    )
    moved = (
        select(
            LedgerEntry.order_id,
            func.sum(case((LedgerEntry.kind == EntryKind.RECEIPT, LedgerEntry.cents), else_=0)).label("came"),
            func.sum(LedgerEntry.cents).label("stayed"),
            func.sum(case((LedgerEntry.contested, -LedgerEntry.cents), else_=0)).label("contested"),
        )
        .group_by(LedgerEntry.order_id)
        .subquery()
    )
    of_order = aliased(Registration)
    first = select(func.min(of_order.id)).where(of_order.order_id == Order.id).scalar_subquery()
    stays, asks = func.coalesce(moved.c.stayed, 0), func.coalesce(owed.c.cents, 0)
    texts = [*order_texts(), Registration.organisation_name, *titles_of_event()]
    words = about(terms_of(query), texts, cents=(asks, moved.c.came, asks - stays), also=beside_order)
    return (
        select(
            Order.code, Order.reference, Person.given_name, Person.family_name, Order.buyer_email, Order.due_at,
            Order.created_at, owed.c.cents, moved.c.came, moved.c.stayed, moved.c.contested,
            Event.titles, Registration.organisation_name,
        )
        .join(Person, Person.id == Order.buyer_id)
        .join(Registration, Registration.id == first)
        .join(Event, Event.id == Registration.event_id)
        .outerjoin(Organisation, Organisation.id == Order.payer_organisation_id)
        .outerjoin(owed, owed.c.order_id == Order.id)
        .outerjoin(moved, moved.c.order_id == Order.id)
        .where(Order.reference.is_not(None) | moved.c.came.is_not(None), *words)
    )  # fmt: skip


def row_of(values: Any) -> OrderRow:
    code, reference, given, family, email, due_at, created_at, owed, came, stayed, contested, titles, organisation = (
        values
    )
    received = int(came or 0)
    return OrderRow(
        code, reference, f"{given} {family}".strip(), email, due_at, created_at, int(owed or 0), received,
        received - int(stayed or 0), int(contested or 0), titles, organisation,
    )  # fmt: skip
