"""Several transfers in one sum: each counts for its own order when the file tells them apart, else a human shares it out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from models.bank import BankLine, BankStatement
from models.base import db
from models.events import Event
from models.orders import LedgerEntry, Order
from services.bank_acts import match_by_hand
from services.statements import BrokenFile, import_statement
from tests.cast import Cast, make_event
from tests.integrations.coda_files import Move, Statement, coda
from tests.services.bank_files import bank_file, order_of, transfer
from tests.services.post import registered


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(public_cents=42000, member_cents=None)  # 508.20 with VAT


@pytest.fixture
def orders(cast: Cast, event: Event) -> list[Order]:
    return [order_of(registered(person, event)) for person in (cast.carol, cast.bob)]


def digits(order: Order) -> str:
    return re.sub(r"\D", "", order.reference or "")


def camt_batch(orders: list[Order], *, told: bool) -> bytes:
    content = bank_file([transfer(order) for order in orders]).read().decode()
    begin = content.index("<NtryDtls>")
    details = content[begin:] if told else re.sub(r"<Amt Ccy[^>]*>[^<]*</Amt>", "", content[begin:])
    return (content[:begin] + details).encode()


def coda_batch(orders: list[Order], *, told: bool) -> bytes:
    details = [Move(50820, "6", name="Carol", structured=f"101{digits(order)}") for order in orders]
    total = Move(101_640, "2", details=details if told else details[:1])
    return coda(Statement([total], opening=0))


def standing() -> tuple[list[tuple[str, str]], list[tuple[int, int]]]:
    """The lines' states and notes, and the ledger by order."""
    db.session.rollback()
    lines = db.session.scalars(select(BankLine).order_by(BankLine.id))
    entries = db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.order_id))
    return [(str(line.state), line.note) for line in lines], [(entry.order_id, entry.cents) for entry in entries]


def read(content: bytes) -> None:
    import_statement(io.BytesIO(content), name="batch", actor=None)


BATCHES = pytest.mark.parametrize("batch", [camt_batch, coda_batch])


@BATCHES
def test_each_transfer_of_a_batch_is_booked_on_its_order(orders: list[Order], batch: Callable[..., bytes]) -> None:
    for _ in range(2):  # the second time it is all known
        read(batch(orders, told=True))
        assert standing() == ([("matched", ""), ("matched", "")], [(order.id, 50820) for order in orders])


@BATCHES
def test_a_sum_that_the_file_does_not_share_out_is_no_ones(orders: list[Order], batch: Callable[..., bytes]) -> None:
    """It names the order of the first: that must not get the money of both."""
    for _ in range(2):
        read(batch(orders, told=False))
        assert standing() == ([("new", "batch_untold")], [])
    line = db.session.scalars(select(BankLine.public_id)).one()
    for order in orders:
        match_by_hand(line, order.code, 50820, actor=None)
    assert standing() == ([("matched", "")], [(order.id, 50820) for order in orders])


def test_a_broken_second_statement_takes_the_first_with_it(orders: list[Order]) -> None:
    """A CODA file of two days: the sums of the second are wrong, and nothing of either is kept."""
    first = Statement([Move(50820, structured=f"101{digits(orders[0])}")], opening=0)
    second = Statement([Move(50820, structured=f"101{digits(orders[1])}")], opening=50820, number="118")
    whole = coda(first, second)
    broken = whole.replace(b"0000000000508200", b"0000000000508300").replace(b"508300", b"508200", 1)
    with pytest.raises(BrokenFile):
        read(broken)
    assert (standing(), db.session.query(BankStatement).count()) == (([], []), 0)
    read(whole)
    assert standing() == ([("matched", ""), ("matched", "")], [(order.id, 50820) for order in orders])
    assert db.session.query(BankStatement).count() == 2
