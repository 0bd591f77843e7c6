"""What stands in the statements of the bank, counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from models.bank import BankLine, BankMatch, BankStatement, LineState
from models.base import db
from services.bank_balances import money_by_order, owed_by_order


@dataclass(frozen=True)
class Summary:
    """How many lines stand where; `matched_cents` is what of them is money of orders."""

    lines: int
    matched: int
    proposed: int
    new: int
    ignored: int
    matched_cents: int


def summary_of(public_ids: Collection[str]) -> Summary:
    """The lines of these statements together."""
    asked = select(BankStatement.id).where(BankStatement.public_id.in_(list(public_ids)))
    by_statement = counted_by_statement(BankLine.statement_id.in_(asked))
    return summed([row for rows in by_statement.values() for row in rows])


def summaries_of(statements: Collection[BankStatement]) -> dict[int, Summary]:
    """The lines of each of these statements, by its id. One query."""
    found = counted_by_statement(BankLine.statement_id.in_([row.id for row in statements]))
    return {row.id: summed(found[row.id]) for row in statements}


Counted = tuple[LineState, int, int]  # lines in this state, and the cents of them that are booked


def counted_by_statement(which: ColumnElement[bool]) -> dict[int, list[Counted]]:
    booked = (
        select(BankMatch.line_id, func.sum(BankMatch.cents).label("cents"))
        .where(BankMatch.ledger_entry_id.is_not(None))
        .join(BankLine, BankLine.id == BankMatch.line_id)
        .where(which)
        .group_by(BankMatch.line_id)
        .subquery()
    )
    query = (
        select(BankLine.statement_id, BankLine.state, func.count(), func.coalesce(func.sum(booked.c.cents), 0))
        .outerjoin(booked, booked.c.line_id == BankLine.id)
        .where(which)
        .group_by(BankLine.statement_id, BankLine.state)
    )
    found: dict[int, list[Counted]] = defaultdict(list)
    for statement_id, state, lines, cents in db.session.execute(query):
        found[statement_id].append((LineState(state), lines, int(cents)))
    return found


def summed(rows: Sequence[Counted]) -> Summary:
    counts: Counter[LineState] = Counter()
    for state, lines, _ in rows:
        counts[state] += lines
    matched, proposed = counts[LineState.MATCHED], counts[LineState.PROPOSED]
    new, ignored = counts[LineState.NEW], counts[LineState.IGNORED]
    return Summary(sum(counts.values()), matched, proposed, new, ignored, sum(cents for *_, cents in rows))


def standings(order_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """What each order owes, and what of its money stayed, in cents."""
    owed, money = owed_by_order(), money_by_order()
    query = (
        select(owed.c.order_id, owed.c.cents, func.coalesce(money.c.cents, 0))
        .outerjoin(money, money.c.order_id == owed.c.order_id)
        .where(owed.c.order_id.in_(sorted(order_ids)))
    )
    return {key: (int(asked), int(stayed)) for key, asked, stayed in db.session.execute(query)}
