"""What finance does with documents by hand, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from models.base import now
from models.invoices import Invoice
from models.orders import Order
from models.people import Person
from services.credit_notes import Credit, credit_note_locked, loaded
from services.invoicing import issue_locked
from services.orders import lock_order_locked
from services.transaction import writing


def issue(code: str, actor: Person | None, at: datetime | None = None) -> list[Invoice]:
    """Issue everything the order owes. Raises NoResultFound, NothingToInvoice, PurchaseOrderAwaited."""
    with writing():
        return issue_locked(lock_order_locked(code), at or now(), actor=actor)


def credit(
    public_id: str, cents: Sequence[int], reason: str, actor: Person | None, at: datetime | None = None
) -> Invoice:
    """Credit these amounts (gross, one for each line of the invoice, 0 for none). Raises NoResultFound and the errors of
    services/credit_notes.credit_note_locked."""
    with writing() as session:
        query = select(Invoice.id, Order.code).join(Order, Order.id == Invoice.order_id)
        invoice_id, code = session.execute(query.where(Invoice.public_id == public_id)).one()
        lock_order_locked(code)
        invoice = loaded(invoice_id)
        credits = [Credit(amount, line) for line, amount in zip(invoice.lines, cents, strict=True)]
        return credit_note_locked(invoice, credits, reason, at or now(), actor=actor)
