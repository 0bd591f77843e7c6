"""One search over everything finance looks after: a few of each kind, and how many there are. The rest is in its own list.

Orders, documents, lines of the bank, refunds and disputes are found by the same words as in their lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from models.bank import BankLine
from models.base import db
from models.invoices import Invoice
from models.orders import Order
from models.payments import Dispute
from services.bank_words import line_words
from services.finance_words import terms_of
from services.invoice_lists import documents_about
from services.refund_lists import ALL, RefundRow, list_disputes, list_refunds
from services.transfers import OrderRow, orders_with_money, row_of

FEW = 5
Row = TypeVar("Row")


@dataclass(frozen=True)
class Found(Generic[Row]):
    """The latest few of one kind, and how many there are."""

    rows: Sequence[Row]
    total: int


@dataclass(frozen=True)
class FinanceSearch:
    """What the words found, kind by kind."""

    orders: Found[OrderRow]
    documents: Found[tuple[Invoice, str]]  # with the code of its order
    lines: Found[BankLine]
    refunds: Found[RefundRow]
    disputes: Found[Dispute]

    @property
    def total(self) -> int:
        kinds = (self.orders, self.documents, self.lines, self.refunds, self.disputes)
        return sum(kind.total for kind in kinds)


def search_finance(query: str) -> FinanceSearch | None:
    """What is about every word of `query`; None when there is no word. Seven statements at most, whatever is found."""
    if not terms_of(query):
        return None
    orders, ordered = latest(orders_with_money(query), Order.id)
    documents, issued = latest(documents_about(query), Invoice.id)
    lines, moved = latest(select(BankLine).where(*line_words(query)), BankLine.id)
    refunds, disputes = list_refunds(ALL, query, size=FEW), list_disputes(query, size=FEW)
    return FinanceSearch(
        Found([row_of(values) for values in orders], ordered),
        Found([(invoice, code) for invoice, code in documents], issued),
        Found([line for (line,) in lines], moved),
        Found(refunds.rows, refunds.total),
        Found(disputes.rows, disputes.total),
    )


def latest(query: Select[*tuple[Any, ...]], key: Any) -> tuple[list[Any], int]:
    """The last few rows of a statement, and how many rows it has."""
    found = db.session.execute(query.add_columns(func.count().over()).order_by(key.desc()).limit(FEW)).all()
    return [row[:-1] for row in found], found[0][-1] if found else 0
