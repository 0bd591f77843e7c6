"""What a treasurer writes into the VAT return: by treatment and rate, from documents, and from money without a document.

An issued invoice counts on the day of its issue, a credit note against it. Money of an order that had no invoice yet counts
on the day it was booked (Belgian VAT Code art. 17 §1: VAT is due on what is received before the supply), shared over the
order's lines in proportion to their prices; money that went back counts against it. When an invoice follows on a later day,
that money is taken off again on the day of the invoice: what was declared stays as it was, and no cent is declared twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from models.base import db
from models.invoices import Invoice, InvoiceKind, InvoiceTax, VatCategory
from models.orders import LedgerEntry, OrderLine
from services.revenue import shared
from services.vat import CATEGORIES


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


PricedLine = tuple[str, int, int, int]
"""Treatment, rate, net and gross of a line of an order."""
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
    """Money of orders that had no invoice when we learned of it, by the price lines of the order; and that money taken off
    again on the day of the order's first invoice."""
    begins = datetime.combine(first, time(0), zone).astimezone(UTC)
    ends = datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC)
    day = func.min(Invoice.issued_on)
    invoiced = select(Invoice.order_id, day.label("day")).group_by(Invoice.order_id).subquery()
    in_period = (LedgerEntry.booked_at >= begins) & (LedgerEntry.booked_at < ends)
    entries = db.session.execute(
        select(LedgerEntry.order_id, LedgerEntry.cents, LedgerEntry.booked_at, LedgerEntry.created_at, invoiced.c.day)
        .outerjoin(invoiced, invoiced.c.order_id == LedgerEntry.order_id)
        .where(in_period | invoiced.c.day.between(first, last))
        .order_by(LedgerEntry.id)
    ).all()
    lines = lines_of({entry.order_id for entry in entries})
    for order_id, cents, booked_at, known_at, invoiced_on in entries:
        if invoiced_on is not None and known_at.astimezone(zone).date() >= invoiced_on:
            continue  # the invoice tells it
        counts = int(begins <= booked_at < ends) - int(invoiced_on is not None and first <= invoiced_on <= last)
        for category, rate, base, vat in split(cents, lines.get(order_id, [])):
            add(sums, category, rate, 2, counts * base, counts * vat)


def lines_of(order_ids: Iterable[int]) -> dict[int, list[PricedLine]]:
    """The priced lines of these orders."""
    found: dict[int, list[PricedLine]] = {}
    query = (
        select(OrderLine.order_id, OrderLine.vat, OrderLine.vat_rate, OrderLine.net_cents, OrderLine.gross_cents)
        .where(OrderLine.order_id.in_(list(order_ids)), OrderLine.gross_cents > 0)
        .order_by(OrderLine.id)
    )
    for order_id, vat, rate, net, gross in db.session.execute(query):
        found.setdefault(order_id, []).append((vat, rate, net, gross))
    return found


def split(cents: int, lines: Sequence[PricedLine]) -> list[tuple[VatCategory, int, int, int]]:
    """An entry over the lines of its order by their prices: category, rate, base and VAT of each part; they add up."""
    if not lines:
        return []
    sign = 1 if cents > 0 else -1
    parts = shared(abs(cents), [gross for *_, gross in lines])
    bases = [(2 * part * net + gross) // (2 * gross) for (_, _, net, gross), part in zip(lines, parts, strict=True)]
    return [
        (CATEGORIES[vat], rate, sign * base, sign * (part - base))
        for (vat, rate, _, _), part, base in zip(lines, parts, bases, strict=True)
    ]


def add(sums: Sums, category: VatCategory, rate: int, at: int, base: int, vat: int) -> None:
    row = sums.setdefault((category, rate), [0, 0, 0, 0])
    row[at] += base
    row[at + 1] += vat
