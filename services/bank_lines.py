"""Lines of the bank as finance reads them: found by name, amount, reference or code, each with its orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import joinedload

from models.bank import BankLine, BankMatch, BankStatement, LineState
from models.base import db
from models.orders import Order
from models.people import Person
from services.bank_proposals import EXACT, exact_money
from services.bank_summaries import standings
from services.bank_words import line_words
from services.transfers import OrderRow, list_orders

Conditions = Sequence[ColumnElement[bool]]
PAGE = 50
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
    waiting: int  # for a human, whatever is sought
    exact: int  # proposals that can be accepted at once
    exact_cents: int


def list_lines(shown: str, query: str = "", page: int = 1, *, statement: BankStatement | None = None) -> LineList:
    """The lines of one filter, those that wait for a human first, then the latest; of one statement, or of all.

    `query`: services/bank_words.py. `waiting` and `exact` are of all lines, whatever is sought. Five queries.
    """
    scope = [BankLine.statement_id == statement.id] if statement is not None else []
    counts, waiting = counted(scope, line_words(query))
    found = (*scope, *line_words(query), BankLine.state.in_(SHOWN[shown]))
    page = min(max(page, 1), max(1, -(-counts[shown] // PAGE)))
    standing = case((BankLine.state == LineState.PROPOSED, 0), (BankLine.state == LineState.NEW, 1), else_=2)
    lines = db.session.scalars(
        select(BankLine)
        .where(*found)
        .options(joinedload(BankLine.statement))
        .order_by(standing, BankLine.booked_on.desc(), BankLine.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return LineList(rows_of(list(lines)), counts[shown], page, counts, waiting, *exact_money(scope))


def counted(scope: Conditions, sought: Conditions) -> tuple[dict[str, int], int]:
    """How many of the lines that are sought stand under each heading; and how many of all wait for a human."""
    number = func.sum(case((and_(true(), *sought), 1), else_=0))
    rows = db.session.execute(select(BankLine.state, number, func.count()).where(*scope).group_by(BankLine.state)).all()
    by_state = {LineState(state): int(found) for state, found, _ in rows}
    counts = {name: sum(by_state.get(state, 0) for state in states) for name, states in SHOWN.items()}
    return counts, sum(number for state, _, number in rows if state in WAITING)


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
    """The statements that were read last."""
    return list(db.session.scalars(select(BankStatement).order_by(BankStatement.id.desc()).limit(limit)))


def orders_for(row: LineRow, query: str) -> list[OrderRow]:
    """Orders that a human may mean: those that the words find, else those that still ask for money of this amount."""
    words = query or f"{abs(row.left_cents) // 100}.{abs(row.left_cents) % 100:02}"
    there = {one.code for one in (row.booked if query else row.orders)}
    return [found for found in list_orders("all" if query else "awaiting", words).rows if found.code not in there][:10]
