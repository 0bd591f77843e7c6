"""The figures of finance against the ledger, counted by hand: VAT table, revenue and the accountant's file say one thing."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select

from models.base import db, now
from models.events import VatTreatment
from models.invoices import InvoiceKind, VatCategory
from models.orders import EntryKind, LedgerEntry, OrderLine
from models.registrations import Registration
from services.accounting import accounting_file
from services.finance_files import vat_file
from services.invoicing import issue_locked
from services.ledger import Movement, book_locked
from services.orders import lock_order_locked, receive_money
from services.prices import vat_on
from services.registrations import cancel
from services.revenue import by_month, paid_lines
from services.transaction import writing
from services.vat_summary import VatRow, vat_summary
from tests.cast import Cast, make_event
from tests.services.billed import as_company, invoices, lines_of, pay, team_ordered
from tests.services.test_accounting import table
from tests.services.test_revenue import ZONE, move, order_on
from tests.services.test_vat_summary import issue

S, E, OUT = VatCategory.STANDARD, VatCategory.EXEMPT, VatCategory.OUT_OF_SCOPE
FIRST, LAST = date(2020, 1, 1), date(2099, 12, 31)


def rows() -> list[VatRow]:
    return vat_summary(FIRST, LAST, ZONE)


def in_the_ledger() -> int:
    return int(db.session.scalar(select(func.sum(LedgerEntry.cents))) or 0)


def file_by_code() -> dict[str, tuple[int, int]]:
    """Net and VAT of the accountant's file by VAT code."""
    with force_locale("en"):
        lines = table(accounting_file(FIRST, LAST)[0])
    net: Counter[str] = Counter()
    tax: Counter[str] = Counter()
    for line in lines:
        assert cents(line["Net"]) + cents(line["VAT"]) == cents(line["Amount"]), line
        net[line["VAT codes"]] += cents(line["Net"])
        tax[line["VAT codes"]] += cents(line["VAT"])
    return {code: (net[code], tax[code]) for code in net}


def cents(said: str) -> int:
    return int(said.replace(",", ""))


def by_code() -> dict[str, tuple[int, int]]:
    return {f"{row.category}{row.rate}": (row.base_cents, row.vat_cents) for row in rows()}


def test_a_quarter_by_hand(cast: Cast) -> None:
    """
    21 %     Carol pays 121.00 (100 + 21), a card payment of 242.00 (200 + 42) is contested: −242.00, won again: +242.00
    exempt   300.00 for a training; 60.00 of it goes back
    together 100 + 200 = 300.00 and 63.00 VAT; exempt 240.00; ledger 121 + 242 + 240 = 603.00
    """
    order_on(cast, 10, 10000, 12100)
    contested = order_on(cast, 20, 20000, 24200)
    training = order_on(cast, 30, 30000, 30000, VatTreatment.EXEMPT_TRAINING)
    move(contested, EntryKind.DISPUTE, -24200)
    assert by_code() == {"S21": (10000, 2100), "E0": (30000, 0)}
    move(contested, EntryKind.DISPUTE_WON, 24200)
    move(training, EntryKind.REFUND, -6000)
    assert rows() == [VatRow(S, 21, 0, 0, 30000, 6300), VatRow(E, 0, 0, 0, 24000, 0)]
    assert sum(row.base_cents + row.vat_cents for row in rows()) == in_the_ledger() == 60300
    assert file_by_code() == by_code()
    months = by_month(paid_lines(), now(), ZONE)
    assert sum(month.total_cents for month in months) == 30000 + 24000
    with force_locale("en"):
        last = vat_file(rows()).decode().splitlines()[-1]
    assert last == "exempt training, art. 44 § 2, 4°;0;0,00;0,00;240,00;0,00;240,00;0,00"


def test_a_refund_and_a_credit_note_count_against(cast: Cast) -> None:
    """Two places at 302.50 are paid and invoiced: 500.00 + 105.00. One is given back in time and refunded: half of it stays."""
    as_company(cast)
    order = team_ordered(cast, 2)
    pay(order, 60500)
    assert rows() == [VatRow(S, 21, 50000, 10500, 0, 0)]
    seat = db.session.scalars(select(Registration.public_id).order_by(Registration.id).limit(1)).one()
    cancel(seat, actor=cast.dora)
    assert [document.kind for document in invoices(order)] == ["invoice", "credit_note"]
    assert rows() == [VatRow(S, 21, 25000, 5250, 0, 0)]
    move(order.code, EntryKind.REFUND, -30250)
    assert rows() == [VatRow(S, 21, 25000, 5250, 0, 0)]
    assert in_the_ledger() == 25000 + 5250


