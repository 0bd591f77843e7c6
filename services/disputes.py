"""Disputes: a payer's bank takes a payment back. What left our account, and what came back to it, stands in the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from integrations.payments import DisputeTruth
from models.base import db, now
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import Dispute, DisputeState
from services.audit import record_locked
from services.ledger import Movement, book_locked, booked
from services.orders import lock_order_locked
from services.places import FRESH
from services.transaction import require_writing, writing


def apply_dispute(provider: str, truth: DisputeTruth, at: datetime | None = None) -> bool:
    """Take over where a dispute stands, in any order and any number of times. False: its payment is none of ours.

    The registration keeps its place: whether somebody still comes is for people to decide.
    """
    at = at or now()
    receipt = booked(provider, truth.payment_reference)
    if receipt is None:
        return False
    code = db.session.scalars(select(Order.code).where(Order.id == receipt.order_id)).one()
    receipt_id = receipt.id
    db.session.rollback()
    with writing():
        order = lock_order_locked(code)
        keep_locked(order, provider, receipt_id, truth, at)
        book_moves_locked(order, provider, receipt_id, truth, at)
    return True


def keep_locked(order: Order, provider: str, receipt_id: int, truth: DisputeTruth, at: datetime) -> None:
    """The dispute's row; a decision is not taken back by an older notice, since the truth itself was read."""
    session = require_writing()
    dispute = session.scalar(
        select(Dispute)
        .where(Dispute.provider == provider, Dispute.provider_reference == truth.reference)
        .with_for_update()
        .execution_options(**FRESH)
    )
    if dispute is None:
        dispute = Dispute(
            order_id=order.id, receipt_id=receipt_id, provider=provider, provider_reference=truth.reference,
            cents=truth.cents, created_at=at,
        )  # fmt: skip
        session.add(dispute)
        details = {"order": order.code, "cents": truth.cents, "reason": truth.reason}
        record_locked("dispute.opened", None, details=details)
    if dispute.state not in (DisputeState.WON, DisputeState.LOST):
        dispute.state = DisputeState(truth.result)
    dispute.cents, dispute.reason = truth.cents, truth.reason[:120]
    dispute.answer_by, dispute.updated_at = truth.answer_by, at


def book_moves_locked(
    order: Order, provider: str, receipt_id: int, truth: DisputeTruth, at: datetime
) -> list[LedgerEntry]:
    """One ledger entry for each movement of our account, by its own name."""
    made = []
    for moved in truth.moved:
        kind = EntryKind.DISPUTE if moved.cents < 0 else EntryKind.DISPUTE_WON
        movement = Movement(
            kind, provider, moved.reference, moved.cents, moved.at, note=truth.reason, receipt_id=receipt_id
        )
        entry = book_locked(order, movement, at)
        made += [entry] if entry is not None else []
    return made


def disputes_of(order_id: int) -> list[Dispute]:
    """The disputes of an order, the newest first."""
    query = select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.id.desc())
    return list(db.session.scalars(query))
