"""What a treasurer writes into the VAT return: by treatment and rate, from documents, and from money without a document.

An issued invoice counts on the day of its issue, a credit note against it. Money of an order without any invoice counts
on the day it was booked (Belgian VAT Code art. 17 §1: VAT is due on what is received before the supply), shared over the
order's lines in proportion to their prices; money that went back counts against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from models.base import db
from models.events import VatTreatment
from models.invoices import Invoice, InvoiceKind, InvoiceTax, VatCategory
from models.orders import LedgerEntry, OrderLine
from services.revenue import shared

CATEGORIES: dict[str, VatCategory] = {
    VatTreatment.STANDARD: VatCategory.STANDARD,
    VatTreatment.EXEMPT_TRAINING: VatCategory.EXEMPT,
    VatTreatment.REVERSE_CHARGE: VatCategory.REVERSE_CHARGE,
    VatTreatment.OUT_OF_SCOPE: VatCategory.OUT_OF_SCOPE,
}


@dataclass(frozen=True)
class VatRow:
    """One treatment and rate of a period: base and VAT in cents, credit notes and refunds taken off."""

    category: VatCategory
    rate: int
    invoiced_base_cents: int
    invoiced_vat_cents: int
    other_base_cents: int  # of money without a document
    other_vat_cents: int

    @property
    def base_cents(self) -> int:
        return self.invoiced_base_cents + self.other_base_cents

    @property
    def vat_cents(self) -> int:
        return self.invoiced_vat_cents + self.other_vat_cents


Sums = dict[tuple[VatCategory, int], list[int]]


def vat_summary(first: date, last: date, zone: str) -> list[VatRow]:
    """The rows of a period, both days included, by the cluster's clock; the highest rate first. Three queries."""
    sums: Sums = {}
    of_documents(sums, first, last)
    of_money(sums, first, last, ZoneInfo(zone))
    order = list(VatCategory)
    keys = sorted(sums, key=lambda key: (-key[1], order.index(key[0])))
    return [VatRow(category, rate, *sums[category, rate]) for category, rate in keys]


def of_documents(sums: Sums, first: date, last: date) -> None:
    rows = db.session.execute(
        select(Invoice.kind, InvoiceTax.vat_category, InvoiceTax.vat_rate, InvoiceTax.base_cents, InvoiceTax.vat_cents)
        .join(Invoice, Invoice.id == InvoiceTax.invoice_id)
        .where(Invoice.issued_on >= first, Invoice.issued_on <= last)
    )
    for kind, category, rate, base, vat in rows:
        sign = -1 if kind == InvoiceKind.CREDIT_NOTE else 1
        add(sums, VatCategory(category), rate, 0, sign * base, sign * vat)


def of_money(sums: Sums, first: date, last: date, zone: ZoneInfo) -> None:
    """Money of orders that never had an invoice, by the price lines of the order."""
    begins = datetime.combine(first, time(0), zone).astimezone(UTC)
    ends = datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC)
    invoiced = exists().where(Invoice.order_id == LedgerEntry.order_id)
    entries = db.session.execute(
        select(LedgerEntry.order_id, LedgerEntry.cents)
        .where(LedgerEntry.booked_at >= begins, LedgerEntry.booked_at < ends, ~invoiced)
        .order_by(LedgerEntry.id)
    ).all()
    lines = lines_of({order_id for order_id, _cents in entries})
    for order_id, cents in entries:
        share_entry(sums, cents, lines.get(order_id, []))


def lines_of(order_ids: set[int]) -> dict[int, list[tuple[str, int, int, int]]]:
    """Treatment, rate, net and gross of the priced lines of these orders."""
    found: dict[int, list[tuple[str, int, int, int]]] = {}
    query = (
        select(OrderLine.order_id, OrderLine.vat, OrderLine.vat_rate, OrderLine.net_cents, OrderLine.gross_cents)
        .where(OrderLine.order_id.in_(order_ids), OrderLine.gross_cents > 0)
        .order_by(OrderLine.id)
    )
    for order_id, vat, rate, net, gross in db.session.execute(query):
        found.setdefault(order_id, []).append((vat, rate, net, gross))
    return found


def share_entry(sums: Sums, cents: int, lines: Iterable[tuple[str, int, int, int]]) -> None:
    priced = list(lines)
    if not priced:
        return
    sign = 1 if cents > 0 else -1
    for (vat, rate, net, gross), part in zip(priced, shared(abs(cents), [row[3] for row in priced]), strict=True):
        base = (2 * part * net + gross) // (2 * gross)
        add(sums, CATEGORIES[vat], rate, 2, sign * base, sign * (part - base))


def add(sums: Sums, category: VatCategory, rate: int, at: int, base: int, vat: int) -> None:
    row = sums.setdefault((category, rate), [0, 0, 0, 0])
    row[at] += base
    row[at + 1] += vat
