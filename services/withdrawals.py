"""A consumer's withdrawal from a contract made at a distance: fourteen days, without a reason, at no cost.

Belgian Code of Economic Law art. VI.47 and VI.53; directive 2011/83/EU art. 9 to 16, and 11a (the online function). The cluster
switches it off by `[consumers] withdrawal = false`, or for some kinds of event (is_given_for).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from models.base import db, now
from models.events import Event
from models.orders import Order
from models.payments import Withdrawal
from models.people import Person
from models.policies import is_working_day
from models.registrations import LIVE, Registration, Status
from services.audit import record_locked
from services.credit_notes import credit_ended_locked
from services.dates import local_day
from services.invoice_parties import is_business
from services.names import clean
from services.notices import tell_buyer_locked
from services.orders import lock_order_locked
from services.places import FRESH, change_locked, lock_event_locked
from services.transaction import writing
from services.waiting_list import promote_locked

DAYS = 14


class WithdrawalRefused(ValueError):
    """The law gives no withdrawal here, or no longer: a business ordered, the days are over, the event has begun, or
    nothing is left to withdraw from."""


def is_offered() -> bool:
    """Whether the cluster has the online function."""
    return bool(current_app.extensions["cluster"].data.get("consumers", {}).get("withdrawal", True))


def is_given_for(event: Event) -> bool:
    """Whether the law gives it for such an event. Leisure on a fixed day has none (art. VI.53, 12°; directive art. 16(l)): which
    kinds of event are leisure, the cluster says (`[consumers] withdrawal_not_for`). Vocational training never is."""
    data = current_app.extensions["cluster"].data.get("consumers", {})
    return event.kind not in data.get("withdrawal_not_for", ())


def last_day(order: Order) -> date:
    """The last day: the fourteenth after the order, or the next working day (regulation 1182/71 art. 3)."""
    day = local_day(order.created_at, current_app.extensions["cluster"].zone) + timedelta(days=DAYS)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def may_withdraw(order: Order, at: datetime) -> bool:
    """Whether the buyer may withdraw now (registrations with their events, and lines, loaded)."""
    if not is_offered() or is_business(order) or not any(line.gross_cents for line in order.lines):
        return False
    end = datetime.combine(
        last_day(order) + timedelta(days=1), time(0), ZoneInfo(current_app.extensions["cluster"].zone)
    )
    live = [row for row in order.registrations if row.status in LIVE]
    return at < end and bool(live) and all(at < row.event.starts_at and is_given_for(row.event) for row in live)


def withdrawal_of(order_id: int) -> Withdrawal | None:
    return db.session.scalar(select(Withdrawal).where(Withdrawal.order_id == order_id))


def withdraw(code: str, name: str, actor: Person | None, at: datetime | None = None) -> Withdrawal:
    """Withdraw from the whole order: every place goes back without a fee, and a mail confirms when it was received.

    Raises NoResultFound and WithdrawalRefused.
    """
    at = at or now()
    with writing() as session:
        query = (
            select(Order)
            .where(Order.id == lock_order_locked(code).id)
            .options(selectinload(Order.lines), selectinload(Order.registrations).joinedload(Registration.event))
        )
        order = session.execute(query.execution_options(**FRESH)).scalar_one()
        if not may_withdraw(order, at) or withdrawal_of(order.id) is not None:
            raise WithdrawalRefused(code)
        row = Withdrawal(order_id=order.id, name=clean(name)[:240], email=order.buyer_email, received_at=at)
        session.add(row)
        ended = [registration for registration in order.registrations if registration.status in LIVE]
        for registration in ended:
            change_locked(registration, Status.CANCELLED, actor=actor, reason="withdrawn", at=at)
        credit_ended_locked(ended, at, actor=actor)
        tell_buyer_locked("withdrawal_received", ended[0], {"received_at": at.isoformat(), "withdrawn_by": row.name})
        for event_id in sorted({registration.event_id for registration in ended}):
            promote_locked(lock_event_locked(event_id), at)
        record_locked("order.withdrawn", actor, subject_kind="order", subject_id=order.id)
        return row
