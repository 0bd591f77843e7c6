"""A line of the bank is found among all there are: by name, amount, reference however written, IBAN, message, order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from integrations.references import structured_communication
from models.bank import BankLine, BankStatement
from models.base import db, now
from models.events import Event
from models.orders import Order
from models.search import bare
from services.bank_lines import PAGE, list_lines
from services.many_rows import insert_many_locked
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.bank_files import imported, order_of, transfer
from tests.services.post import registered


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(public_cents=42000, member_cents=None)


@pytest.fixture
def order(cast: Cast, event: Event) -> Order:
    """Carol's order and its money; and six transfers of others that must not be found with it."""
    found = order_of(registered(cast.carol, event))
    others = [transfer(None, 100 + n, name=f"Ôther {n}", iban="LU280019400644750000") for n in range(6)]
    imported(transfer(found, name="Nguyễn-Müßig 100%", bank_reference="ZX-77", free_text="Merci à tous_"), *others)
    return found


def found(query: str) -> list[str]:
    return [row.line.counterparty for row in list_lines("all", query).rows]


@pytest.mark.parametrize(
    "query",
    ["nguyen", "NGUYỄN", "mussig", "müßig", "Nguyen mussig", "100%", "508,20", "508.20", "€508,2", "-508.20", "BE71096123456769",
     "be71 0961 2345 6769", "BE71-0961-2345-6769", "zx-77", "merci", "a tous_", "Carol", "carol nguyen"],
)  # fmt: skip
def test_it_works(order: Order, query: str) -> None:
    assert found(query) == ["Nguyễn-Müßig 100%"]


@pytest.mark.parametrize(
    "query", ["zzz", "508,21", "merci zzz", "200%", "tous%", "LU29", "DROP TABLE", "' OR 1=1", "x\\"]
)
def test_what_is_not_there_is_not_found(order: Order, query: str) -> None:
    assert found(query) == []


@pytest.mark.parametrize("written", ["{}", "{0[3]}{0[4]}{0[5]}", "digits", "spaced", "starred", "code", "lower"])
def test_a_reference_however_it_is_written(order: Order, written: str) -> None:
    reference = order.reference or ""
    plain = bare(reference)
    query = {
        "{}": reference,
        "digits": plain,
        "spaced": f"+++ {plain[:3]} / {plain[3:7]} / {plain[7:]} +++",
        "starred": f"***{plain[:3]}/{plain[3:7]}/{plain[7:]}***",
        "code": order.code,
        "lower": order.code.lower(),
    }.get(written, plain[3:7] + "/" + plain[7:])
    assert found(query) == ["Nguyễn-Müßig 100%"]


@pytest.mark.parametrize("query", ["+++999/9999/99948+++", "999999999948", "999/9999/99948", "9999-99948"])
def test_a_reference_that_no_order_has_in_its_field_or_in_the_message(app: Flask, query: str) -> None:
    imported(transfer(None, 1, name="field", structured="999999999948"), transfer(None, 2, name="other"),
             transfer(None, 3, name="message", free_text="for +++999/9999/99948+++ thanks"))  # fmt: skip
    assert sorted(found(query)) == ["field", "message"]


def test_a_line_is_found_among_thousands_and_paged(app: Flask) -> None:
    """The oldest of 6,000; and a name that half of them have, page by page, each line once."""
    imported(transfer(None, 4321, name="The first of all", free_text="needle"), day=now().date() - timedelta(days=400))
    statement = db.session.scalars(select(BankStatement)).one()
    rows = [
        {"statement_id": statement.id, "key": f"k{n}", "position": n, "booked_on": now().date(), "cents": 700 + n,
         "counterparty": "Évén" if n % 2 else "Odd", "structured": bare(structured_communication(n))}
        for n in range(6_000)
    ]  # fmt: skip
    db.session.rollback()
    with writing():
        insert_many_locked(BankLine, rows)
    for query in ("needle", "43,21", "first"):
        assert found(query)[-1:] == ["The first of all"]
    listed = list_lines("all", "even")
    assert (listed.total, listed.counts["waiting"], listed.waiting, len(listed.rows)) == (3_000, 3_000, 6_001, PAGE)
    last = list_lines("all", "even", 60)
    assert len({row.line.id for row in (*listed.rows, *last.rows)}) == 2 * PAGE
    assert list_lines("all", "even", 99).page == 60
    assert list_lines("ignored", "even").rows == []
