"""Our own books as the embedded providers read them: what an order asks for, what came, what can go back.

Nothing is locked and nothing is let go: a page that reads them goes on with what it has loaded.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from integrations.payments import Refunded, RefundResult, Truth, TruthState
from models.base import db
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import Refund, RefundState
from services.bank_balances import to_pay_of
from services.ledger import booked
from services.returnable import left_by_receipt

ON_ACCOUNT = "on_account"  # paid by whatever way the invoice is paid

RESULTS = {
    RefundState.REQUESTED: RefundResult.PENDING,
    RefundState.PENDING: RefundResult.PENDING,
    RefundState.SUCCEEDED: RefundResult.SUCCEEDED,
    RefundState.FAILED: RefundResult.FAILED,
}


class OwnBooks:
    """See integrations/payments/embedded.Books."""

    def demand(self, provider: str, order: str) -> Truth | None:
        found = db.session.execute(select(Order.id, Order.currency).where(Order.code == order)).first()
        if found is None:
            return None
        order_id, currency = found
        query = select(LedgerEntry).where(LedgerEntry.order_id == order_id, LedgerEntry.kind == EntryKind.RECEIPT)
        if provider != ON_ACCOUNT:
            query = query.where(LedgerEntry.provider == provider)
        came = db.session.scalars(query.order_by(LedgerEntry.booked_at, LedgerEntry.id)).all()
        received, asked = sum(entry.cents for entry in came), to_pay_of([order_id]).get(order_id, 0)
        last = next((entry for entry in reversed(came) if entry.cents > 0), None)
        state = TruthState.OPEN if asked else TruthState.PAID if received > 0 else TruthState.CANCELLED
        return Truth(
            state=state,
            key=order,
            asked_cents=asked + received,
            received_cents=received,
            currency=currency,
            reference=order,
            payment_reference=last.provider_reference if last else None,
            at=last.booked_at if last else None,
        )

    def may_go_back(self, provider: str, payment_reference: str, key: str) -> int | None:
        receipt = booked(provider, payment_reference)
        if receipt is None:
            return None
        return next((cents for row, cents in left_by_receipt(receipt.order_id, key) if row.id == receipt.id), 0)

    def refund(self, provider: str, reference: str) -> Refunded | None:
        named = or_(Refund.public_id == reference, Refund.provider_reference == reference)
        row = db.session.scalar(select(Refund).where(Refund.provider == provider, named))
        if row is None:
            return None
        receipt = db.session.get_one(LedgerEntry, row.receipt_id)
        return Refunded(
            RESULTS[RefundState(row.state)],
            reference,
            row.error,
            payment_reference=receipt.provider_reference,
            cents=row.cents,
            key=row.public_id,
        )
