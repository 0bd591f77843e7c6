"""What is written once: the database itself refuses to change the ledger and issued documents."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from models.base import db, now
from models.invoices import FROZEN, Invoice, InvoiceKind, InvoiceLine, InvoiceTax, VatCategory
from models.orders import Order
from services.orders import receive_money
from services.registrations import register
from services.transaction import writing
from services.wishes import Wish
from tests.cast import Cast, make_event


@pytest.fixture
def paid(cast: Cast) -> Order:
    event = make_event()
    order = register(cast.carol, event.id, Wish("Carol", "Nguyễn", cast.address(cast.carol)), locale="en")
    return receive_money(
        order.code, 50820, provider="transfer", provider_reference="1", booked_at=now(), actor=cast.fay
    )


@pytest.fixture
def issued(paid: Order) -> Invoice:
    with writing() as session:
        invoice = Invoice(
            kind=InvoiceKind.INVOICE, year=2026, number=1, order_id=paid.id, issued_on=date(2026, 11, 30), locale="en",
            seller={}, buyer={}, net_cents=42000, vat_cents=8820, gross_cents=50820,
        )  # fmt: skip
        session.add(invoice)
        session.add(
            InvoiceLine(
                invoice=invoice, position=1, description="Aseptic techniques", unit_net_cents=42000, net_cents=42000,
                gross_cents=50820,                vat_category=VatCategory.STANDARD, vat_rate=21,
            )
        )  # fmt: skip
        session.add(
            InvoiceTax(
                invoice=invoice, vat_category=VatCategory.STANDARD, vat_rate=21, base_cents=42000, vat_cents=8820
            )
        )
    return invoice


@pytest.mark.parametrize("name", FROZEN)
def test_nothing_changes_or_removes_a_frozen_row(app: Flask, issued: Invoice, name: str) -> None:
    rows = db.session.scalar(text(f"SELECT count(*) FROM {name}"))
    assert rows == 1
    for statement in (f"UPDATE {name} SET id = id", f"DELETE FROM {name}"):
        assert refused(statement)
    assert db.session.scalar(text(f"SELECT count(*) FROM {name}")) == 1


def refused(statement: str) -> bool:
    try:
        with writing() as session:
            session.execute(text(statement))
    except DatabaseError as error:
        return "is frozen" in str(error)
    return False
