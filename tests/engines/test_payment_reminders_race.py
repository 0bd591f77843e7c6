"""Two workers remind at the same moment, on both engines: each order is reminded once, with one mail."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import UniqueConstraint, func, select, update

from app import create_app
from bench.bank_files import fill
from bench.storm import looking, settings_for, take_the_lock_away
from models.bank import BankStatement
from models.base import db, now
from models.orders import Order
from models.outbox import OutboxMessage
from models.payments import PaymentReminder
from services import outbox
from services.payment_reminders import remind_unpaid
from services.transaction import require_writing, writing
from tests.cast import BRUSSELS
from tests.engines.together import at_once

pytestmark = pytest.mark.engines

ORDERS, WORKERS = 12, 2
AT = datetime.combine(now().astimezone(BRUSSELS).date() + timedelta(days=1), time(10), BRUSSELS).astimezone(UTC)


def prepare(url: str, folder: Path) -> None:
    """Orders that were to be paid five days ago, and a statement of the bank that was read since."""
    fill(url, folder, ORDERS)
    with looking(url, folder), writing() as session:
        session.execute(update(Order).values(due_at=AT - timedelta(days=5)))
        session.add(
            BankStatement(account="BE68539007547034", reference="1", format="coda", file_sha256="", ends_on=AT.date(),
                          opening_cents=0, closing_cents=0)
        )  # fmt: skip


def remind_together(app: Flask, at: datetime) -> tuple[list[int], list[Exception]]:
    """How many steps each worker took, and their errors."""
    return at_once(app, WORKERS, lambda _barrier: remind_unpaid(at))


def remind_unguarded(url: str, folder: Path) -> None:
    """In a process of its own: the database and the workers without the lock, and without what makes a step unique."""
    table = PaymentReminder.metadata.tables["payment_reminder"]
    table.constraints -= {each for each in table.constraints if isinstance(each, UniqueConstraint)}
    prepare(url, folder)
    take_the_lock_away()

    def add(message: OutboxMessage) -> OutboxMessage:
        message.unique_key = None
        require_writing().add(message)
        return message

    outbox.once_locked = add
    remind_together(create_app(settings_for(url, folder)), AT)


def left_behind() -> tuple[int, int, int]:
    """Steps taken, mails, and orders that had one."""
    db.session.rollback()
    mails = select(func.count()).where(OutboxMessage.template == "order_due")
    orders = select(func.count(PaymentReminder.order_id.distinct()))
    return db.session.query(PaymentReminder).count(), db.session.scalar(mails) or 0, db.session.scalar(orders) or 0


def test_without_the_guards_people_are_reminded_twice(both_engines: str, tmp_path: Path) -> None:
    """The race is real: the test below cannot pass by luck."""
    for _ in range(5):
        child = multiprocessing.get_context("fork").Process(target=remind_unguarded, args=(both_engines, tmp_path))
        child.start()
        child.join(timeout=60)
        with looking(both_engines, tmp_path):
            steps, mails, orders = left_behind()
        if steps > orders and mails > orders > 0:
            return
    pytest.fail(f"five unguarded pairs repeated nothing: {steps} steps, {mails} mails, {orders} orders")


def test_each_order_is_reminded_once(both_engines: str, tmp_path: Path) -> None:
    prepare(both_engines, tmp_path)
    app = create_app(settings_for(both_engines, tmp_path))
    steps, errors = remind_together(app, AT)
    assert (errors, sum(steps)) == ([], ORDERS)
    assert remind_together(app, AT + timedelta(minutes=1)) == ([0, 0], [])  # twice, and late
    with app.app_context():
        assert left_behind() == (ORDERS, ORDERS, ORDERS)
        db.session.remove()
        db.engine.dispose()
