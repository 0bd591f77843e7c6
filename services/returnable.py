"""What of an order's money can still go back: by receipt, not yet given back, disputed, nor under way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from models.base import db
from models.orders import EntryKind, LedgerEntry
from models.payments import Refund, RefundState

UNDER_WAY = (RefundState.REQUESTED, RefundState.PENDING)


def left_by_receipt(order_id: int, besides: str = "") -> list[tuple[LedgerEntry, int]]:
    """The order's receipts, the latest first, each with what of it can still go back in cents. `besides`: the public id
    of a refund that does not stand in its own way."""
    receipts = db.session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.order_id == order_id, LedgerEntry.kind == EntryKind.RECEIPT)
        .order_by(LedgerEntry.booked_at.desc(), LedgerEntry.id.desc())
    ).all()
    back = cents_by_receipt(
        select(LedgerEntry.receipt_id, func.sum(LedgerEntry.cents))
        .where(LedgerEntry.order_id == order_id, LedgerEntry.receipt_id.is_not(None))
        .group_by(LedgerEntry.receipt_id)
    )
    going = cents_by_receipt(
        select(Refund.receipt_id, func.sum(Refund.cents))
        .where(Refund.order_id == order_id, Refund.state.in_(UNDER_WAY), Refund.public_id != besides)
        .group_by(Refund.receipt_id)
    )
    return [(row, max(row.cents + back.get(row.id, 0) - going.get(row.id, 0), 0)) for row in receipts]


def cents_by_receipt(query: Any) -> dict[int, int]:
    return {int(receipt): int(cents) for receipt, cents in db.session.execute(query)}


def under_way_cents(order_id: int) -> int:
    """What of the order is asked for or being paid back, and not yet in the ledger."""
    query = select(func.sum(Refund.cents)).where(Refund.order_id == order_id, Refund.state.in_(UNDER_WAY))
    return int(db.session.scalar(query) or 0)
