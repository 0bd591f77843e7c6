"""What stands in the statements of the bank, counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

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
    statements = select(BankStatement.id).where(BankStatement.public_id.in_(list(public_ids)))
    rows = db.session.execute(
        select(BankLine.state, func.count()).where(BankLine.statement_id.in_(statements)).group_by(BankLine.state)
    )
    counts = {LineState(state): number for state, number in rows}
    booked = (
        select(func.sum(BankMatch.cents))
        .join(BankLine, BankLine.id == BankMatch.line_id)
        .where(BankLine.statement_id.in_(statements), BankMatch.ledger_entry_id.is_not(None))
    )
    return Summary(
        sum(counts.values()),
        counts.get(LineState.MATCHED, 0),
        counts.get(LineState.PROPOSED, 0),
        counts.get(LineState.NEW, 0),
        counts.get(LineState.IGNORED, 0),
        int(db.session.scalar(booked) or 0),
    )


def waiting_count() -> int:
    """Lines that wait for a human."""
    query = select(func.count()).where(BankLine.state.in_((LineState.NEW, LineState.PROPOSED)))
    return db.session.scalar(query) or 0


def standings(order_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """What each order owes, and what of its money stayed, in cents."""
    owed, money = owed_by_order(), money_by_order()
    query = (
        select(owed.c.order_id, owed.c.cents, func.coalesce(money.c.cents, 0))
        .outerjoin(money, money.c.order_id == owed.c.order_id)
        .where(owed.c.order_id.in_(sorted(order_ids)))
    )
    return {key: (int(asked), int(stayed)) for key, asked, stayed in db.session.execute(query)}
