"""Invoices are issued: what an order owes and no document asks for yet, frozen under the next number of its series.

The number is taken last, in the transaction that writes the document: one that fails gives its number back, so the series has no gap.
The order must be locked (services/orders.lock_order_locked); the series is locked after it, always in that order.
Papers and mails are made after the commit (services/invoice_files.py, services/invoice_delivery.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask import current_app
from flask_babel import force_locale, pgettext
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from models.invoices import Invoice, InvoiceKind, InvoiceSeries, InvoiceTax, VatCategory
from models.orders import EntryKind, LedgerEntry, Order, OrderLine
from models.organisations import Organisation
from models.people import Person
from models.registrations import Registration
from services.audit import record_locked
from services.dates import LONG_AGO, day_words, local_day
from services.invoice_letters import mail_document_locked
from services.invoice_lines import Draft, drafts_of
from services.invoice_parties import buyer_of, is_business, seller_of
from services.places import FRESH
from services.transaction import require_writing
from services.vat import REASON_CODES, Tax, mention, taxes_of

CLUSTER_TERM_DAYS = 30  # law of 2 August 2002, art. 4: what an invoice gives when nothing else was agreed


class NothingToInvoice(ValueError):
    """Everything the order owes stands on an invoice already, or it owes nothing."""


class PurchaseOrderAwaited(ValueError):
    """The payer's purchase-order number is still to come; it releases the invoice."""


def invoices_consumers() -> bool:
    """Whether the cluster invoices private persons without being asked."""
    return bool(current_app.extensions["cluster"].data.get("invoices", {}).get("consumers") == "always")


def issue_due_locked(order: Order, at: datetime, *, actor: Person | None = None) -> list[Invoice]:
    """Issue what is due now, and nothing else: on account as soon as it is owed, else once it is paid; to a private person
    when they asked, or when the cluster invoices everybody. Held while the payer's purchase-order number is to come."""
    if order.awaits_purchase_order and not order.purchase_order:
        return []
    wanted = is_business(order) or bool(order.billing.get("wants_invoice")) or invoices_consumers()
    if not wanted or not (order.is_on_account or is_covered_locked(order)):
        return []
    return issue_drafts_locked(order, drafts_of(lines_locked(order), order.locale), at, actor)


def issue_locked(order: Order, at: datetime, *, actor: Person | None) -> list[Invoice]:
    """Issue everything the order owes, paid or not. What lies outside VAT gets a document of its own (EN 16931 BR-O-11).
    Raises NothingToInvoice and PurchaseOrderAwaited."""
    if order.awaits_purchase_order and not order.purchase_order:
        raise PurchaseOrderAwaited(order.code)
    issued = issue_drafts_locked(order, drafts_of(lines_locked(order), order.locale), at, actor)
    if not issued:
        raise NothingToInvoice(order.code)
    return issued


def lines_locked(order: Order) -> list[OrderLine]:
    """The lines of the order as they are now, with their registrations and events."""
    session = require_writing()
    session.flush()
    query = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
    registration = joinedload(OrderLine.registration)
    whole = (
        registration.joinedload(Registration.event),
        registration.joinedload(Registration.order),
    )  # callers tell them
    return list(session.scalars(query.options(*whole).execution_options(**FRESH)))


def is_covered_locked(order: Order) -> bool:
    """Whether something is owed and the order's money covers it."""
    owed = sum(line.owed_cents for line in lines_locked(order))
    return 0 < owed <= money_locked(order)


def money_locked(order: Order) -> int:
    query = select(func.sum(LedgerEntry.cents)).where(LedgerEntry.order_id == order.id)
    return int(require_writing().scalar(query) or 0)


def issue_drafts_locked(order: Order, drafts: Sequence[Draft], at: datetime, actor: Person | None) -> list[Invoice]:
    outside = [draft for draft in drafts if draft.category is VatCategory.OUT_OF_SCOPE]
    inside = [draft for draft in drafts if draft.category is not VatCategory.OUT_OF_SCOPE]
    return [write_invoice_locked(order, group, at, actor) for group in (inside, outside) if group]


