"""A payer's bank takes a payment back: the place stays, nobody pays twice, and what follows a lost dispute is decided by people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.orders import Order, PaymentStatus
from models.outbox import AuditEntry, OutboxMessage
from models.registrations import Registration, Status
from services.bank_balances import to_pay_of
from services.disputes import AGAIN, NotLost, decide
from services.finance_desk import monday
from services.orders import receive_money
from services.payments import NothingToPay, start
from services.registrations import accept_offer, cancel
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transfers import list_orders
from tests.browsing import post_form, sign_in, words
from tests.cast import Cast, make_event
from tests.services.paying import deliver, entries, money_of, opened_page, order_for, statuses, stripe_house

__all__ = ["stripe_house"]

PRICE = 50820


@pytest.fixture
def contested(cast: Cast, stripe_house: Simulator) -> tuple[str, Any]:
    """Carol's order, paid by card and contested; and the dispute at the provider."""
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    stripe_house.pay(page)
    dispute = stripe_house.dispute(str(stripe_house.store.get("checkout.session", page)["payment_intent"]))
    deliver(stripe_house)
    return code, dispute


def lose(simulator: Simulator, dispute: Any) -> str:
    """The payer's bank decides against us; the dispute's name."""
    simulator.end_dispute(dispute["id"], won=False)
    deliver(simulator)
    return str(dispute["id"])


def asked(code: str) -> tuple[int, PaymentStatus]:
    """What the order asks for, and how it says it stands."""
    order_id = db.session.scalars(select(Order.id).where(Order.code == code)).one()
    money = money_of(code)
    (row,) = list_orders("all", code).rows
    assert to_pay_of([order_id]).get(order_id, 0) == money.to_pay_cents == row.to_pay_cents
    assert row.status is money.status
    return money.to_pay_cents, money.status


def test_it_works(contested: tuple[str, Any]) -> None:
    code, _ = contested
    assert entries(code) == [("receipt", "stripe", PRICE), ("dispute", "stripe", -PRICE)]  # the ledger tells all
    assert asked(code) == (0, PaymentStatus.PAID)
    assert statuses(code) == [Status.CONFIRMED]
    with pytest.raises(NothingToPay):
        start(code)
    assert list_orders("awaiting").rows == []
    assert monday(now()).disputes == 1


def test_a_dispute_that_is_won_changes_nothing(contested: tuple[str, Any], stripe_house: Simulator) -> None:
    code, dispute = contested
    stripe_house.end_dispute(dispute["id"], won=True)
    deliver(stripe_house)
    assert asked(code) == (0, PaymentStatus.PAID)
    assert money_of(code).contested_cents == 0
    assert monday(now()).disputes == 0


def test_a_lost_dispute_waits_for_finance(cast: Cast, contested: tuple[str, Any], stripe_house: Simulator) -> None:
    code, dispute = contested
    name = lose(stripe_house, dispute)
    assert asked(code) == (0, PaymentStatus.PAID)
    assert monday(now()).disputes == 1
    at = now()
    decide(code, "stripe", name, ask=True, actor=cast.fay, at=at)
    assert asked(code) == (PRICE, PaymentStatus.UNPAID)
    assert statuses(code) == [Status.CONFIRMED]  # who comes is for people to decide
    assert db.session.scalars(select(Order.due_at).where(Order.code == code)).one() == at + AGAIN
    assert monday(now()).disputes == 0
    mail = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "order_due")).one()
    assert (mail.context["step"], mail.context["cents"]) == ("again", PRICE)
    _, page = opened_page(code)
    stripe_house.pay(page)
    deliver(stripe_house)
    assert asked(code) == (0, PaymentStatus.PAID)
    assert [cents for _, _, cents in entries(code)] == [PRICE, -PRICE, PRICE]


def test_it_may_be_let_be(cast: Cast, contested: tuple[str, Any], stripe_house: Simulator) -> None:
    code, dispute = contested
    with pytest.raises(NotLost):
        decide(code, "stripe", dispute["id"], ask=False, actor=cast.fay)  # the bank has not decided yet
    name = lose(stripe_house, dispute)
    decide(code, "stripe", name, ask=False, actor=cast.fay)
    assert asked(code) == (0, PaymentStatus.PAID)
    deliver(stripe_house)  # told again
    with pytest.raises(NotLost):
        decide(code, "stripe", name, ask=True, actor=cast.ada)
    actions = list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("dispute."))))
    assert actions == ["dispute.opened", "dispute.let_be"]
    assert not db.session.scalar(select(OutboxMessage.id).where(OutboxMessage.template == "order_due"))


