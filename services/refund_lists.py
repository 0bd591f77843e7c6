"""The refunds and disputes that finance looks after."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from models.base import db
from models.orders import Order
from models.payments import Dispute, DisputeState, Refund, RefundState
from models.people import Person
from services.providers import BY_HAND

R = RefundState
APPROVE, PAY, FAILED, ALL = "approve", "pay", "failed", "all"
FILTERS = {
    APPROVE: (Refund.state == R.REQUESTED) & Refund.needs_approval & Refund.approved_at.is_(None),
    PAY: (Refund.state == R.PENDING) & Refund.provider.in_(BY_HAND),
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


def list_refunds(shown: str, limit: int = 200) -> list[RefundRow]:
    """The refunds of one filter, the latest first. One query."""
    buyer, asker, approver = aliased(Person), aliased(Person), aliased(Person)
    query = (
        select(Refund, buyer, asker, approver)
        .join(Refund.order)
        .join(buyer, buyer.id == Order.buyer_id)
        .outerjoin(asker, asker.id == Refund.requested_by_id)
        .outerjoin(approver, approver.id == Refund.approved_by_id)
        .options(joinedload(Refund.order))
        .where(FILTERS[shown])
        .order_by(Refund.id.desc())
        .limit(limit)
    )
    return [RefundRow(row[0], *(name_of(person) for person in row[1:])) for row in db.session.execute(query)]


def name_of(person: Person | None) -> str:
    return person.name if person else ""


def counts() -> dict[str, int]:
    """How many refunds each filter finds."""
    columns = [func.count().filter(condition).label(name) for name, condition in FILTERS.items()]
    return dict(db.session.execute(select(*columns).select_from(Refund)).mappings().one())


def refund_by_public_id(public_id: str) -> RefundRow | None:
    """One refund with its order, or None."""
    found = db.session.scalar(
        select(Refund)
        .where(Refund.public_id == public_id)
        .options(joinedload(Refund.order).joinedload(Order.buyer), joinedload(Refund.receipt))
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


def list_disputes() -> list[Dispute]:
    """Every dispute with its order, those that wait for somebody first."""
    query = (
        select(Dispute)
        .options(joinedload(Dispute.order).joinedload(Order.buyer))
        .order_by(Dispute.state.not_in((DisputeState.LOST, DisputeState.OPEN)), Dispute.id.desc())
    )
    return list(db.session.scalars(query.limit(200)))
