"""The lines of documents: what an order line still asks for, and what documents asked for it so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import force_locale, pgettext
from sqlalchemy import func, select

from models.base import db
from models.invoices import Invoice, InvoiceKind, InvoiceLine, VatCategory
from models.orders import Order, OrderLine
from models.registrations import Status
from services.dates import LONG_AGO, local_day, span_words
from services.vat import CATEGORIES, net_of

SURE = frozenset({Status.AWAITING_PAYMENT, Status.CONFIRMED})
"""The statuses whose price is invoiced: a request that waits for its answer, or an offer, is not owed for certain."""


@dataclass(frozen=True)
class Draft:
    """A line of a document before it stands. Amounts in cents."""

    order_line_id: int | None
    description: str
    detail: str
    net_cents: int
    gross_cents: int
    category: VatCategory
    rate: int
    supply_on: date

    def line(self, invoice: Invoice, position: int) -> InvoiceLine:
        return InvoiceLine(
            invoice=invoice,
            position=position,
            order_line_id=self.order_line_id,
            description=self.description[:300],
            detail=self.detail[:400],
            quantity=1,
            unit_net_cents=self.net_cents,
            net_cents=self.net_cents,
            gross_cents=self.gross_cents,
            vat_category=self.category,
            vat_rate=self.rate,
        )


def documented(order_line_ids: Iterable[int]) -> dict[int, int]:
    """Order line → what documents ask for it, credit notes taken off, gross in cents."""
    query = (
        select(InvoiceLine.order_line_id, Invoice.kind, func.sum(InvoiceLine.gross_cents))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoiceLine.order_line_id.in_(list(order_line_ids)))
        .group_by(InvoiceLine.order_line_id, Invoice.kind)
    )
    found: dict[int, int] = {}
    for line_id, kind, cents in db.session.execute(query):
        assert line_id is not None
        found[line_id] = found.get(line_id, 0) + (cents if kind == InvoiceKind.INVOICE else -cents)
    return found


def wanted_cents(line: OrderLine) -> int:
    """What documents should ask for the line: its price while its place is sure, else the fee of a late cancellation."""
    if line.is_owed:
        return line.gross_cents if line.registration.status in SURE else 0
    return line.fee_cents


def drafts_of(lines: Sequence[OrderLine], locale: str) -> list[Draft]:
    """A draft for every order line (its registration and event loaded) that asks for more than documents do."""
    first, asked = first_lines(lines), documented(line.id for line in lines)
    missing = wanted_by_place(lines)
    for line_id, cents in asked.items():
        missing[first[line_id]] -= cents
    drafts = []
    for line in lines:
        cents = min(missing[first[line.id]], wanted_cents(line))
        if cents > 0:
            missing[first[line.id]] -= cents
            drafts.append(draft_of(line, cents, locale))
    return drafts


def first_lines(lines: Sequence[OrderLine]) -> dict[int, int]:
    """Order line → the first line of the same place. A colleague, another date or another way to take part opens a line of
    its own on the order: what was invoiced for the first one is not invoiced again."""
    by_registration = {line.registration_id: line for line in lines}
    found: dict[int, int] = {}
    for line in lines:
        first = line
        while before := by_registration.get(first.registration.replaces_id or 0):
            first = before
        found[line.id] = first.id
    return found


def wanted_by_place(lines: Sequence[OrderLine]) -> dict[int, int]:
    """First line of each place → what documents should ask for it, over all its lines, gross in cents."""
    first = first_lines(lines)
    found: dict[int, int] = dict.fromkeys(first.values(), 0)
    for line in lines:
        found[first[line.id]] += wanted_cents(line)
    return found


def draft_of(line: OrderLine, gross_cents: int, locale: str) -> Draft:
    """The line of an invoice for `gross_cents` of an order line."""
    event = line.registration.event
    whole = gross_cents == line.gross_cents and line.is_owed
    with force_locale(locale):
        description = (
            line.description
            if line.is_owed
            else pgettext("invoice", "Cancellation fee: %(title)s", title=line.description)
        )
        name = line.registration.name or pgettext("invoice", "Place named later")
    when = span_words(event.starts_at, event.ends_at, locale, event.zone, LONG_AGO)
    return Draft(
        order_line_id=line.id,
        description=description,
        detail=" · ".join(part for part in (name, when, line.why if line.is_owed else "") if part),
        net_cents=line.net_cents if whole else net_of(gross_cents, line.vat_rate),
        gross_cents=gross_cents,
        category=CATEGORIES[line.vat],
        rate=line.vat_rate,
        supply_on=local_day(event.ends_at, event.zone),
    )


def is_invoiced(order: Order) -> bool:
    """Whether a document of the order stands."""
    return db.session.scalar(select(Invoice.id).where(Invoice.order_id == order.id).limit(1)) is not None
