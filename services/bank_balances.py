"""What orders still ask for, many at a time: for whoever compares them with lines of the bank."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Subquery, case, func, select

from models.base import db
from models.orders import LedgerEntry, OrderLine
from models.registrations import HOLDING, Registration, Status


def owed_by_order() -> Subquery:
    """Cents owed by each order now: the price of a place that is held, else the fee of a late cancellation."""
    cents = case(
        (Registration.status.in_(HOLDING - {Status.OFFERED}), OrderLine.gross_cents), else_=OrderLine.fee_cents
    )
    return (
        select(OrderLine.order_id, func.sum(cents).label("cents"))
        .join(Registration, Registration.id == OrderLine.registration_id)
        .group_by(OrderLine.order_id)
        .subquery()
    )


def money_by_order() -> Subquery:
    """Cents that pay each order: what stayed with us, and what a dispute took while nobody asks for it again."""
    query = select(LedgerEntry.order_id, func.sum(LedgerEntry.cents).label("cents")).where(~LedgerEntry.contested)
    return query.group_by(LedgerEntry.order_id).subquery()


def to_pay_of(order_ids: Collection[int]) -> dict[int, int]:
    """Cents still to be paid for each of the orders; 0 and less is left out."""
    owed, money = owed_by_order(), money_by_order()
    left = owed.c.cents - func.coalesce(money.c.cents, 0)
    query = (
        select(owed.c.order_id, left)
        .outerjoin(money, money.c.order_id == owed.c.order_id)
        .where(owed.c.order_id.in_(sorted(order_ids)), left > 0)
    )
    return {order_id: int(cents) for order_id, cents in db.session.execute(query)}
