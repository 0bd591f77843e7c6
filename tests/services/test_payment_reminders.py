"""Reminders of orders: a notice, a first that costs nothing, a second, a human; never before the bank was read."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from models.base import db, now
from models.orders import Order
from models.outbox import OutboxMessage
from models.payments import PaymentReminder
from models.registrations import Registration, Status
from services.letters import NothingToSay, compose
from services.payment_reminders import handed_over, remind_unpaid
from services.transaction import writing
from tests.cast import BRUSSELS, Cast, make_event
from tests.services.bank_files import imported, order_of, transfer
from tests.services.post import registered


def day(number: int, hour: int = 10) -> datetime:
    """So many days after the order is due."""
    date = now().astimezone(BRUSSELS).date() + timedelta(days=number)
    return datetime.combine(date, time(hour), BRUSSELS).astimezone(UTC)


@pytest.fixture
def order(cast: Cast) -> Order:
    """An order on account of 508.20, due today."""
    event = make_event(public_cents=42000, member_cents=None)
    found = registered(cast.carol, event)
    with writing() as session:
        session.get_one(Registration, found.id).status = Status.CONFIRMED
        row = session.get_one(Order, found.order_id)
        row.is_on_account, row.due_at = True, day(0, 12)
    return order_of(found)


def bank_was_read(until: int) -> None:
    imported(transfer(None, 100 + until, free_text=str(until)), reference=f"S{until}", day=day(until).date())


def mails() -> list[str]:
    db.session.rollback()
    rows = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.template == "order_due").order_by(OutboxMessage.id)
    )
    return [row.context["step"] for row in rows]


def test_it_works(cast: Cast, order: Order) -> None:
    """Each step on its day, once; the fourth is a row for a human and no mail."""
    assert (remind_unpaid(day(-4)), remind_unpaid(day(-2)), remind_unpaid(day(-1))) == (0, 1, 0)
    bank_was_read(2)
    assert (remind_unpaid(day(2)), remind_unpaid(day(4)), remind_unpaid(day(4, 11))) == (0, 1, 0)
    assert (remind_unpaid(day(17)), remind_unpaid(day(18)), remind_unpaid(day(19))) == (0, 1, 0)
    assert mails() == ["notice", "first", "second"]
    assert handed_over() == []
    db.session.rollback()
    assert (remind_unpaid(day(31)), remind_unpaid(day(33)), remind_unpaid(day(60))) == (0, 1, 0)
    assert mails() == ["notice", "first", "second"]
    assert [(one.code, one.to_pay_cents) for one in handed_over()] == [(order.code, 50820)]


def test_not_before_the_bank_was_read(cast: Cast, order: Order) -> None:
    assert remind_unpaid(day(5)) == 0
    bank_was_read(0)  # the day itself: the transfer may be on the next statement
    assert remind_unpaid(day(5)) == 0
    bank_was_read(1)
    assert remind_unpaid(day(5)) == 1


def test_a_clock_that_was_off_begins_with_the_first_and_waits_fourteen_days(cast: Cast, order: Order) -> None:
    bank_was_read(30)
    assert (remind_unpaid(day(40)), remind_unpaid(day(53)), remind_unpaid(day(54, 11))) == (1, 0, 1)
    assert mails() == ["first", "second"]


@pytest.mark.parametrize("hour, steps", [(7, 0), (8, 1), (19, 1), (20, 0)])
def test_only_when_people_read_their_mail(cast: Cast, order: Order, hour: int, steps: int) -> None:
    assert remind_unpaid(day(-1, hour)) == steps


def test_what_is_paid_is_not_reminded_of(cast: Cast, order: Order) -> None:
    imported(transfer(order), reference="S9", day=day(9).date())
    assert remind_unpaid(day(12)) == 0


def test_a_mail_that_could_not_leave_before_it_was_paid_stays(cast: Cast, order: Order) -> None:
    remind_unpaid(day(-1))
    imported(transfer(order))
    message = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "order_due")).one()
    with pytest.raises(NothingToSay):
        compose(message)


def test_places_that_were_given_up_ask_for_nothing(cast: Cast) -> None:
    """Held places that end on the due day: nothing is owed afterwards, so nobody is reminded."""
    registered(cast.carol, make_event(public_cents=42000, member_cents=None))
    bank_was_read(60)
    assert remind_unpaid(day(60)) == 0
    assert db.session.query(PaymentReminder).count() == 0
