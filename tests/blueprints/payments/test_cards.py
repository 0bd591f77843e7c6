"""To the payment page and back: the order page offers it, the return asks the provider, the web hook answers quickly."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from integrations.stripe_simulator.server import Simulator
from models.base import db
from models.outbox import AuditEntry
from models.payments import AttemptState, PaymentAttempt, ProviderEvent
from models.registrations import Status
from services.payment_inbox import work_off_due
from tests.browsing import csrf_token, post_form, sign_in, words
from tests.cast import Cast, make_event
from tests.services.paying import attempt_row, entries, opened_page, order_for, statuses, stripe_house

__all__ = ["stripe_house"]


@pytest.fixture
def code(cast: Cast, client: FlaskClient) -> str:
    """Carol's order of €508.20; she is signed in."""
    sign_in(client, cast.carol)
    return order_for(cast.carol, make_event())


def pay(client: FlaskClient, code: str) -> str:
    """Press the button; the address of the payment page."""
    answer = post_form(client, f"/orders/{code}/pay", page=f"/orders/{code}")
    assert answer.status_code == 200
    address = answer.headers["Refresh"].removeprefix("0; url=")
    assert f'href="{address}"' in answer.get_data(as_text=True)
    return address


def test_it_works(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    page = client.get(f"/orders/{code}")
    assert "Pay €508.20 by card" in words(page)
    assert "Or scan with your bank" in words(page)  # the transfer stays
    address = pay(client, code)
    assert address.startswith(f"{stripe_house.url}/pay/cs_test_")
    stripe_house.pay(address.rsplit("/", 1)[1])
    answer = client.get(f"/orders/{code}/paid", follow_redirects=True)
    assert "We have your payment" in words(answer)
    assert "You have a place on" in words(answer)
    assert "by card" not in words(answer)
    assert entries(code) == [("receipt", "stripe", 50820)]
    assert statuses(code) == [Status.CONFIRMED]


def test_without_cards_there_is_the_transfer_only(client: FlaskClient, code: str) -> None:
    page = client.get(f"/orders/{code}")
    assert "by card" not in words(page)
    assert "Scan with your bank" in words(page)
    token = csrf_token(client.get("/me/profile"))
    assert client.post(f"/orders/{code}/pay", data={"csrf_token": token}).status_code == 404


def test_who_only_holds_a_place_does_not_pay(app: Flask, cast: Cast, stripe_house: Simulator) -> None:
    from services.team_lists import TeamWish
    from services.team_orders import order_for_team

    event = make_event()
    wish = TeamWish(people="Bob Lambert <bob@lysara.example>")
    order = order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en").order.code
    browser = app.test_client()
    sign_in(browser, cast.bob)
    page = browser.get(f"/orders/{order}")
    assert "by card" not in words(page)
    token = csrf_token(browser.get("/me/profile"))
    assert browser.post(f"/orders/{order}/pay", data={"csrf_token": token}).status_code == 404
    dora = app.test_client()
    sign_in(dora, cast.dora)
    assert "Visa, Mastercard, Bancontact or direct debit" in words(dora.get(f"/orders/{order}"))


def test_a_stranger_finds_nothing(app: Flask, cast: Cast, code: str, stripe_house: Simulator) -> None:
    stranger = app.test_client()
    assert stranger.get(f"/orders/{code}/paid").status_code == 303
    sign_in(stranger, cast.bob)
    assert stranger.get(f"/orders/{code}/paid").status_code == 404


def test_back_before_the_bank_has_answered(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    pay(client, code)
    answer = client.get(f"/orders/{code}/paid")
    assert "We are waiting for your bank" in words(answer)
    assert answer.headers["Refresh"] == f"5; url=/orders/{code}/paid?looked=1"
    last = client.get(f"/orders/{code}/paid?looked=24")
    assert "longer than usual" in words(last)
    assert "Refresh" not in last.headers


def test_back_while_the_provider_is_away(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    address = pay(client, code)
    stripe_house.pay(address.rsplit("/", 1)[1])
    stripe_house.store.failing = 1
    assert "We are waiting for your bank" in words(client.get(f"/orders/{code}/paid"))
    assert "We have your payment" in words(client.get(f"/orders/{code}/paid?looked=1", follow_redirects=True))


def test_a_debit_is_on_its_way(app: Flask, cast: Cast, stripe_house: Simulator) -> None:
    from tests.services.test_payments import debit

    order, _, _ = debit(cast, stripe_house)
    dora = app.test_client()
    sign_in(dora, cast.dora)
    answer = dora.get(f"/orders/{order}/paid")
    assert "Your bank is making the payment" in words(answer)
    assert "Refresh" not in answer.headers
    page = words(dora.get(f"/orders/{order}"))
    assert "is on its way" in page
    assert "by card" not in page


def test_a_debit_that_was_refused_is_told_on_the_order(app: Flask, cast: Cast, stripe_house: Simulator) -> None:
    from tests.services.paying import deliver
    from tests.services.test_payments import debit

    order, _, page = debit(cast, stripe_house)
    stripe_house.settle(page, succeeds=False)
    deliver(stripe_house)
    dora = app.test_client()
    sign_in(dora, cast.dora)
    seen = words(dora.get(f"/orders/{order}"))
    assert "The last payment did not go through, so nothing was paid." in seen
    assert "by card" in seen


def test_back_from_the_payment_page_the_order_is_read_anew(client: FlaskClient, code: str) -> None:
    assert client.get(f"/orders/{code}").headers["Cache-Control"] == "private, no-store"


def test_the_page_that_does_not_open(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    stripe_house.store.failing = 9
    answer = post_form(client, f"/orders/{code}/pay", page=f"/orders/{code}", follow_redirects=True)
    assert "The payment page did not open" in words(answer)
    assert "Or scan with your bank" in words(answer)


def test_paid_in_another_tab(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    token = csrf_token(client.get(f"/orders/{code}"))
    address = pay(client, code)
    stripe_house.pay(address.rsplit("/", 1)[1])
    client.get(f"/orders/{code}/paid")
    answer = client.post(f"/orders/{code}/pay", data={"csrf_token": token}, follow_redirects=True)
    assert "Nothing is to be paid" in words(answer)


def test_nobody_says_paid_by_an_address(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    assert "We have your payment" not in words(client.get(f"/orders/{code}?paid=yes"))


def test_the_web_hook(app: Flask, code: str, stripe_house: Simulator) -> None:
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    body, headers = stripe_house.signed(stripe_house.store.events[0])
    stripe = app.test_client()
    for _ in range(2):
        answer = stripe.post("/webhooks/stripe", data=body, headers=headers)
        assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])
    assert db.session.scalar(select(func.count()).select_from(ProviderEvent)) == 1
    work_off_due()
    assert attempt_row(attempt).state == AttemptState.PAID


def test_a_forged_or_stale_web_hook(app: Flask, code: str, stripe_house: Simulator) -> None:
    _, page = opened_page(code)
    stripe_house.pay(page)
    body, headers = stripe_house.signed(stripe_house.store.events[0])
    stripe = app.test_client()
    assert stripe.post("/webhooks/stripe", data=body + b" ", headers=headers).status_code == 400
    assert stripe.post("/webhooks/stripe", data=b"").status_code == 400
    stale, said = stripe_house.signed(stripe_house.store.events[0], age=400)
    assert stripe.post("/webhooks/stripe", data=stale, headers=said).status_code == 400
    assert db.session.scalar(select(func.count()).where(AuditEntry.action == "webhook.refused")) == 3
    assert not db.session.scalar(select(ProviderEvent.id))


def test_a_flood_of_forged_web_hooks_fills_no_table(app: Flask, stripe_house: Simulator) -> None:
    stripe = app.test_client()
    answers = {stripe.post("/webhooks/stripe", data=b"{}").status_code for _ in range(65)}
    assert answers == {400}
    assert db.session.scalar(select(func.count()).where(AuditEntry.action == "webhook.refused")) == 60


def test_without_cards_no_web_hook(app: Flask) -> None:
    assert app.test_client().post("/webhooks/stripe", data=b"{}").status_code == 404


def test_pressing_twice_opens_one_page(client: FlaskClient, code: str, stripe_house: Simulator) -> None:
    assert pay(client, code) == pay(client, code)
    assert db.session.scalar(select(func.count()).select_from(PaymentAttempt)) == 1
