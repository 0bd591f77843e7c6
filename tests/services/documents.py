"""What holds of invoices and credit notes whatever happened to their orders; counted from the rows, not by the services."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db
from models.invoices import Invoice, InvoiceKind, InvoiceSeries
from models.orders import LedgerEntry, OrderLine
from models.payments import Refund, RefundState


def wrong_documents() -> list[str]:
    """One sentence for each invoice, credit note or series that is not as the law wants it."""
    loaded = select(Invoice).options(selectinload(Invoice.lines), selectinload(Invoice.taxes)).order_by(Invoice.id)
    documents = list(db.session.scalars(loaded))
    return [*gaps(documents), *wrong_sums(documents), *credited_too_much(documents)]


def gaps(documents: list[Invoice]) -> list[str]:
    """The numbers of each series and year are 1, 2, 3 …, in the order of their days, and the series knows the last."""
    series: dict[tuple[str, int], list[Invoice]] = defaultdict(list)
    for document in documents:
        series[document.kind, document.year].append(document)
    last: dict[tuple[str, int], int] = {
        (row.kind, row.year): row.last for row in db.session.scalars(select(InvoiceSeries))
    }
    found = []
    for key, members in series.items():
        members.sort(key=lambda document: document.number)
        numbers, days = [document.number for document in members], [document.issued_on for document in members]
        if numbers != list(range(1, len(members) + 1)) or days != sorted(days) or last.get(key) != len(members):
            found.append(f"{key}: numbers {numbers}, the series says {last.get(key)}")
    return found


def wrong_sums(documents: list[Invoice]) -> list[str]:
    """A document asks what its lines ask: net, VAT per rate, and the cents of rounding between them."""
    return [
        f"{document.label} does not add up"
        for document in documents
        if document.gross_cents != sum(line.gross_cents for line in document.lines)
        or document.net_cents != sum(line.net_cents for line in document.lines)
        or document.net_cents != sum(tax.base_cents for tax in document.taxes)
        or document.vat_cents != sum(tax.vat_cents for tax in document.taxes)
        or document.gross_cents != document.net_cents + document.vat_cents + document.rounding_cents
    ]


def credited_too_much(documents: list[Invoice]) -> list[str]:
    """Per category and rate of VAT: the credit notes of an invoice never exceed it, in base, VAT or gross."""
    left: dict[int, dict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for document in documents:
        sign = 1 if document.kind == InvoiceKind.INVOICE else -1
        mine = left[document.corrects_id or document.id]
        for tax in document.taxes:
            mine[tax.vat_category, tax.vat_rate][0] += sign * tax.base_cents
            mine[tax.vat_category, tax.vat_rate][1] += sign * tax.vat_cents
        for line in document.lines:
            mine[line.vat_category, line.vat_rate][2] += sign * line.gross_cents
    labels = {document.id: document.label for document in documents}
    return [
        f"{labels[invoice]} at {key[1]} %: base, VAT and gross left are {cents}"
        for invoice, rates in left.items()
        for key, cents in rates.items()
        if min(cents) < 0
    ]


def refunded_too_much() -> list[str]:
    """What goes back for a receipt, or has gone, never exceeds it."""
    back: dict[int, int] = defaultdict(int)
    under_way = select(Refund.receipt_id, Refund.cents).where(Refund.state != RefundState.FAILED)
    for receipt_id, cents in db.session.execute(under_way):
        back[receipt_id] += cents
    receipts = db.session.execute(select(LedgerEntry.id, LedgerEntry.cents).where(LedgerEntry.id.in_(back)))
    return [f"receipt {number}: {back[number]} back of {cents}" for number, cents in receipts if back[number] > cents]


def asked_too_much() -> list[str]:
    """The documents of an order ask, all in all, no more than it owes."""
    asked: dict[int, int] = defaultdict(int)
    for order_id, kind, cents in db.session.execute(select(Invoice.order_id, Invoice.kind, Invoice.gross_cents)):
        asked[order_id] += cents if kind == InvoiceKind.INVOICE else -cents
    lines = select(OrderLine).where(OrderLine.order_id.in_(asked)).options(joinedload(OrderLine.registration))
    owed: dict[int, int] = defaultdict(int)
    for line in db.session.scalars(lines):
        owed[line.order_id] += line.owed_cents
    return [
        f"order {number}: asks {cents}, owes {owed[number]}" for number, cents in asked.items() if cents > owed[number]
    ]