def test_another_order_has_nothing_to_decide(cast: Cast, contested: tuple[str, Any], stripe_house: Simulator) -> None:
    name = lose(stripe_house, contested[1])
    with pytest.raises(NotLost):
        decide(order_for(cast.bob, make_event()), "stripe", name, ask=True, actor=cast.fay)


def test_paid_again_while_it_is_contested(cast: Cast, contested: tuple[str, Any], stripe_house: Simulator) -> None:
    code, dispute = contested
    receive_money(code, PRICE, provider="transfer", provider_reference="again", booked_at=now(), actor=cast.fay)
    assert asked(code) == (0, PaymentStatus.PAID)
    assert money_of(code).to_return_cents == 0
    decide(code, "stripe", lose(stripe_house, dispute), ask=True, actor=cast.fay)
    assert asked(code) == (0, PaymentStatus.PAID)
    assert not db.session.scalar(select(OutboxMessage.id).where(OutboxMessage.template == "order_due"))


def test_contested_money_is_not_given_back_a_second_time(cast: Cast, contested: tuple[str, Any]) -> None:
    code, _ = contested
    cancel(db.session.scalars(select(Registration.public_id)).one(), actor=cast.alice, by_organiser=True)
    assert money_of(code).to_return_cents == 0
    assert asked(code) == (0, PaymentStatus.REFUNDED)


def test_a_place_beside_it_is_confirmed_by_its_own_money(cast: Cast, stripe_house: Simulator) -> None:
    event = make_event(capacity=2, public_cents=10000, member_cents=10000)
    stranger = order_for(cast.carol, event)
    wish = TeamWish(unnamed=2, may_wait=True)
    code = order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en").order.code
    _, page = opened_page(code)
    stripe_house.pay(page)
    stripe_house.dispute(str(stripe_house.store.get("checkout.session", page)["payment_intent"]))
    deliver(stripe_house)
    assert statuses(code) == [Status.CONFIRMED, Status.WAITLISTED]
    cancel(public_ids(stranger)[0], actor=cast.carol)
    accept_offer(public_ids(code)[1], actor=cast.dora)
    assert asked(code) == (12100, PaymentStatus.PARTLY_PAID)
    receive_money(code, 12100, provider="transfer", provider_reference="rest", booked_at=now(), actor=cast.fay)
    assert statuses(code) == [Status.CONFIRMED] * 2
    assert asked(code) == (0, PaymentStatus.PAID)


def public_ids(code: str) -> list[str]:
    query = select(Registration.public_id).join(Order, Order.id == Registration.order_id).where(Order.code == code)
    return list(db.session.scalars(query.order_by(Registration.id)))


def test_what_the_buyer_reads(
    cast: Cast, client: FlaskClient, contested: tuple[str, Any], stripe_house: Simulator
) -> None:
    code, dispute = contested
    sign_in(client, cast.carol)
    page = words(client.get(f"/orders/{code}"))
    assert "You have a place on" in page
    assert "Your bank has taken back €508.20. It is being contested" in page
    assert "by card" not in page
    name = lose(stripe_house, dispute)
    assert "The organiser decides what follows" in words(client.get(f"/orders/{code}"))
    decide(code, "stripe", name, ask=True, actor=cast.fay)
    page = words(client.get(f"/orders/{code}"))
    assert "Pay €508.20 by" in page
    assert "the organiser asks you to pay again" in page
    assert "Pay €508.20 by card" in page


def test_what_finance_reads_and_decides(
    cast: Cast, client: FlaskClient, contested: tuple[str, Any], stripe_house: Simulator
) -> None:
    code, dispute = contested
    sign_in(client, cast.fay)
    order = f"/organise/orders/{code}"
    assert "€508.20 is being contested" in words(client.get(order))
    name = lose(stripe_house, dispute)
    assert "lost, to be decided" in words(client.get("/organise/disputes"))
    assert "A dispute of €508.20 is lost" in words(client.get(order))
    act = f"{order}/dispute/{name}"
    answer = post_form(client, act, {"answer": "ask"}, page=order, follow_redirects=True)
    assert "is asked to pay again" in words(answer)
    again = post_form(client, act, {"answer": "let_be"}, page=order, follow_redirects=True)
    assert "nothing to decide" in words(again)
    assert "lost, asked for again" in words(again)
    due = db.session.scalars(select(Order.due_at)).one()
    assert due
    assert due > now() + AGAIN - timedelta(minutes=5)
