"""Refunds that a provider tells of: ours, by the key we gave them, and those that somebody made at the provider itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from integrations.payments import Refunded
from models.base import db
from models.orders import LedgerEntry, Order
from models.payments import Refund, RefundState
from services.audit import record_locked
from services.ledger import booked
from services.orders import lock_order_locked
from services.refunds import apply_truth
from services.transaction import require_writing, writing


def learn_refund(provider: str, truth: Refunded, at: datetime) -> bool:
    """Take over what became of a refund, in any order and any number of times. False: its payment is none of ours."""
    public_id = refund_named(provider, truth)
    if public_id is None:
        receipt = booked(provider, truth.payment_reference)
        if receipt is None:
            db.session.rollback()
            return False
        public_id = adopted(receipt, truth, at)
    apply_truth(public_id, truth, at)
    return True


def refund_named(provider: str, truth: Refunded) -> str | None:
    """The public id of the refund that the provider tells of."""
    query = select(Refund.public_id).where(
        Refund.provider == provider,
        or_(Refund.provider_reference == truth.reference, Refund.public_id == truth.key),
    )
    return db.session.scalar(query)


def adopted(receipt: LedgerEntry, truth: Refunded, at: datetime) -> str:
    """A row for a refund that somebody made at the provider: the money is gone, whether or not we were asked."""
    code = db.session.scalars(select(Order.code).where(Order.id == receipt.order_id)).one()
    provider, receipt_id = receipt.provider, receipt.id
    db.session.rollback()
    with writing():
        order = lock_order_locked(code)
        known = refund_named(provider, truth)
        if known is not None:
            return known
        refund = Refund(
            order_id=order.id, receipt_id=receipt_id, provider=provider, provider_reference=truth.reference,
            cents=truth.cents, reason="at_provider", state=RefundState.PENDING, created_at=at, updated_at=at,
        )  # fmt: skip
        session = require_writing()
        session.add(refund)
        session.flush()
        record_locked("refund.found", None, details={"order": code, "cents": truth.cents})
        return refund.public_id
