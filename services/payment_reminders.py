"""Reminders of orders that were not paid: a notice before the day, a first and a second reminder, then a human.

The first costs nothing, and fourteen days pass before anything else (Book XIX of the Belgian Code of Economic Law); we never
charge anything. Nobody is reminded before the bank's statement of a later day was read: they may have paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from models.bank import BankStatement
from models.base import db, now
from models.orders import Order
from models.payments import PaymentReminder
from models.people import Person
from models.registrations import Registration, Status
from services.bank_balances import money_by_order, owed_by_order, to_pay_of
from services.dates import local_day, say_deadline
from services.orders import lock_order_locked
from services.outbox import queue_mail_locked
from services.transaction import require_writing, writing

NOTICE, FIRST, SECOND, HUMAN = "notice", "first", "second", "human"
AFTER = {FIRST: timedelta(days=3), SECOND: timedelta(days=17), HUMAN: timedelta(days=31)}
BEFORE = timedelta(days=3)
APART = timedelta(days=14)  # between a reminder and whatever follows it, however late the clock is
LONG_HOLD = timedelta(days=10)  # a shorter one has its reminder at half time (services/halfway.py)
MORNING, EVENING = time(8), time(20)


@dataclass(frozen=True)
class HandedOver:
    """An order that was reminded twice and is still to be paid."""

    code: str
    buyer: str
    to_pay_cents: int
    due_at: datetime | None


def remind_unpaid(at: datetime | None = None) -> int:
    """Take the next step with every order that is due, from 8:00 to 20:00 where the cluster is; how many steps.

    Safe to run twice, late, or in two workers at once: each step of an order is one row.
    """
    at = at or now()
    zone = str(current_app.extensions["cluster"].zone)
    if not MORNING <= at.astimezone(ZoneInfo(zone)).time() < EVENING:
        return 0
    owed, money = owed_by_order(), money_by_order()
    query = (
        select(Order.code)
        .join(owed, owed.c.order_id == Order.id)
        .outerjoin(money, money.c.order_id == Order.id)
        .where(Order.due_at <= at + BEFORE, owed.c.cents > func.coalesce(money.c.cents, 0))
        .order_by(Order.id)
    )
    codes = list(db.session.scalars(query))
    read_until = db.session.scalar(select(func.max(BankStatement.ends_on)))
    db.session.rollback()
    return sum(remind_one(code, at, zone, read_until) for code in codes)


def remind_one(code: str, at: datetime, zone: str, read_until: date | None) -> bool:
    """The next step of one order, if its time has come; False when there is none."""
    try:
        with writing():
            order = lock_order_locked(code)
            missing = to_pay_of([order.id]).get(order.id, 0)
            step = next_step_locked(order, at, zone, read_until) if missing else ""
            if not step:
                return False
            require_writing().add(PaymentReminder(order_id=order.id, step=step, sent_at=at))
            if step != HUMAN:
                tell_due_locked(order, step, missing, zone)
            return True
    except IntegrityError:
        return False  # another worker took this step at the same moment


def next_step_locked(order: Order, at: datetime, zone: str, read_until: date | None) -> str:
    """The step that is due now; '' for none. A step that was missed is not skipped: the first reminder comes first."""
    held = held_locked(order, at)
    if order.due_at is None or not (order.is_on_account or held):
        return ""
    rows = require_writing().scalars(select(PaymentReminder).where(PaymentReminder.order_id == order.id))
    sent = {row.step: row.sent_at for row in rows}
    if at < order.due_at:
        long = order.is_on_account or order.due_at - order.created_at >= LONG_HOLD
        return NOTICE if long and NOTICE not in sent and at >= order.due_at - BEFORE else ""
    if read_until is None or read_until <= local_day(order.due_at, zone):
        return ""
    for step, earlier in ((FIRST, None), (SECOND, FIRST), (HUMAN, SECOND)):
        if step not in sent:
            waited = earlier is None or at >= sent[earlier] + APART
            return step if waited and at >= order.due_at + AFTER[step] else ""
    return ""


def held_locked(order: Order, at: datetime) -> bool:
    """Whether a place of the order still waits for its money."""
    query = select(Registration.id).where(
        Registration.order_id == order.id,
        Registration.status == Status.AWAITING_PAYMENT,
        Registration.hold_until > at,
    )
    return require_writing().scalar(query.limit(1)) is not None


def tell_due_locked(order: Order, step: str, missing_cents: int, zone: str) -> None:
    """One mail to whoever ordered."""
    about = select(Registration).where(Registration.order_id == order.id).order_by(Registration.id).limit(1)
    registration = require_writing().scalars(about).one()
    assert order.due_at is not None
    queue_mail_locked(
        "order_due",
        order.buyer_email,
        locale=order.locale,
        person=order.buyer_id,
        event=registration.event_id,
        registration=registration.id,
        context={"step": step, "cents": missing_cents, "due": say_deadline(order.due_at, order.locale, zone)},
        unique_key=f"order_due:{order.id}:{step}",
    )


def handed_over() -> list[HandedOver]:
    """Orders whose reminders are at their end, the oldest first: a human writes or calls."""
    owed, money = owed_by_order(), money_by_order()
    left = owed.c.cents - func.coalesce(money.c.cents, 0)
    query = (
        select(Order.code, Person.given_name, Person.family_name, left, Order.due_at)
        .join(PaymentReminder, PaymentReminder.order_id == Order.id)
        .join(Person, Person.id == Order.buyer_id)
        .join(owed, owed.c.order_id == Order.id)
        .outerjoin(money, money.c.order_id == Order.id)
        .where(PaymentReminder.step == HUMAN, left > 0)
        .order_by(Order.due_at, Order.id)
    )
    return [
        HandedOver(code, f"{given} {family}".strip(), int(cents), due)
        for code, given, family, cents, due in db.session.execute(query)
    ]
