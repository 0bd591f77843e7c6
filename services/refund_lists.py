"""The refunds and disputes that finance looks after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from models.base import db
from models.orders import Order
from models.organisations import Organisation
from models.payments import Dispute, DisputeState, Refund, RefundState
from models.people import Person
from services.finance_words import about, terms_of
from services.order_words import beside_order, order_texts
from services.providers import BY_HAND

PAGE = 50
R = RefundState
APPROVE, PAY, SENT, FAILED, ALL = "approve", "pay", "sent", "failed", "all"
FILTERS = {
    APPROVE: (Refund.state == R.REQUESTED) & Refund.needs_approval & Refund.approved_at.is_(None),
    PAY: (Refund.state == R.PENDING) & Refund.provider.in_(BY_HAND) & Refund.file_id.is_(None),
    SENT: (Refund.state == R.PENDING) & Refund.file_id.is_not(None),
    FAILED: or_(Refund.state == R.FAILED, (Refund.state == R.REQUESTED) & (Refund.error != "")),
    ALL: Refund.id.is_not(None),
}
"""What finance may look for, each with its condition."""


@dataclass(frozen=True)
class RefundRow:
    """One refund of the list, with who asked and who approved ('' when nobody did, or the clock)."""

    refund: Refund
    buyer: str
    asked_by: str
    approved_by: str


@dataclass(frozen=True)
class RefundList:
    rows: list[RefundRow]
    total: int
    page: int
    counts: dict[str, int]  # how many refunds each filter finds


def list_refunds(shown: str, query: str = "", page: int = 1, *, size: int = PAGE) -> RefundList:
    """The refunds of one filter that are about the words, the latest first. Two queries.

    Every word of `query` must be in a text of the order (services/order_words.py), the account, its holder, the reason, the
    provider's reference or ours, or be the amount.
    """
    words = refund_words(query)
    found = counts(words)
    page = min(max(page, 1), max(1, -(-found[shown] // size)))
    asker, approver = aliased(Person), aliased(Person)
    rows = db.session.execute(
        with_order(select(Refund, Person, asker, approver).join(Refund.order))
        .outerjoin(asker, asker.id == Refund.requested_by_id)
        .outerjoin(approver, approver.id == Refund.approved_by_id)
        .options(joinedload(Refund.order))
        .where(FILTERS[shown], *words)
        .order_by(Refund.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    )
    found_rows = [RefundRow(row[0], *(name_of(person) for person in row[1:])) for row in rows]
    return RefundList(found_rows, found[shown], page, found)


def with_order(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The buyer and the payer of an order that the statement has."""
    with_buyer = query.join(Person, Person.id == Order.buyer_id)
    return with_buyer.outerjoin(Organisation, Organisation.id == Order.payer_organisation_id)


def refund_words(query: str) -> list[ColumnElement[bool]]:
    texts = [Refund.iban, Refund.holder, Refund.reason, Refund.error, Refund.provider_reference, Refund.public_id]
    return about(terms_of(query), [*texts, *order_texts()], cents=[Refund.cents], also=beside_order)


def name_of(person: Person | None) -> str:
    return person.name if person else ""


def counts(words: Sequence[ColumnElement[bool]] = ()) -> dict[str, int]:
    """How many refunds each filter finds."""
    columns = [func.count().filter(condition).label(name) for name, condition in FILTERS.items()]
    query = with_order(select(*columns).select_from(Refund).join(Order, Order.id == Refund.order_id)).where(*words)
    return dict(db.session.execute(query).mappings().one())


def refund_by_public_id(public_id: str) -> RefundRow | None:
    """One refund with its order, or None."""
    found = db.session.scalar(
        select(Refund)
        .where(Refund.public_id == public_id)
        .options(joinedload(Refund.order).joinedload(Order.buyer), joinedload(Refund.receipt), joinedload(Refund.file))
    )
    if found is None:
        return None
    people = {
        person.id: person.name
        for person in db.session.scalars(
            select(Person).where(Person.id.in_({found.requested_by_id, found.approved_by_id} - {None}))
        )
    }
    return RefundRow(
        found,
        found.order.buyer.name,
        people.get(found.requested_by_id or 0, ""),
        people.get(found.approved_by_id or 0, ""),
    )


def refunds_of(order_id: int) -> list[Refund]:
    """Every refund of an order, in order."""
    return list(db.session.scalars(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)))


@dataclass(frozen=True)
class DisputeList:
    rows: list[Dispute]
    total: int
    page: int
    waiting: int  # of those found: contested, or lost and not decided


def list_disputes(query: str = "", page: int = 1, *, size: int = PAGE) -> DisputeList:
    """The disputes that are about the words, with their orders, those that wait for somebody first. Two queries."""
    texts = [Dispute.provider_reference, Dispute.reason, *order_texts()]
    words = about(terms_of(query), texts, cents=[Dispute.cents], also=beside_order)
    waits = Dispute.state.in_((DisputeState.LOST, DisputeState.OPEN))
    numbers = with_order(
        select(func.count(), func.count().filter(waits)).select_from(Dispute).join(Dispute.order)
    ).where(*words)
    total, waiting = db.session.execute(numbers).one()
    page = min(max(page, 1), max(1, -(-total // size)))
    rows = db.session.scalars(
        with_order(select(Dispute).join(Dispute.order))
        .options(joinedload(Dispute.order).joinedload(Order.buyer))
        .where(*words)
        .order_by(~waits, Dispute.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    )
    return DisputeList(list(rows), total, page, waiting)
