"""Refunds of invoiced money: the documents of an order never ask for more than the money that stays.

Whoever leaves is credited when they leave (services/credit_notes.credit_ended_locked). What is given back beyond that,
out of goodwill or for a part of the price, gets its credit note when it leaves.
"""

from __future__ import annotations

from datetime import datetime

from flask_babel import force_locale, pgettext
from sqlalchemy import func, select

from models.invoices import Invoice
from models.orders import Order
from models.payments import Refund, RefundState
from models.people import Person
from services.credit_notes import Credit, credit_note_locked, invoices_of, left_of_lines
from services.invoicing import asked_before_locked, money_locked
from services.transaction import require_writing

OF_OURS = frozenset({"event_cancelled", "asked_by_buyer", "too_much"})  # reasons that are codes, not words of a person


def credit_refund_locked(refund: Refund, at: datetime, *, actor: Person | None) -> None:
    """Credit what the order's documents would ask beyond the money that stays once `refund` has left.

    The order must be locked. The refund keeps its (last) credit note. Nothing was invoiced, or nothing too much: nothing happens.
    """
    missing = min(asked_before_locked(refund.order) - staying_locked(refund), refund.cents)
    if missing <= 0:
        return
    notes = credit_cents_locked(refund.order, missing, reason_of(refund), at, actor=actor)
    if notes:
        refund.credit_note_id = notes[-1].id


def staying_locked(refund: Refund) -> int:
    """The order's money once this refund, and those that have left before it, have arrived."""
    leaving = select(func.sum(Refund.cents)).where(
        Refund.order_id == refund.order_id, Refund.state == RefundState.PENDING, Refund.id != refund.id
    )
    return money_locked(refund.order) - int(require_writing().scalar(leaving) or 0) - refund.cents


def reason_of(refund: Refund) -> str:
    if refund.reason and refund.reason not in OF_OURS:
        return refund.reason
    with force_locale(refund.order.locale):
        return pgettext("credit note", "Money given back")


def credit_cents_locked(order: Order, cents: int, reason: str, at: datetime, *, actor: Person | None) -> list[Invoice]:
    """Credit up to `cents` of the order's invoices, the latest first, line by line; the credit notes."""
    notes = []
    for invoice in reversed(invoices_of(order)):
        left, credits = left_of_lines(invoice), []
        for line in invoice.lines:
            part = min(cents, left[line.id])
            cents -= part
            credits.append(Credit(part, line))
        if any(credit.gross_cents for credit in credits):
            notes.append(credit_note_locked(invoice, credits, reason, at, actor=actor))
    return notes
