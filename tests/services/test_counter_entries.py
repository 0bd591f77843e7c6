"""A match that was undone: its receipt and the counter entry are as nothing, wherever money is counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_babel import force_locale

from models.base import now
from models.orders import EntryKind, PaymentStatus
from services.accounting import accounting_file
from services.bank_acts import match_by_hand, undo
from services.ledger import left_of
from services.orders import Balance, balance, load_order
from services.refunds import MoreThanReceived, Wanted, request
from services.returnable import left_by_receipt
from services.revenue import paid_lines
from services.transfers import OrderRow, list_orders
from services.vat_summary import vat_summary
from tests.cast import Cast, make_event
from tests.services.bank_files import imported, order_of, transfer
from tests.services.post import registered
from tests.services.test_accounting import table
from tests.services.test_revenue import ZONE
from tests.services.test_statements import lines


@pytest.fixture
def code(cast: Cast) -> str:
    """Carol's order of 508.20, whose only transfer was undone."""
    order = order_of(registered(cast.carol, make_event(public_cents=42000, member_cents=None)))
    imported(transfer(order))
    undo(lines()[0].public_id, order.code, actor=cast.fay)
    return order.code


def row_of(code: str) -> OrderRow:
    [row] = [row for row in list_orders("all", size=None).rows if row.code == code]
    return row


def standing(code: str) -> Balance:
    order = load_order(code)
    assert order
    return balance(order)


def test_the_order_is_unpaid_again(code: str) -> None:
    assert standing(code) == Balance(50820, 0, 0)
    assert standing(code).status is PaymentStatus.UNPAID
    row = row_of(code)
    assert (row.received_cents, row.refunded_cents, row.to_pay_cents, row.to_return_cents) == (0, 0, 50820, 0)
    assert row in list_orders("awaiting").rows
    assert list_orders("return").rows == []


def test_it_is_neither_revenue_nor_vat(code: str) -> None:
    today = now().date()
    assert paid_lines() == []
    assert [row for row in vat_summary(today, today, ZONE) if row.base_cents or row.vat_cents] == []


def test_nothing_is_left_to_give_back(cast: Cast, code: str) -> None:
    order = load_order(code)
    assert order
    assert [cents for _, cents in left_by_receipt(order.id)] == [0, 0]
    assert left_of(order.ledger[0].id) == 0
    with pytest.raises(MoreThanReceived):
        request(code, Wanted(1, "A mistake"), actor=cast.fay)


def test_both_entries_are_in_the_books_and_their_sum_is_nothing(code: str) -> None:
    with force_locale("en"):
        body, rows = accounting_file(now().date() - timedelta(days=1), now().date() + timedelta(days=1))
    receipt, counter = table(body)
    assert rows == 2
    assert (receipt["Kind"], counter["Kind"]) == (EntryKind.RECEIPT, EntryKind.RECEIPT)
    assert (receipt["Net"], receipt["VAT"], receipt["Amount"]) == ("420,00", "88,20", "508,20")
    assert (counter["Net"], counter["VAT"], counter["Amount"]) == ("-420,00", "-88,20", "-508,20")


def test_the_same_money_again_counts_once(cast: Cast, code: str) -> None:
    """Undone, matched with nobody, matched again: paid, and all of it can go back, from the receipt that stands."""
    match_by_hand(lines()[0].public_id, code, 50820, actor=cast.fay)
    assert standing(code) == Balance(50820, 50820, 0)
    assert row_of(code).status is PaymentStatus.PAID
    order = load_order(code)
    assert order
    assert sorted(cents for _, cents in left_by_receipt(order.id)) == [0, 0, 50820]
    assert [line.paid_cents for line in paid_lines()] == [50820]
    today = now().date()
    assert [(row.base_cents, row.vat_cents) for row in vat_summary(today, today, ZONE)] == [(42000, 8820)]