def write_invoice_locked(order: Order, drafts: Sequence[Draft], at: datetime, actor: Person | None) -> Invoice:
    """One invoice with these lines (at least one), under the next number."""
    taxes = taxes_of((draft.category, draft.rate, draft.net_cents) for draft in drafts)
    net, gross = sum(draft.net_cents for draft in drafts), sum(draft.gross_cents for draft in drafts)
    vat = sum(tax.vat_cents for tax in taxes)
    prepaid = min(max(money_locked(order) - asked_before_locked(order), 0), gross)
    day = local_day(at, current_app.extensions["cluster"].zone)
    invoice = Invoice(
        kind=InvoiceKind.INVOICE,
        order_id=order.id,
        due_on=due_day_locked(order, day) if gross > prepaid else None,
        supply_on=max(draft.supply_on for draft in drafts),
        locale=order.locale,
        seller=seller_of(),
        buyer=buyer_of(order),
        purchase_order=order.purchase_order or "",
        payment_reference=order.reference or "",
        notes=paid_notes_locked(order) if prepaid == gross else [],
        net_cents=net,
        vat_cents=vat,
        rounding_cents=gross - net - vat,
        gross_cents=gross,
        prepaid_cents=prepaid,
        issued_by_id=actor.id if actor else None,
        created_at=at,
    )
    return add_locked(invoice, order, drafts, taxes, day, actor)


def add_locked(
    invoice: Invoice, order: Order, drafts: Sequence[Draft], taxes: Sequence[Tax], day: date, actor: Person | None
) -> Invoice:
    """Write the document with its lines: its number is taken here, after everything else is known."""
    session = require_writing()
    invoice.year = day.year
    invoice.number = next_number_locked(invoice.kind, day.year)
    invoice.issued_on = max(day, latest_day_locked(invoice.kind, day.year) or day)
    session.add(invoice)
    session.add_all(draft.line(invoice, position) for position, draft in enumerate(drafts, 1))
    session.add_all(tax_row(invoice, tax) for tax in taxes)
    session.flush()
    record_locked(f"{invoice.kind}.issued", actor, subject_kind="invoice", subject_id=invoice.id,
                  details={"number": invoice.label, "cents": invoice.gross_cents})  # fmt: skip
    mail_document_locked(invoice, order)
    return invoice


def tax_row(invoice: Invoice, tax: Tax) -> InvoiceTax:
    return InvoiceTax(
        invoice=invoice,
        vat_category=tax.category,
        vat_rate=tax.rate,
        base_cents=tax.base_cents,
        vat_cents=tax.vat_cents,
        mention=mention(tax.category, invoice.locale),
        reason_code=REASON_CODES.get(tax.category, ""),
    )


def next_number_locked(kind: InvoiceKind, year: int) -> int:
    """The next number of the series. Its row stays locked until the commit: the others wait, and none is left out."""
    session = require_writing()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(InvoiceSeries).values(kind=kind, year=year, last=1)
    raised = statement.on_conflict_do_update(index_elements=["kind", "year"], set_={"last": InvoiceSeries.last + 1})
    return session.execute(raised.returning(InvoiceSeries.last)).scalar_one()


def latest_day_locked(kind: InvoiceKind, year: int) -> date | None:
    """The day of the series' latest document: dates never go back while numbers go on."""
    query = select(func.max(Invoice.issued_on)).where(Invoice.kind == kind, Invoice.year == year)
    return require_writing().scalar(query)


def asked_before_locked(order: Order) -> int:
    """What the order's earlier documents ask, credit notes taken off, in cents."""
    rows = require_writing().execute(select(Invoice.kind, Invoice.gross_cents).where(Invoice.order_id == order.id))
    return sum(cents if kind == InvoiceKind.INVOICE else -cents for kind, cents in rows)


def due_day_locked(order: Order, day: date) -> date:
    """The payer's own term for an order on account; else when its places are held until, or thirty days for a business
    that pays what it has already."""
    if order.is_on_account:
        query = select(Organisation.payment_term_days).where(Organisation.id == order.payer_organisation_id)
        days = require_writing().scalar(query)
        return day + timedelta(days=CLUSTER_TERM_DAYS if days is None else days)
    if order.due_at is not None:
        return max(day, local_day(order.due_at, current_app.extensions["cluster"].zone))
    return day + timedelta(days=CLUSTER_TERM_DAYS)


def paid_notes_locked(order: Order) -> list[str]:
    """“Paid in full on 30 November 2026.”"""
    query = select(func.max(LedgerEntry.booked_at)).where(
        LedgerEntry.order_id == order.id, LedgerEntry.kind == EntryKind.RECEIPT, LedgerEntry.cents > 0
    )
    last = require_writing().scalar(query)
    if last is None:
        return []
    day = day_words(local_day(last, current_app.extensions["cluster"].zone), order.locale, False, LONG_AGO)
    with force_locale(order.locale):
        return [pgettext("invoice", "Paid in full on %(day)s.", day=day)]
