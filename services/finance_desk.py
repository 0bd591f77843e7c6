"""What waits for finance this Monday: how many of each, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from models.bank import BankLine, BankStatement, LineState
from models.base import db
from models.invoices import Transmission, TransmissionState
from models.payments import Dispute, DisputeState, PaymentAttempt, Refund
from services.refund_lists import FILTERS, SENT, counts
from services.transfers import list_orders

SEEN_WITHIN = timedelta(days=5)  # a bank carries a file out the next day; then come a weekend and a statement


@dataclass(frozen=True)
class Monday:
    """The figures of the finance desk; money in cents."""

    awaited_cents: int
    overdue: int
    overdue_cents: int
    to_return_cents: int
    unknown_lines: int
    proposals: int
    refunds_to_approve: int
    refunds_to_pay: int
    refunds_unseen: int  # in a file for the bank, and on no statement for days
    refunds_failed: int
    disputes: int  # open, or lost and not decided
    to_review: int  # card payments whose amount differs
    undelivered: int  # documents that did not arrive
    last_statement: datetime | None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits for a person."""
        waits = (
            self.overdue, self.to_return_cents, self.unknown_lines, self.proposals, self.refunds_to_approve,
            self.refunds_to_pay, self.refunds_unseen, self.refunds_failed, self.disputes, self.to_review, self.undelivered,
        )  # fmt: skip
        return not any(waits)


def monday(at: datetime) -> Monday:
    """The figures now; eight queries."""
    awaiting = list_orders("awaiting", size=None)
    overdue = [row for row in awaiting.rows if row.due_at and row.due_at < at]
    refunds = counts()
    lines = select(BankLine.state, func.count()).where(BankLine.state.in_((LineState.NEW, LineState.PROPOSED)))
    states = {state: int(number) for state, number in db.session.execute(lines.group_by(BankLine.state))}
    return Monday(
        awaited_cents=awaiting.awaited_cents,
        overdue=len(overdue),
        overdue_cents=sum(row.to_pay_cents for row in overdue),
        to_return_cents=awaiting.to_return_cents,
        unknown_lines=states.get(LineState.NEW, 0),
        proposals=states.get(LineState.PROPOSED, 0),
        refunds_to_approve=refunds["approve"],
        refunds_to_pay=refunds["pay"],
        refunds_unseen=count(FILTERS[SENT] & (Refund.updated_at < at - SEEN_WITHIN), Refund),
        refunds_failed=refunds["failed"],
        disputes=count(Dispute.state.in_((DisputeState.OPEN, DisputeState.LOST)), Dispute),
        to_review=count(PaymentAttempt.review != "", PaymentAttempt),
        undelivered=count(Transmission.state.in_((TransmissionState.FAILED, TransmissionState.REJECTED)), Transmission),
        last_statement=db.session.scalar(select(func.max(BankStatement.imported_at))),
    )


def count(condition: object, table: type) -> int:
    query = select(func.count()).select_from(table).where(condition)  # type: ignore[arg-type]
    return int(db.session.scalar(query) or 0)
