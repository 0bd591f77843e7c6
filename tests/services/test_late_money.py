"""Money that comes after its place was given up: a free place, the head of the waiting list, or to be returned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.events import Quota
from models.orders import Order, PaymentStatus
from models.outbox import OutboxMessage
from models.payments import AttemptState
from models.registrations import Registration, Status
from services.orders import receive_money
from services.registrations import accept_offer, cancel, expire_due, register
from services.soundness import violations
from tests.cast import Cast, make_event
from tests.services.paying import attempt_row, deliver, money_of, opened_page, order_for, statuses, stripe_house
from tests.services.post import wish_of

__all__ = ["stripe_house"]


def by_transfer(code: str, cents: int = 50820, reference: str = "bank-1") -> None:
    receive_money(
        code, cents, provider="transfer", provider_reference=reference, booked_at=now(), actor=None
    )  # fmt: skip


def ran_out(cast: Cast, **changes: Any) -> str:
    """Carol's order, whose only place ran out unpaid."""
    code = order_for(cast.carol, make_event(**{"capacity": 1, **changes}))
    assert expire_due(now() + timedelta(days=12)) == 1
    return code


def told(template: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxMessage.recipient).where(OutboxMessage.template == template)))


def test_a_free_place_is_taken_by_a_new_registration(app: Flask, cast: Cast) -> None:
    code = ran_out(cast)
    by_transfer(code)
    old, new = db.session.scalars(select(Registration).order_by(Registration.id))
    assert (old.status, new.status, new.replaces_id) == (Status.EXPIRED, Status.CONFIRMED, old.id)
    assert (new.name, new.email, new.person_id) == (old.name, old.email, old.person_id)
    assert money_of(code).status is PaymentStatus.PAID
    assert told("payment_received") == ["carol@kelvin-home.example"]
    assert violations() == []


def test_a_taken_place_means_the_head_of_the_waiting_list(app: Flask, cast: Cast) -> None:
    code = ran_out(cast)
    event_id = db.session.scalars(select(Registration.event_id)).one()
    bob = register(cast.bob, event_id, wish_of(cast.bob), locale="en")
    register(cast.dora, event_id, wish_of(cast.dora), locale="en")  # a member, who waits
    by_transfer(code)
    assert statuses(code) == [Status.EXPIRED, Status.WAITLISTED]
    assert money_of(code).to_return_cents == 50820  # finance may also give it back
    assert told("payment_too_late") == ["carol@kelvin-home.example"]
    cancel(last_of(bob.code), actor=cast.bob)
    assert statuses(code) == [Status.EXPIRED, Status.OFFERED]
    accept_offer(last_of(code), actor=cast.carol)
    assert statuses(code) == [Status.EXPIRED, Status.CONFIRMED]
    assert money_of(code).status is PaymentStatus.PAID
    assert violations() == []


def last_of(code: str) -> str:
    query = select(Registration.public_id).join(Order, Order.id == Registration.order_id).where(Order.code == code)
    return db.session.scalars(query.order_by(Registration.id.desc()).limit(1)).one()


def test_without_a_waiting_list_it_is_to_be_returned(app: Flask, cast: Cast) -> None:
    code = ran_out(cast, has_waiting_list=False)
    event_id = db.session.scalars(select(Registration.event_id)).one()
    register(cast.bob, event_id, wish_of(cast.bob), locale="en")
    by_transfer(code)
    by_transfer(code, 100, "bank-2")
    assert statuses(code) == [Status.EXPIRED]
    assert (money_of(code).status, money_of(code).to_return_cents) == (PaymentStatus.REFUND_DUE, 50920)
    assert told("payment_too_late") == ["carol@kelvin-home.example"]  # once
    assert db.session.scalars(select(Quota.taken)).one() == 1


def test_too_little_takes_nothing(app: Flask, cast: Cast) -> None:
    code = ran_out(cast)
    by_transfer(code, 50819)
    assert statuses(code) == [Status.EXPIRED]
    by_transfer(code, 1, "bank-2")
    assert statuses(code) == [Status.EXPIRED, Status.CONFIRMED]


def test_somebody_who_is_back_already_is_not_taken_twice(app: Flask, cast: Cast) -> None:
    code = ran_out(cast, capacity=2)
    event_id = db.session.scalars(select(Registration.event_id)).one()
    register(cast.carol, event_id, wish_of(cast.carol), locale="en")
    by_transfer(code)
    assert statuses(code) == [Status.EXPIRED]
    assert money_of(code).to_return_cents == 50820


def test_a_place_given_back_is_not_taken_again(app: Flask, cast: Cast) -> None:
    code = order_for(cast.carol, make_event())
    cancel(last_of(code), actor=cast.carol)
    by_transfer(code)
    assert statuses(code) == [Status.CANCELLED]
    assert money_of(code).status is PaymentStatus.REFUND_DUE


@pytest.mark.parametrize("taken", [False, True])
def test_a_card_payment_that_our_clock_missed(cast: Cast, stripe_house: Simulator, taken: bool) -> None:
    """Paid in the last second, while we closed the page, and we were told that it had expired."""
    code = order_for(cast.carol, make_event(capacity=1))
    event_id = db.session.scalars(select(Registration.event_id)).one()
    attempt, page = opened_page(code)
    assert expire_due(now() + timedelta(days=12)) == 1
    if taken:
        register(cast.bob, event_id, wish_of(cast.bob), locale="en")
    stripe_house.store.get("checkout.session", page)["status"] = "open"
    stripe_house.pay(page)
    deliver(stripe_house)
    assert attempt_row(attempt).state == AttemptState.PAID
    assert statuses(code) == [Status.EXPIRED, Status.WAITLISTED if taken else Status.CONFIRMED]
    assert db.session.scalars(select(Quota.taken)).one() == 1
    assert violations() == []


def test_once_the_event_has_begun_it_is_to_be_returned(app: Flask, cast: Cast) -> None:
    code = ran_out(cast)
    receive_money(
        code, 50820, provider="transfer", provider_reference="late", booked_at=now(), actor=None,
        at=now() + timedelta(days=11),
    )  # fmt: skip
    assert statuses(code) == [Status.EXPIRED]
