"""One search of the finance desk: whatever finance knows of a payment finds it, in each list and in all of them at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from models.bank import BankLine
from models.base import db, now
from models.invoices import Invoice
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import Dispute, PaymentAttempt, Refund
from models.registrations import Registration
from services.bank_lines import list_lines
from services.credit_notes import Credit
from services.finance_search import FEW, FinanceSearch, search_finance
from services.invoice_files import whole_invoice
from services.invoice_lists import list_invoices
from services.orders import receive_money
from services.refund_lists import list_disputes, list_refunds
from services.refunds import Wanted, request
from services.transaction import writing
from services.transfers import list_orders
from tests.cast import Cast, make_event
from tests.counting import queries
from tests.services.bank_files import CAROLS_BANK, imported, transfer
from tests.services.billed import as_company, credited, issued, ordered, pay, team_ordered

IBAN = "BE68539007547034"


def found(query: str) -> dict[str, int]:
    """How many of each kind the words find, those without any left out."""
    answer = search_finance(query)
    assert answer is not None
    return {kind: part.total for kind, part in parts(answer) if part.total}


def parts(answer: FinanceSearch) -> list[tuple[str, Any]]:
    return [(kind, getattr(answer, kind)) for kind in ("orders", "documents", "lines", "refunds", "disputes")]


@pytest.fixture
def carols(cast: Cast) -> Order:
    """Carol's order of €508.20: paid by a line of the bank, invoiced, €123.45 of it asked back."""
    order = ordered(cast.carol, make_event(title="Été à Gand"))
    imported(transfer(order, 50820))
    issued(order)
    request(order.code, Wanted(12345, "Ill that day", IBAN, "C. Nguyễn"), actor=cast.fay)
    return order


@pytest.fixture
def companys(cast: Cast) -> Order:
    """Lysara's order of two places, with a purchase order, paid by card and disputed."""
    as_company(cast)
    order = team_ordered(cast, purchase_order="PO-7788/B")
    receive_money(order.code, 101640, provider="stripe", provider_reference="pi_3Ab9XyZ", booked_at=now(), actor=None)
    with writing() as session:
        session.add(PaymentAttempt(order_id=order.id, provider="stripe", cents=101640, provider_reference="cs_test_77"))
        session.add(Dispute(order_id=order.id, provider="stripe", provider_reference="dp_1Q2", cents=101640, reason="fraud"))  # fmt: skip
    return order


def test_it_works(cast: Cast, carols: Order, companys: Order) -> None:
    assert found("nguyen") == {"orders": 1, "documents": 1, "lines": 1, "refunds": 1}
    assert found("LYSARA") == {"orders": 1, "documents": 1, "disputes": 1}
    assert search_finance("  ") is None


@pytest.mark.parametrize("typed", ["€ 123", "123,45", "123.45", "€123.45", "123,45 €"])
def test_by_amount_however_it_is_written(cast: Cast, typed: str) -> None:
    code = ordered(cast.carol).code
    pay_back = {"€ 123": 12300}.get(typed, 12345)
    receive_money(code, 50820, provider="manual", provider_reference="till", booked_at=now(), actor=None)
    request(code, Wanted(pay_back, "ill"), actor=cast.fay)
    assert found(typed) == {"refunds": 1}


def test_by_the_structured_communication(cast: Cast, carols: Order, companys: Order) -> None:
    digits = re.sub(r"\D", "", carols.reference or "")
    written = [
        carols.reference or "",
        digits,
        f"{digits[:3]}/{digits[3:7]}/{digits[7:]}",
        f"***{digits}***",
        digits[:8],
    ]
    for typed in written:
        assert found(typed) == {"orders": 1, "documents": 1, "lines": 1, "refunds": 1}, typed


@pytest.mark.parametrize(
    "typed, kinds",
    [
        ("BE68 5390 0754 7034", {"refunds"}),
        ("0754 7034", {"refunds"}),
        (CAROLS_BANK[-8:], {"lines"}),
        ("po-7788", {"orders", "documents", "disputes"}),
        ("pi_3Ab9", {"orders", "documents", "disputes"}),
        ("cs_test_77", {"orders", "documents", "disputes"}),
        ("dp_1q2", {"disputes"}),
        ("ETE GAND", {"orders"}),
        ("nguyễn 508,20", {"orders", "documents", "lines"}),
        ("nguyễn 1.016,40", set()),
        ("BE0101357179", {"orders", "documents", "disputes"}),
        ("carol@kelvin", {"orders", "documents", "refunds"}),
    ],
)
def test_by_what_else_is_known(cast: Cast, carols: Order, companys: Order, typed: str, kinds: set[str]) -> None:
    assert set(found(typed)) == kinds


def test_by_the_number_of_a_document(cast: Cast, carols: Order) -> None:
    """As printed, with its zeros or without; the order it is about is found too. A credit note has numbers of its own."""
    invoice = db.session.query(Invoice).one()
    whole = whole_invoice(invoice.public_id)
    note = credited(whole, Credit(100, whole.lines[0]))
    year = invoice.year
    for typed in (invoice.label, f"{year}/1", f"{year}-1", f"{year}-0001"):
        assert {"orders", "documents"} <= set(found(typed)), typed
    assert found(note.label)["documents"] == 1
    assert "documents" not in found(f"{year}-2")


def test_by_whoever_is_registered(cast: Cast) -> None:
    """The buyer is not always who comes."""
    as_company(cast)
    order = team_ordered(cast)
    with writing() as session:
        seat = session.scalars(select(Registration).where(Registration.order_id == order.id)).first()
        assert seat is not None
        seat.given_name, seat.family_name = "Zoë", "Van den Brœck"
    assert found("zoe broeck") == {"orders": 1}


def test_each_list_filters_by_the_same_words(cast: Cast, carols: Order, companys: Order) -> None:
    for typed in ("nguyen", "lysara", carols.code, "po-7788", "nothing-of-this"):
        everything = found(typed)
        assert list_orders("all", typed).total == everything.get("orders", 0)
        assert list_lines("all", typed).total == everything.get("lines", 0)
        assert list_invoices("all", typed).total == everything.get("documents", 0)
        assert list_refunds("all", typed).total == everything.get("refunds", 0)
        assert list_disputes(typed).total == everything.get("disputes", 0)
    assert list_refunds("pay", "nguyen").total == 0
    assert list_refunds("pay", "nguyen").counts["all"] == 1


def test_a_few_of_each_and_how_many_in_few_statements(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    with writing() as session:
        receipt = session.query(LedgerEntry).filter_by(kind=EntryKind.RECEIPT).one()
        for _ in range(FEW + 60):
            session.add(Refund(order_id=order.id, receipt_id=receipt.id, provider="transfer", cents=1, holder="Many"))
    with queries() as sent:
        answer = search_finance("many")
    assert len(sent) <= 7, sent
    assert answer is not None
    assert (len(answer.refunds.rows), answer.refunds.total) == (FEW, FEW + 60)
    pages = [list_refunds("all", "many", page) for page in (1, 2, 99)]
    assert [len(page.rows) for page in pages] == [50, 15, 15]
    assert {row.refund.id for row in pages[0].rows}.isdisjoint(row.refund.id for row in pages[1].rows)


@pytest.mark.parametrize("typed", ["%", "_____", "'; DROP TABLE refund; --", "\\", "€", "+++", "[a-z]*", "😀 " * 60])
def test_any_text_is_safe(cast: Cast, carols: Order, typed: str) -> None:
    search_finance(typed)
    assert db.session.query(BankLine).count() == 1
