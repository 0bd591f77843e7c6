"""`kill -9` between what a provider did and our commit: after the restart nothing is lost and nothing counts twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.children import forking
from bench.deliveries import paid_pages, paying, settings_with
from bench.storm import prepare
from config import Settings
from integrations.payments.stripe import Stripe
from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.orders import LedgerEntry, Order
from models.payments import AttemptState, PaymentAttempt, ProviderEvent
from models.people import Person
from models.registrations import Registration, Status
from services.payment_inbox import receive, work_off, work_off_due
from services.payments import start
from services.reconciliation import reconcile
from services.refunds import Wanted, carry_out, carry_out_due, request
from services.registrations import expire_due, register
from services.wishes import Wish

pytestmark = pytest.mark.engines

LATER = timedelta(minutes=11)


@pytest.fixture
def house(both_engines: str, tmp_path: Path) -> Iterator[tuple[str, Path, Simulator]]:
    with Simulator() as simulator:
        yield both_engines, tmp_path, simulator


def killed_after(settings: Settings, method: str, act: Callable[..., object], *args: Any) -> None:
    """Run `act` in a process of its own that dies when Stripe has answered `method`, before we write down what it said."""
    child = forking().Process(target=die_after, args=(settings, method, act, args))
    child.start()
    child.join(timeout=60)
    assert child.exitcode == -signal.SIGKILL


def die_after(settings: Settings, method: str, act: Callable[..., object], args: tuple[Any, ...]) -> None:
    answered = getattr(Stripe, method)

    def answer_and_die(self: Stripe, *said: Any) -> None:
        answered(self, *said)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(Stripe, method, answer_and_die)
    with paying(settings), suppress(RuntimeError):
        act(*args)


def one_order(settings: Settings, url: str, folder: Path) -> str:
    """The code of an order that asks for money."""
    (event_id,) = prepare(url, folder, capacity=1, people=1, cents=10000)
    with paying(settings):
        person = db.session.get_one(Person, 1)
        return register(person, event_id, Wish("Guest", "One", "guest1@example.org"), locale="en").code


def pages(simulator: Simulator) -> list[str]:
    return [name for name in simulator.store.things if name.startswith("cs_")]


def receipts() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(LedgerEntry.cents).order_by(LedgerEntry.id)))


def test_killed_while_the_page_was_opened(house: tuple[str, Path, Simulator]) -> None:
    url, folder, simulator = house
    settings = settings_with(url, folder, simulator)
    code = one_order(settings, url, folder)
    killed_after(settings, "start", start, code)
    assert len(pages(simulator)) == 1
    with paying(settings):
        assert db.session.scalars(select(PaymentAttempt.state)).one() == AttemptState.CREATED
        again = start(code)  # the payer presses again: the same key opens the same page
        assert again.url.endswith(pages(simulator)[0])
        assert len(pages(simulator)) == 1
        simulator.pay(pages(simulator)[0])
        reconcile(now() + LATER)
        assert receipts() == [12100]


def test_killed_while_the_page_was_opened_and_nobody_comes_back(house: tuple[str, Path, Simulator]) -> None:
    url, folder, simulator = house
    settings = settings_with(url, folder, simulator)
    killed_after(settings, "start", start, one_order(settings, url, folder))
    with paying(settings):
        assert expire_due(now() + timedelta(days=40)) == 1
        assert db.session.scalars(select(PaymentAttempt.state)).one() == AttemptState.CANCELLED
        assert db.session.scalars(select(Registration.status)).one() == Status.EXPIRED


def test_killed_while_a_payment_was_learnt(house: tuple[str, Path, Simulator]) -> None:
    url, folder, simulator = house
    settings = settings_with(url, folder, simulator)
    ((body, headers, _attempt),) = paid_pages(url, folder, simulator, 1)
    with paying(settings):
        event_id = receive("stripe", body, headers, ip="")
    killed_after(settings, "refresh", work_off, event_id)
    with paying(settings):
        assert receipts() == []
        assert db.session.scalars(select(ProviderEvent.processed_at)).one() is None
        for _ in range(2):
            work_off_due()
            reconcile(now() + LATER)
        assert receipts() == [12100]
        assert db.session.scalars(select(Registration.status)).one() == Status.CONFIRMED


def test_killed_while_a_page_was_closed(house: tuple[str, Path, Simulator]) -> None:
    url, folder, simulator = house
    settings = settings_with(url, folder, simulator)
    code = one_order(settings, url, folder)
    with paying(settings):
        start(code)
    killed_after(settings, "cancel", expire_due, now() + timedelta(days=40))
    with paying(settings):
        assert db.session.scalars(select(Registration.status)).one() == Status.AWAITING_PAYMENT
        assert expire_due(now() + timedelta(days=40)) == 1
        assert db.session.scalars(select(PaymentAttempt.state)).one() == AttemptState.EXPIRED


def test_killed_while_money_went_back(house: tuple[str, Path, Simulator]) -> None:
    url, folder, simulator = house
    settings = settings_with(url, folder, simulator)
    paid_pages(url, folder, simulator, 1)
    with paying(settings):
        reconcile(now() + LATER)
        code = db.session.scalars(select(Order.code)).one()
        (refund,) = request(code, Wanted(5000, "a smaller place"), actor=None)
        public_id = refund.public_id
    killed_after(settings, "refund", carry_out, public_id)
    with paying(settings):
        assert receipts() == [12100]
        for _ in range(2):
            carry_out_due()
            reconcile(now() + LATER)
        assert receipts() == [12100, -5000]
        assert len([thing for thing in simulator.store.things.values() if thing["object"] == "refund"]) == 1
