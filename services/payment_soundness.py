"""Whether what was paid through a provider stands in the ledger; asked by services/soundness.py."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from models.base import db
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import AttemptState, PaymentAttempt


def payment_violations() -> list[str]:
    """A paid attempt has exactly one receipt, and only a paid one has any."""
    of_attempt = and_(LedgerEntry.attempt_id == PaymentAttempt.id, LedgerEntry.kind == EntryKind.RECEIPT)
    number = func.count(LedgerEntry.id)
    paid = PaymentAttempt.state == AttemptState.PAID
    rows = db.session.execute(
        select(Order.code, PaymentAttempt.public_id, PaymentAttempt.state, number)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .outerjoin(LedgerEntry, of_attempt)
        .group_by(Order.code, PaymentAttempt.public_id, PaymentAttempt.state)
        .having(or_(and_(paid, number != 1), and_(~paid, number != 0)))
    )
    return [f"{code}: payment {public_id} is {state} with {many} receipts" for code, public_id, state, many in rows]