def test_a_period_with_more_credited_than_invoiced_is_negative(cast: Cast) -> None:
    code, day = order_on(cast, 10, 10000, 0), date(2026, 3, 14)
    invoice = issue(code, InvoiceKind.INVOICE, day, 10000, 2100)
    issue(code, InvoiceKind.CREDIT_NOTE, day + timedelta(days=40), 10000, 2100, invoice)
    april = vat_summary(date(2026, 4, 1), date(2026, 6, 30), ZONE)
    assert april == [VatRow(S, 21, -10000, -2100, 0, 0)]
    with force_locale("en"):
        assert vat_file(april).decode().splitlines()[-1] == "taxed;21;-100,00;-21,00;0,00;0,00;-100,00;-21,00"


def test_what_was_declared_stays_when_an_invoice_follows(cast: Cast) -> None:
    """Paid in one quarter, invoiced in the next: the first keeps its VAT, the second declares nothing twice."""
    code = order_on(cast, 200, 10000, 0)
    paid = now() - timedelta(days=100)
    receive_money(code, 12100, provider="transfer", provider_reference="in", booked_at=paid, actor=None, at=paid)
    before = vat_summary(day_of(paid), day_of(paid), ZONE)
    assert before == [VatRow(S, 21, 0, 0, 10000, 2100)]
    with writing():
        issue_locked(lock_order_locked(code), now(), actor=None)
    assert vat_summary(day_of(paid), day_of(paid), ZONE) == before
    assert vat_summary(day_of(now()), day_of(now()), ZONE) == [VatRow(S, 21, 10000, 2100, -10000, -2100)]
    assert rows() == [VatRow(S, 21, 10000, 2100, 0, 0)]
    move(code, EntryKind.REFUND, -12100)  # afterwards a credit note tells it, not the money
    assert rows() == [VatRow(S, 21, 10000, 2100, 0, 0)]


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ZONE)).date()


TREATMENTS = {S: VatTreatment.STANDARD, E: VatTreatment.EXEMPT_TRAINING, OUT: VatTreatment.OUT_OF_SCOPE}
lines = st.lists(st.tuples(st.integers(1, 20_000), st.sampled_from([S, E, OUT])), min_size=1, max_size=3)
moves = st.lists(st.tuples(st.sampled_from(list(EntryKind)), st.integers(1, 60_000)), min_size=1, max_size=6)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(st.tuples(lines, moves), min_size=1, max_size=3))
def test_whatever_moved_the_table_the_file_and_the_ledger_agree(
    cast: Cast, orders: list[tuple[list[Any], list[Any]]]
) -> None:
    for priced, moved in orders:
        order = team_ordered(cast, len(priced), make_event())
        priced_as(lines_of(order), priced)
        for number, (kind, amount) in enumerate(moved):
            sign = -1 if kind in (EntryKind.REFUND, EntryKind.DISPUTE) else 1
            with writing():
                locked = lock_order_locked(order.code)
                movement = Movement(kind, "manual", f"{order.code}-{number}", sign * amount, now())
                book_locked(locked, movement, now())
    assert sum(row.base_cents + row.vat_cents for row in rows()) == in_the_ledger()
    assert sum(net for net, _ in file_by_code().values()) == sum(row.base_cents for row in rows())
    assert sum(tax for _, tax in file_by_code().values()) == sum(row.vat_cents for row in rows())
    assert all(row.vat_cents == 0 for row in rows() if not row.rate)


def priced_as(rows: list[OrderLine], priced: list[tuple[int, VatCategory]]) -> None:
    with writing() as session:
        for line, (net, category) in zip(rows, priced, strict=True):
            row = session.get_one(OrderLine, line.id)
            row.net_cents, row.vat, row.vat_rate = net, TREATMENTS[category], 21 if category is S else 0
            row.vat_cents = vat_on(net, row.vat_rate)
            row.gross_cents = net + row.vat_cents


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+32 81", "-1", "@SUM(A1)", "\t=1"])
def test_a_name_is_no_formula_in_the_accountants_file(cast: Cast, name: str) -> None:
    code = order_on(cast, 10, 10000, 12100)
    with writing():
        lock_order_locked(code).billing = {"name": name}
    with force_locale("en"):
        (line,) = table(accounting_file(FIRST, LAST)[0])
    assert line["Customer"] == f"'{name}"
