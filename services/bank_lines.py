"""Lines of the bank as finance reads them: found by name, amount, reference or code, each with its orders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.bank import BankLine, BankMatch, BankStatement, LineState
from models.base import db
from models.orders import Order
from models.people import Person
from models.search import folded
from services.bank_proposals import EXACT
from services.bank_summaries import standings
from services.finance_words import cents_of
from services.transfers import OrderRow, list_orders

PAGE, NEWEST = 50, 5_000
WAITING = (LineState.PROPOSED, LineState.NEW)
SHOWN: dict[str, tuple[LineState, ...]] = {
    "waiting": WAITING,
    "matched": (LineState.MATCHED,),
    "ignored": (LineState.IGNORED,),
    "all": tuple(LineState),
}


@dataclass(frozen=True)
class OrderOfLine:
    """An order that a line is booked on, or may be for. Amounts in cents."""

    code: str
    buyer: str
    cents: int
    rule: str
    is_booked: bool
    owed_cents: int
    money_cents: int

    @property
    def to_pay_cents(self) -> int:
        return max(self.owed_cents - self.money_cents, 0)

    @property
    def too_much_cents(self) -> int:
        return max(self.money_cents - self.owed_cents, 0)

    @property
    def is_late(self) -> bool:
        """Its place was given up, and the money is here: finance decides."""
        return self.is_booked and not self.owed_cents and self.money_cents > 0


@dataclass(frozen=True)
class LineRow:
    """One line with its orders; `left_cents` is what no order has yet."""

    line: BankLine
    orders: Sequence[OrderOfLine]

    @property
    def booked(self) -> list[OrderOfLine]:
        return [one for one in self.orders if one.is_booked]

    @property
    def proposals(self) -> list[OrderOfLine]:
        return [one for one in self.orders if not one.is_booked]

    @property
    def left_cents(self) -> int:
        return self.line.cents - sum(one.cents for one in self.booked)

    @property
    def is_exact(self) -> bool:
        """Whether it is among those that are accepted all at once."""
        found = self.proposals
        return (
            len(self.orders) == 1 and len(found) == 1 and found[0].rule in EXACT and found[0].cents == self.line.cents
        )

    @property
    def is_open(self) -> bool:
        return self.line.state in WAITING


@dataclass(frozen=True)
class LineList:
    rows: list[LineRow]
    total: int
    page: int
    counts: dict[str, int]
    exact: int  # proposals that can be accepted at once
    exact_cents: int


def list_lines(shown: str, query: str = "", page: int = 1, *, statement: BankStatement | None = None) -> LineList:
    """The lines of one filter, those that wait for a human first, then the latest; of one statement, or of all.

    Every word of `query` must be in the line's texts, its orders' codes or references, or be its amount. Beyond the newest
    5,000 lines nothing is looked at.
    """
    asked = (
        select(BankLine).options(joinedload(BankLine.statement)).order_by(BankLine.booked_on.desc(), BankLine.id.desc())
    )
    if statement is not None:
        asked = asked.where(BankLine.statement_id == statement.id)
    lines = list(db.session.scalars(asked.limit(NEWEST)))
    if query.split():
        known = codes_of([line.id for line in lines])
        lines = [line for line in lines if all(is_about(line, known[line.id], word) for word in query.split())]
    counts = {name: sum(line.state in states for line in lines) for name, states in SHOWN.items()}
    exact = [row for row in rows_of([line for line in lines if line.state == LineState.PROPOSED]) if row.is_exact]
    found = [line for line in lines if line.state in SHOWN[shown]]
    found.sort(key=lambda line: (line.state not in WAITING, line.state != LineState.PROPOSED))
    page = min(max(page, 1), max(1, -(-len(found) // PAGE)))
    rows = rows_of(found[(page - 1) * PAGE : page * PAGE])
    return LineList(rows, len(found), page, counts, len(exact), sum(row.line.cents for row in exact))


def codes_of(line_ids: Collection[int]) -> dict[int, str]:
    """What names the orders of each line."""
    query = (
        select(BankMatch.line_id, Order.code, Order.reference)
        .join(Order, Order.id == BankMatch.order_id)
        .join(BankLine, BankLine.id == BankMatch.line_id)
        .where(BankLine.id >= min(line_ids, default=0))
    )
    found: dict[int, str] = defaultdict(str)
    for line_id, code, reference in db.session.execute(query):
        found[line_id] += f" {code} {reference or ''}"
    return found


def is_about(line: BankLine, orders: str, word: str) -> bool:
    """Whether one word of a search is in the line, its orders, or is its amount."""
    text = folded(
        f"{line.counterparty} {line.counterparty_iban} {line.free_text} {line.bank_reference} {line.note} {orders}"
    )
    if folded(word) in text:
        return True
    digits = re.sub(r"\D", "", word)
    if len(digits) >= 4 and digits in re.sub(r"\D", "", f"{line.structured} {orders} {line.free_text}"):
        return True
    return cents_of(word.lstrip("-−")) == abs(line.cents)


def rows_of(lines: Sequence[BankLine]) -> list[LineRow]:
    """Lines with their orders; two queries for all of them."""
    ids = [line.id for line in lines]
    query = (
        select(BankMatch, Order.code, Person.given_name, Person.family_name)
        .join(Order, Order.id == BankMatch.order_id)
        .join(Person, Person.id == Order.buyer_id)
        .where(BankMatch.line_id.in_(ids))
        .order_by(BankMatch.id)
    )
    found = list(db.session.execute(query)) if ids else []
    balances = standings({match.order_id for match, *_ in found}) if found else {}
    orders: dict[int, list[OrderOfLine]] = defaultdict(list)
    for match, code, given, family in found:
        owed, money = balances.get(match.order_id, (0, 0))
        buyer = f"{given} {family}".strip()
        one = OrderOfLine(code, buyer, match.cents, match.rule, match.ledger_entry_id is not None, owed, money)
        orders[match.line_id].append(one)
    return [LineRow(line, orders[line.id]) for line in lines]


def load_line(public_id: str) -> LineRow | None:
    """One line with its statement and its orders."""
    query = select(BankLine).where(BankLine.public_id == public_id).options(joinedload(BankLine.statement))
    line = db.session.scalar(query.execution_options(populate_existing=True))
    return rows_of([line])[0] if line else None


def load_statement(public_id: str) -> BankStatement | None:
    return db.session.scalar(select(BankStatement).where(BankStatement.public_id == public_id))


def latest_statements(limit: int = 8) -> list[BankStatement]:
    """The statements that were imported last."""
    return list(db.session.scalars(select(BankStatement).order_by(BankStatement.id.desc()).limit(limit)))


def orders_for(row: LineRow, query: str) -> list[OrderRow]:
    """Orders that a human may mean: those that the words find, else those that still ask for money of this amount."""
    words = query or f"{abs(row.left_cents) // 100}.{abs(row.left_cents) % 100:02}"
    booked = {one.code for one in row.booked}
    return [found for found in list_orders("all" if query else "awaiting", words).rows if found.code not in booked][:10]
