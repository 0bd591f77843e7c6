"""Credit notes: an issued invoice is never changed; what it asks too much is given back by a document of its own.

A credit note never exceeds its invoice, per VAT category and rate, credit notes before it taken off: the last one takes exactly
what is left, cents of rounding included. The order must be locked (services/orders.lock_order_locked).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import current_app
from flask_babel import force_locale, pgettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db
from models.invoices import Invoice, InvoiceKind, InvoiceLine, VatCategory
from models.orders import Order
from models.people import Person
from models.registrations import Registration
from services.dates import local_day
from services.invoice_lines import Draft, first_lines, wanted_by_place
from services.invoicing import add_locked, lines_locked
from services.names import clean
from services.transaction import require_writing
from services.vat import Tax, credit_note_sentence, net_of, taxes_of

Rate = tuple[VatCategory, int]


class CreditTooLarge(ValueError):
    """More than what is left of the invoice at this category and rate, or of one of its lines: `left_cents`, gross."""

    def __init__(self, left_cents: int) -> None:
        super().__init__(left_cents)
        self.left_cents = left_cents


class NothingToCredit(ValueError):
    """No amount was given, or the document is a credit note itself."""


class CreditReasonMissing(ValueError):
    """A credit note says why."""


@dataclass(frozen=True)
class Credit:
    """What of an invoice is given back: an amount with VAT, in cents, of one of its lines or (None) of a rate."""

    gross_cents: int
    line: InvoiceLine | None = None
    category: VatCategory = VatCategory.STANDARD
    rate: int = 21
    description: str = ""

    @property
    def key(self) -> Rate:
        return (VatCategory(self.line.vat_category), self.line.vat_rate) if self.line else (self.category, self.rate)


@dataclass
class Left:
    """What of an invoice has not been credited, at one category and rate. Cents."""

    base: int = 0
    vat: int = 0
    gross: int = 0


def credit_note_locked(
    invoice: Invoice, credits: Sequence[Credit], reason: str, at: datetime, *, actor: Person | None
) -> Invoice:
    """Issue a credit note for parts of an issued invoice, with its reason in the invoice's language or the writer's.

    Raises NothingToCredit, CreditReasonMissing, CreditTooLarge.
    """
    credits = [credit for credit in credits if credit.gross_cents]
    if invoice.kind != InvoiceKind.INVOICE or not credits or any(credit.gross_cents < 0 for credit in credits):
        raise NothingToCredit(invoice.label)
    if not clean(reason):
        raise CreditReasonMissing(invoice.label)
    whole = loaded(invoice.id)
    refuse_too_much(whole, credits)
    drafts, taxes = drafted(whole, credits)
    gross, net = sum(draft.gross_cents for draft in drafts), sum(draft.net_cents for draft in drafts)
    vat = sum(tax.vat_cents for tax in taxes)
    copied = ("order_id", "locale", "seller", "buyer", "purchase_order", "payment_reference", "supply_on")
    note = Invoice(
        **{name: getattr(whole, name) for name in copied},
        kind=InvoiceKind.CREDIT_NOTE,
        corrects_id=whole.id,
        reason=clean(reason)[:300],
        notes=[credit_note_sentence(whole.locale)] if vat else [],
        net_cents=net,
        vat_cents=vat,
        rounding_cents=gross - net - vat,
        gross_cents=gross,
        issued_by_id=actor.id if actor else None,
        created_at=at,
    )
    return add_locked(note, whole.order, drafts, taxes, local_day(at, current_app.extensions["cluster"].zone), actor)


def loaded(invoice_id: int) -> Invoice:
    parts = (selectinload(Invoice.lines), selectinload(Invoice.taxes), joinedload(Invoice.order))
    return db.session.execute(select(Invoice).where(Invoice.id == invoice_id).options(*parts)).scalar_one()


def credit_notes_of(invoice_id: int) -> list[Invoice]:
    """The credit notes of an invoice with their lines and taxes, in their order."""
    query = select(Invoice).where(Invoice.corrects_id == invoice_id).order_by(Invoice.id)
    return list(db.session.scalars(query.options(selectinload(Invoice.lines), selectinload(Invoice.taxes))))


def left_of_invoice(invoice: Invoice) -> dict[Rate, Left]:
    """What is left to credit per category and rate (lines and taxes loaded)."""
    found: dict[Rate, Left] = {}
    for document, sign in ((invoice, 1), *((note, -1) for note in credit_notes_of(invoice.id))):
        for tax in document.taxes:
            left = found.setdefault((VatCategory(tax.vat_category), tax.vat_rate), Left())
            left.base += sign * tax.base_cents
            left.vat += sign * tax.vat_cents
        for line in document.lines:
            found[VatCategory(line.vat_category), line.vat_rate].gross += sign * line.gross_cents
    return found


def left_of_lines(invoice: Invoice) -> dict[int, int]:
    """Invoice line → what of it is left to credit, gross in cents: what credit notes name it for is taken off, and never more
    than what is left at its rate."""
    found = {line.id: line.gross_cents for line in invoice.lines}
    of_order = {line.order_line_id: line.id for line in invoice.lines if line.order_line_id}
    for note in credit_notes_of(invoice.id):
        for line in note.lines:
            if line.order_line_id in of_order:
                found[of_order[line.order_line_id]] -= line.gross_cents
    rates = left_of_invoice(invoice)
    return {
        line.id: max(min(found[line.id], rates[VatCategory(line.vat_category), line.vat_rate].gross), 0)
        for line in invoice.lines
    }


def refuse_too_much(invoice: Invoice, credits: Sequence[Credit]) -> None:
    rates, lines = left_of_invoice(invoice), left_of_lines(invoice)
    for key in {credit.key for credit in credits}:
        left = rates[key].gross if key in rates else 0
        if sum(credit.gross_cents for credit in credits if credit.key == key) > left:
            raise CreditTooLarge(left)
    for line_id in {credit.line.id for credit in credits if credit.line}:
        if sum(c.gross_cents for c in credits if c.line and c.line.id == line_id) > lines[line_id]:
            raise CreditTooLarge(lines[line_id])


def drafted(invoice: Invoice, credits: Sequence[Credit]) -> tuple[list[Draft], list[Tax]]:
    """The lines and the VAT of a credit note: within what is left, and all of it when nothing stays."""
    lefts = left_of_invoice(invoice)
    drafts = [draft_of_credit(invoice, credit) for credit in credits]
    bounded = []
    for key, left in lefts.items():
        mine = [draft for draft in drafts if (draft.category, draft.rate) == key]
        if mine:
            closes = sum(draft.gross_cents for draft in mine) == left.gross
            bounded += fitted(mine, left.base, exactly=closes)
    taxes = []
    for tax in taxes_of((draft.category, draft.rate, draft.net_cents) for draft in bounded):
        left = lefts[tax.category, tax.rate]
        taxes.append(replace(tax, vat_cents=left.vat if tax.base_cents == left.base else min(tax.vat_cents, left.vat)))
    return bounded, taxes


def fitted(drafts: Sequence[Draft], most: int, *, exactly: bool) -> list[Draft]:
    """The drafts with nets that come to `most` exactly, or at most to it; the last ones give or take the cents."""
    total = sum(draft.net_cents for draft in drafts)
    change = most - total if exactly else min(most - total, 0)
    found = []
    for draft in reversed(drafts):
        net = max(draft.net_cents + change, 0)
        change -= net - draft.net_cents
        found.append(replace(draft, net_cents=net))
    return found[::-1]


def draft_of_credit(invoice: Invoice, credit: Credit) -> Draft:
    category, rate = credit.key
    line = credit.line
    whole = line is not None and credit.gross_cents == line.gross_cents
    return Draft(
        order_line_id=line.order_line_id if line else None,
        description=credit.description or (line.description if line else invoice.label),
        detail=line.detail if line else "",
        net_cents=line.net_cents if line and whole else net_of(credit.gross_cents, rate),
        gross_cents=credit.gross_cents,
        category=category,
        rate=rate,
        supply_on=invoice.supply_on or invoice.issued_on,
    )


def credit_not_owed_locked(order: Order, reason: str, at: datetime, *, actor: Person | None) -> list[Invoice]:
    """Bring the order's documents down to what it owes now: one credit note per invoice that asks too much.

    For cancellations and refunds; the fee of a late cancellation stays invoiced. Nothing to credit: [].
    """
    lines = lines_locked(order)
    wanted, first = wanted_by_place(lines), first_lines(lines)
    notes = []
    for invoice in invoices_of(order):
        lefts, credits = left_of_lines(invoice), []
        for line in invoice.lines:
            if line.order_line_id is None:
                continue
            place = first[line.order_line_id]
            keep = min(wanted[place], lefts[line.id])
            wanted[place] -= keep
            credits.append(Credit(lefts[line.id] - keep, line))
        if any(credit.gross_cents for credit in credits):
            notes.append(credit_note_locked(invoice, credits, reason, at, actor=actor))
    return notes


def invoices_of(order: Order) -> list[Invoice]:
    """The invoices of an order (no credit notes) with their lines and taxes, the oldest first."""
    require_writing().flush()
    query = (
        select(Invoice).where(Invoice.order_id == order.id, Invoice.kind == InvoiceKind.INVOICE).order_by(Invoice.id)
    )
    parts = (selectinload(Invoice.lines), selectinload(Invoice.taxes))
    return list(db.session.scalars(query.options(*parts)))


def credit_ended_locked(ended: Sequence[Registration], at: datetime, *, actor: Person | None) -> list[Invoice]:
    """Registrations have ended: whatever invoices ask for them beyond a fee is credited. Their events must be locked."""
    session = require_writing()
    session.flush()
    order_ids = {row.order_id for row in ended}
    invoiced = select(Order).where(Order.id.in_(select(Invoice.order_id).where(Invoice.order_id.in_(order_ids))))
    notes = []
    for order in session.scalars(invoiced.order_by(Order.id)):
        with force_locale(order.locale):
            reason = pgettext("credit note", "Places given back")
        notes += credit_not_owed_locked(order, reason, at, actor=actor)
    return notes
