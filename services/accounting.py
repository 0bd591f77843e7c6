"""The accounting export: one line for each movement of money, with the documents and VAT codes it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from integrations.sheets import Column, Kind, csv_stream
from models.base import db
from models.invoices import Invoice, VatCategory
from models.orders import LedgerEntry, Order
from services.vat_summary import lines_of, split

BLOCK = 500


def accounting_file(first: date, last: date) -> tuple[bytes, int]:
    """The ledger of a period (both days included, by the cluster's clock) as CSV, and how many lines it has."""
    rows = list(lines(first, last))
    return b"".join(csv_stream(columns(), rows)), len(rows)


def columns() -> list[Column]:
    texts = [
        _("Kind"), _("By"), _("The bank’s own reference"), _("Order"), _("Structured communication"), _("Customer"),
        _("VAT number"), _("Documents"), _("VAT codes"),
    ]  # fmt: skip
    amounts = [_("Net"), _("VAT"), _("Amount")]
    return [
        Column(_("Day"), Kind.DATE),
        *(Column(title) for title in texts),
        *(Column(title, Kind.MONEY) for title in amounts),
        Column(_("Note")),
    ]


def lines(first: date, last: date) -> Iterator[tuple[Any, ...]]:
    """The cells of each ledger entry, in the order in which money moved. Memory is held for one block of orders."""
    zone = ZoneInfo(current_app.extensions["cluster"].zone)
    begins = datetime.combine(first, time(0), zone).astimezone(UTC)
    ends = datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC)
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.booked_at >= begins, LedgerEntry.booked_at < ends)
        .options(joinedload(LedgerEntry.order).joinedload(Order.buyer))
        .order_by(LedgerEntry.booked_at, LedgerEntry.id)
    )
    for block in db.session.scalars(query.execution_options(yield_per=BLOCK)).partitions():
        orders = {entry.order_id for entry in block}
        priced, documents = lines_of(orders), labels(orders)
        for entry in block:
            parts = split(entry.cents, priced.get(entry.order_id, []))
            yield cells(entry, parts, documents.get(entry.order_id, []), zone)


def cells(
    entry: LedgerEntry, parts: Iterable[tuple[VatCategory, int, int, int]], documents: list[str], zone: ZoneInfo
) -> tuple[Any, ...]:
    """One entry: the VAT codes (S21, E0, AE0, O0) of what its order is for, and net + VAT = amount."""
    order = entry.order
    codes = sorted({f"{category}{rate}" for category, rate, _, _ in parts})
    tax = sum(vat for _, _, _, vat in parts)
    return (
        entry.booked_at.astimezone(zone).date(), entry.kind, entry.provider, entry.provider_reference, order.code,
        order.reference or "", order.billing.get("name") or order.buyer.name, order.billing.get("vat_number") or "",
        ", ".join(documents), "+".join(codes), entry.cents - tax, tax, entry.cents, entry.note,
    )  # fmt: skip


def labels(order_ids: Iterable[int]) -> dict[int, list[str]]:
    """Order → the numbers of its documents."""
    found: dict[int, list[str]] = {}
    query = select(Invoice).where(Invoice.order_id.in_(list(order_ids))).order_by(Invoice.id)
    for invoice in db.session.scalars(query):
        found.setdefault(invoice.order_id, []).append(invoice.label)
    return found
