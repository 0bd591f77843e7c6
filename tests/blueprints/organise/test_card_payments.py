"""Card payments and money at the door, at the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.orders import LedgerEntry
from models.outbox import AuditEntry
from models.payments import AttemptState
from models.registrations import Status
from services.orders import receive_money
from services.payments import refresh
from services.registrations import expire_due
from tests.browsing import csrf_token, post_form, sign_in, words
from tests.cast import Cast, make_event
from tests.services.billed import as_company, team_ordered
from tests.services.paying import attempt_row, deliver, entries, opened_page, order_for, statuses, stripe_house

__all__ = ["stripe_house"]


@pytest.fixture
def desk(cast: Cast, client: FlaskClient) -> FlaskClient:
    sign_in(client, cast.fay)
    return client


@pytest.mark.parametrize("way, label", [("cash", "Cash at the door"), ("card", "Card terminal at the door")])
def test_money_at_the_door(desk: FlaskClient, cast: Cast, way: str, label: str) -> None:
    code = order_for(cast.carol, make_event())
    page = desk.get(f"/organise/orders/{code}")
    once = page.get_data(as_text=True).split('name="once"')[1].split('value="')[1].split('"')[0]
    sent = {"csrf_token": csrf_token(page), "way": way, "once": once, "amount": "508.20", "day": "2026-11-01"}
    for _ in range(2):  # sent twice, counted once
        desk.post(f"/organise/orders/{code}", data=sent)
    assert entries(code) == [("receipt", "manual", 50820)]
    assert statuses(code) == [Status.CONFIRMED]
    row = db.session.scalars(select(LedgerEntry)).one()
    assert (row.provider_reference, row.note) == (f"door:{once}", f"{label}.")


def test_a_transfer_still_needs_the_banks_reference(desk: FlaskClient, cast: Cast) -> None:
    code = order_for(cast.carol, make_event())
    answer = post_form(desk, f"/organise/orders/{code}", {"way": "transfer", "amount": "508.20", "day": "2026-11-01"})
    assert answer.status_code == 422
    assert "This is still empty." in words(answer)
    assert entries(code) == []


def waiting(cast: Cast, simulator: Simulator, cents: int = 100, currency: str = "eur") -> tuple[str, str]:
    """An order whose card payment differs from what was asked."""
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    simulator.pay(page)
    session = simulator.store.get("checkout.session", page)
    intent = simulator.store.get("payment_intent", session["payment_intent"])
    intent["amount_received"], session["currency"] = cents, currency
    refresh(attempt)
    return code, attempt


def test_what_differs_is_booked_by_a_decision(desk: FlaskClient, cast: Cast, stripe_house: Simulator) -> None:
    code, attempt = waiting(cast, stripe_house)
    page = words(desk.get(f"/organise/orders/{code}"))
    assert "The amount is not what was asked for. €508.20 was asked for; the card provider has 1.00 EUR" in page
    address = f"/organise/orders/{code}/card/{attempt}"
    answer = post_form(desk, address, {"answer": "book"}, page=f"/organise/orders/{code}", follow_redirects=True)
    assert "€1.00 is booked." in words(answer)
    assert entries(code) == [("receipt", "stripe", 100)]
    assert attempt_row(attempt).state == AttemptState.PAID
    again = post_form(desk, address, {"answer": "book"}, page=f"/organise/orders/{code}", follow_redirects=True)
    assert "waits for no decision" in words(again)
    assert len(entries(code)) == 1


def test_another_currency_is_never_booked(desk: FlaskClient, cast: Cast, stripe_house: Simulator) -> None:
    code, attempt = waiting(cast, stripe_house, 50820, "usd")
    address, page = f"/organise/orders/{code}/card/{attempt}", f"/organise/orders/{code}"
    answer = post_form(desk, address, {"answer": "book"}, page=page, follow_redirects=True)
    assert "nothing that can be booked in euros" in words(answer)
    answer = post_form(desk, address, {"answer": "aside"}, page=page, follow_redirects=True)
    assert "is set aside" in words(answer)
    assert (attempt_row(attempt).state, attempt_row(attempt).review) == (AttemptState.FAILED, "")
    assert entries(code) == []
    actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions[-1] == "payment.review_set_aside"


def test_the_order_shows_its_pages_and_disputes(desk: FlaskClient, cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    stripe_house.pay(page)
    stripe_house.dispute(str(stripe_house.store.get("checkout.session", page)["payment_intent"]))
    deliver(stripe_house)
    seen = words(desk.get(f"/organise/orders/{code}"))
    assert "By card" in seen
    assert "Bank transfer nothing is asked" in seen
    assert "Taken back by the payer’s bank" in seen


def test_the_order_says_how_it_can_be_paid_and_what_came_that_way(desk: FlaskClient, cast: Cast) -> None:
    code = order_for(cast.carol, make_event())
    assert "Ways to pay Bank transfer €508.20 awaited" in words(desk.get(f"/organise/orders/{code}"))
    receive_money(code, 50000, provider="manual", provider_reference="door:1", booked_at=now(), actor=cast.fay)
    seen = words(desk.get(f"/organise/orders/{code}"))
    assert "Bank transfer €8.20 awaited At the door €500.00 came" in seen
    as_company(cast, payment_term_days=30)
    on_account = team_ordered(cast, 1, on_account=True).code
    seen = words(desk.get(f"/organise/orders/{on_account}"))
    assert "Ways to pay Invoice, on account €302.50 awaited" in seen
    assert "Bank transfer €" not in seen


def test_late_money_goes_back_in_one_click(desk: FlaskClient, cast: Cast, stripe_house: Simulator) -> None:
    """Paid in the last second; the place is somebody else's, and nobody waits."""
    event = make_event(capacity=1, public_cents=10000, has_waiting_list=False)
    code = order_for(cast.carol, event)
    _, page = opened_page(code)
    assert expire_due(now() + timedelta(days=60)) == 1
    order_for(cast.bob, event)
    stripe_house.store.get("checkout.session", page)["status"] = "open"
    stripe_house.pay(page)
    deliver(stripe_house)
    assert statuses(code) == [Status.EXPIRED]
    seen = desk.get(f"/organise/orders/{code}")
    assert "Give back €121.00" in words(seen)
    act = f"/organise/orders/{code}/give-back"
    answer = post_form(desk, act, page=f"/organise/orders/{code}", follow_redirects=True)
    assert "€121.00 is on its way back" in words(answer)
    assert entries(code) == [("receipt", "stripe", 12100), ("refund", "stripe", -12100)]
    again = post_form(desk, act, page=f"/organise/orders/{code}", follow_redirects=True)  # pressed twice
    assert "nothing to give back any more" in words(again)
    assert len(entries(code)) == 2


def test_a_transfer_whose_account_nobody_knows_asks_for_it(desk: FlaskClient, cast: Cast) -> None:
    code = order_for(cast.carol, make_event(public_cents=10000))
    for reference in ("bank-1", "bank-2"):  # paid twice
        receive_money(code, 12100, provider="transfer", provider_reference=reference, booked_at=now(), actor=None)
    act = f"/organise/orders/{code}/give-back"
    answer = post_form(desk, act, page=f"/organise/orders/{code}")
    assert answer.location == f"/organise/orders/{code}/refund"
    assert "Write the account it shall go back to" in words(desk.get(answer.location))
    assert len(entries(code)) == 2
