"""The VAT of a period: documents on the day of issue, other money on the day it was booked, each cent once."""

from __future__ import annotations

from datetime import date, timedelta

from models.base import now
from models.events import VatTreatment
from models.invoices import Invoice, InvoiceKind, InvoiceTax, VatCategory
from models.orders import Order
from services.orders import receive_money
from services.transaction import writing
from services.vat_summary import VatRow, vat_summary
from tests.cast import Cast
from tests.services.test_revenue import ZONE, order_on

S, E = VatCategory.STANDARD, VatCategory.EXEMPT


def issue(code: str, kind: InvoiceKind, day: date, base: int, vat: int, corrects: int | None = None) -> int:
    with writing() as session:
        order = session.query(Order).filter_by(code=code).one()
        invoice = Invoice(
            kind=kind, year=day.year, number=1, order_id=order.id, corrects_id=corrects, issued_on=day, locale="en",
            seller={}, buyer={}, net_cents=base, vat_cents=vat, gross_cents=base + vat,
        )  # fmt: skip
        session.add(invoice)
        session.add(InvoiceTax(invoice=invoice, vat_category=S, vat_rate=21, base_cents=base, vat_cents=vat))
        session.flush()
        return invoice.id


def summary(day: date) -> list[VatRow]:
    return vat_summary(day, day, ZONE)


def test_money_without_a_document_counts_when_it_was_booked(cast: Cast) -> None:
    order_on(cast, 10, 10000, 12100)
    order_on(cast, 20, 30000, 30000, VatTreatment.EXEMPT_TRAINING)
    assert summary(now().date()) == [VatRow(S, 21, 0, 0, 10000, 2100), VatRow(E, 0, 0, 0, 30000, 0)]
    assert summary(now().date() - timedelta(days=2)) == []


def test_a_document_counts_on_its_day_and_its_money_not_again(cast: Cast) -> None:
    code, day = order_on(cast, 10, 10000, 12100), date(2026, 3, 14)
    invoice = issue(code, InvoiceKind.INVOICE, day, 10000, 2100)
    assert summary(day) == [VatRow(S, 21, 10000, 2100, 0, 0)]
    assert summary(now().date()) == []
    issue(code, InvoiceKind.CREDIT_NOTE, day + timedelta(days=1), 4000, 840, invoice)
    assert summary(day + timedelta(days=1)) == [VatRow(S, 21, -4000, -840, 0, 0)]
    assert vat_summary(day, day + timedelta(days=1), ZONE) == [VatRow(S, 21, 6000, 1260, 0, 0)]


def test_every_cent_of_a_partial_payment_is_somewhere(cast: Cast) -> None:
    code = order_on(cast, 10, 10000, 3333)
    receive_money(code, 1, provider="transfer", provider_reference="one cent", booked_at=now(), actor=None)
    (row,) = summary(now().date())
    assert row.base_cents + row.vat_cents == 3334
