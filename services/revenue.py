"""Revenue by the month of the event it is for: earned once the event has begun, deferred until then, and while it is
postponed.

Money belongs to what it was paid for. What came for an order covers its owed lines in proportion to their prices (largest
remainder, so that no cent is lost); net of VAT it is revenue of the month in which the event of the line begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from models.base import db
from models.events import Event, Run
from models.orders import LedgerEntry, OrderLine
from models.registrations import HOLDING, Registration, Status

OWED = tuple(HOLDING - {Status.OFFERED})


@dataclass(frozen=True)
class PaidLine:
    """One owed line with what of the order's money is its own; cents. `begins`: of its event, None while that is postponed."""

    begins: datetime | None
    event_id: int
    net_cents: int
    vat: str
    vat_rate: int
    gross_cents: int
    paid_cents: int

    @property
    def paid_net_cents(self) -> int:
        """The net part of what was paid, rounded half up."""
        return (2 * self.paid_cents * self.net_cents + self.gross_cents) // (2 * self.gross_cents)


@dataclass(frozen=True)
class Month:
    """The revenue of the events that begin in one month, net of VAT, in cents; `first_day` None: of those without a date yet."""

    first_day: date | None
    earned_cents: int
    deferred_cents: int
    events: int

    @property
    def total_cents(self) -> int:
        return self.earned_cents + self.deferred_cents


def shared(cents: int, weights: Sequence[int]) -> list[int]:
    """`cents` ≥ 0 over the weights (each ≥ 0, their sum > 0) in proportion, by the largest remainder: the parts add up."""
    total = sum(weights)
    parts = [cents * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(cents * weights[index] % total), index))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return parts


def paid_lines() -> list[PaidLine]:
    """Every owed line that costs something, of orders with money. Two queries."""
    kept = {
        order_id: int(cents)
        for order_id, cents in db.session.execute(
            select(LedgerEntry.order_id, func.sum(LedgerEntry.cents)).group_by(LedgerEntry.order_id)
        )
    }
    owed = (OrderLine.gross_cents > 0) & Registration.status.in_(OWED) | (OrderLine.fee_cents > 0)
    begins = case((Event.run == Run.POSTPONED, None), else_=Event.starts_at)
    rows = db.session.execute(
        select(
            OrderLine.order_id, Event.id, begins, OrderLine.net_cents, OrderLine.vat, OrderLine.vat_rate,
            OrderLine.gross_cents, OrderLine.fee_cents, Registration.status,
        )
        .join(Registration, Registration.id == OrderLine.registration_id)
        .join(Event, Event.id == Registration.event_id)
        .where(owed)
        .order_by(OrderLine.order_id, OrderLine.id)
    ).all()  # fmt: skip
    by_order: dict[int, list[tuple[int, PaidLine]]] = {}
    for order_id, event_id, starts, net, vat, rate, gross, fee, status in rows:
        weight = gross if status in OWED else fee
        by_order.setdefault(order_id, []).append((weight, PaidLine(starts, event_id, net, vat, rate, gross, 0)))
    return [line for order_id, lines in by_order.items() for line in covered(lines, kept.get(order_id, 0))]


def covered(lines: list[tuple[int, PaidLine]], money: int) -> list[PaidLine]:
    """The lines of one order with what `money` covers of each; never more than is owed."""
    owed = [weight for weight, _line in lines]
    parts = shared(min(max(money, 0), sum(owed)), owed)
    return [replace(line, paid_cents=part) for (_weight, line), part in zip(lines, parts, strict=True) if part]


def by_month(lines: Iterable[PaidLine], at: datetime, zone: str) -> list[Month]:
    """The months with revenue, in order, what has no date yet last. `at` is the instant that parts earned from deferred."""
    earned: Counter[date | None] = Counter()
    deferred: Counter[date | None] = Counter()
    events: dict[date | None, set[int]] = {}
    for line in lines:
        month = line.begins.astimezone(ZoneInfo(zone)).date().replace(day=1) if line.begins else None
        side = earned if line.begins and line.begins <= at else deferred
        side[month] += line.paid_net_cents
        events.setdefault(month, set()).add(line.event_id)
    in_order = sorted(events, key=lambda month: (month is None, month or date.max))
    return [Month(month, earned[month], deferred[month], len(events[month])) for month in in_order]
