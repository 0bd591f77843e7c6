"""Paying by card: one page for several tabs, one receipt for any number of web hooks, and never an oversell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from integrations.payments import ProviderUnreachable
from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.orders import PaymentStatus
from models.outbox import AuditEntry, OutboxMessage
from models.payments import AttemptState, PaymentAttempt, ProviderEvent
from models.registrations import Registration, Status
from services.payment_inbox import NoticeRefused, catch_up, receive, work_off_due
from services.payments import CardsNotOffered, MoneyOnItsWay, NothingToPay, PageRefused, close, refresh, start
from services.reconciliation import reconcile
from services.registrations import cancel, expire_due
from services.soundness import violations
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.paying import (
    attempt_row,
    deliver,
    entries,
    money_of,
    opened_page,
    order_for,
    page_of,
    statuses,
    stripe_house,
)

__all__ = ["stripe_house"]

PRICE = 50820
RECEIPT = [("receipt", "stripe", PRICE)]


def mails(template: str) -> int:
    db.session.rollback()
    query = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.template == template)
    return db.session.scalar(query) or 0


def test_it_works(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    deliver(stripe_house)
    assert attempt_row(attempt).state == AttemptState.PAID
    assert entries(code) == RECEIPT
    assert statuses(code) == [Status.CONFIRMED]
    assert money_of(code).status is PaymentStatus.PAID
    assert mails("payment_received") == 1


def test_without_a_key_no_cards(cast: Cast) -> None:
    with pytest.raises(CardsNotOffered):
        start(order_for(cast.carol, make_event()))


def test_a_free_order_opens_no_page(cast: Cast, stripe_house: Simulator) -> None:
    with pytest.raises(NothingToPay):
        start(order_for(cast.carol, make_event(public_cents=0, member_cents=None)))
    assert not db.session.scalar(select(PaymentAttempt.id))


def test_several_tabs_share_one_page(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    assert start(code) == start(code)
    assert len([thing for thing in stripe_house.store.things if thing.startswith("cs_")]) == 1


def test_the_place_is_held_longer_than_the_page_lives(cast: Cast, stripe_house: Simulator) -> None:
    soon = now() + timedelta(minutes=20)
    code = order_for(cast.carol, make_event(slots=[(soon, soon + timedelta(hours=3))]))
    attempt = start(code).attempt
    registration = db.session.scalars(select(Registration)).one()
    expires_at = attempt_row(attempt).expires_at
    assert expires_at
    assert registration.hold_until
    assert registration.hold_until >= expires_at + timedelta(minutes=15)


def test_web_hooks_in_any_order_and_twice(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    payment = attempt_after(attempt, page, stripe_house)
    stripe_house.dispute(payment)
    for _ in range(2):
        deliver(stripe_house, *reversed(stripe_house.store.events))
    assert entries(code) == [*RECEIPT, ("dispute", "stripe", -PRICE)]
    assert db.session.scalar(select(func.count()).select_from(ProviderEvent)) == 3


def attempt_after(attempt: str, page: str, simulator: Simulator) -> str:
    """The payment of a page that was paid."""
    return str(simulator.store.get("checkout.session", page)["payment_intent"])


def test_the_return_page_may_be_faster_than_the_web_hook(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    assert refresh(attempt) is AttemptState.PAID
    deliver(stripe_house)
    assert entries(code) == RECEIPT
    assert mails("payment_received") == 1


def test_a_lost_web_hook_is_found_by_the_clock(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    assert catch_up() == 1
    assert work_off_due() == 1
    assert catch_up() == 0
    assert entries(code) == RECEIPT
    assert attempt_row(attempt).state == AttemptState.PAID


def test_a_lost_web_hook_and_a_lost_list_too(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    stripe_house.pay(page)
    stripe_house.store.events.clear()
    assert reconcile() == 0  # too early to ask
    assert reconcile(now() + timedelta(minutes=11)) == 1
    assert entries(code) == RECEIPT


def test_a_notice_that_cannot_be_worked_off_waits(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    stripe_house.pay(page)
    body, headers = stripe_house.signed(stripe_house.store.events[0])
    receive("stripe", body, headers, ip="")
    stripe_house.store.failing = 9
    assert work_off_due() == 0
    row = db.session.scalars(select(ProviderEvent)).one()
    assert (row.processed_at, row.tries, bool(row.error)) == (None, 1, True)
    stripe_house.store.failing = 0
    assert work_off_due() == 1
    assert entries(code) == RECEIPT


def test_forged_and_stale_web_hooks_leave_an_audit_entry(cast: Cast, stripe_house: Simulator) -> None:
    _, page = opened_page(order_for(cast.carol, make_event()))
    stripe_house.pay(page)
    event = stripe_house.store.events[0]
    body, headers = stripe_house.signed(event)
    for forged, said in ((body + b" ", headers), (body, {}), stripe_house.signed(event, age=400)):
        with pytest.raises(NoticeRefused):
            receive("stripe", forged, said, ip="192.0.2.7")
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "webhook.refused")).all()
    assert [row.ip for row in rows] == ["192.0.2.7"] * 3
    assert not db.session.scalar(select(ProviderEvent.id))


def test_the_events_of_others_at_the_same_account_are_let_be(cast: Cast, stripe_house: Simulator) -> None:
    _, page = opened_page(order_for(cast.carol, make_event()))
    stripe_house.pay(page)
    event = stripe_house.store.events[0]
    stranger = stripe_house.store.new_id("cs_test")
    stripe_house.store.things[stranger] = {**stripe_house.store.get("checkout.session", page), "id": stranger}
    event["data"]["object"] |= {"id": stranger, "client_reference_id": "somebody else's", "metadata": {}}
    deliver(stripe_house, event)
    row = db.session.scalars(select(ProviderEvent)).one()
    assert (row.processed_at is not None, row.error) == (True, "none of ours")


@pytest.mark.parametrize(
    "wrong, what",
    [({"amount": 100}, "amount 100 EUR"), ({"currency": "usd"}, "currency 50820 USD"), ({"key": "x"}, "key 50820 EUR")],
)
def test_what_differs_goes_to_review(cast: Cast, stripe_house: Simulator, wrong: dict[str, object], what: str) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    session = stripe_house.store.get("checkout.session", page)
    intent = stripe_house.store.get("payment_intent", session["payment_intent"])
    if "amount" in wrong:
        intent["amount_received"] = wrong["amount"]
    elif "currency" in wrong:
        session["currency"] = intent["currency"] = wrong["currency"]
    else:
        session["client_reference_id"] = wrong["key"]
    for _ in range(2):
        refresh(attempt)
    row = attempt_row(attempt)
    assert (row.state, row.review) == (AttemptState.OPEN, what)
    assert entries(code) == []
    assert statuses(code) == [Status.AWAITING_PAYMENT]
    assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "payment.review")).all()) == 1
    with pytest.raises(MoneyOnItsWay):
        start(code)


def test_a_page_that_is_paid_already_is_not_opened_again(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    stripe_house.pay(page)  # and neither web hook nor browser told us
    with pytest.raises(NothingToPay):
        start(code)
    assert entries(code) == RECEIPT


def test_an_amount_that_changed_gets_a_new_page(cast: Cast, stripe_house: Simulator) -> None:
    from services.orders import receive_money

    code = order_for(cast.carol, make_event())
    first, page = opened_page(code)
    receive_money(code, 10000, provider="transfer", provider_reference="b1", booked_at=now(), actor=cast.fay)
    second = start(code).attempt
    assert second != first
    assert attempt_row(first).state == AttemptState.EXPIRED
    assert stripe_house.store.get("checkout.session", page)["status"] == "expired"
    assert attempt_row(second).cents == PRICE - 10000


def test_paid_on_the_old_page_just_before_it_is_closed(cast: Cast, stripe_house: Simulator) -> None:
    from services.orders import receive_money

    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    receive_money(code, 10000, provider="transfer", provider_reference="b1", booked_at=now(), actor=cast.fay)
    stripe_house.pay(page)
    with pytest.raises(NothingToPay):
        start(code)
    assert money_of(code).status is PaymentStatus.OVERPAID
    assert money_of(code).to_return_cents == 10000  # kept, and shown as to be returned


def test_the_clock_closes_a_page_that_nobody_needs(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    cancel(db.session.scalars(select(Registration.public_id)).one(), actor=cast.carol)
    assert reconcile(now() + timedelta(minutes=11)) == 1
    assert attempt_row(attempt).state == AttemptState.EXPIRED
    assert stripe_house.store.get("checkout.session", page)["status"] == "expired"


def test_a_place_is_not_given_up_while_its_page_can_be_paid(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event(capacity=1))
    attempt, page = opened_page(code)
    stripe_house.pay(page)
    assert expire_due(now() + timedelta(days=60)) == 0  # closing it found the money
    assert (statuses(code), entries(code)) == ([Status.CONFIRMED], RECEIPT)
    assert attempt_row(attempt).state == AttemptState.PAID


def test_closed_first_then_released(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, page = opened_page(code)
    assert expire_due(now() + timedelta(days=60)) == 1
    assert attempt_row(attempt).state == AttemptState.EXPIRED
    assert statuses(code) == [Status.EXPIRED]
    assert stripe_house.store.get("checkout.session", page)["status"] == "expired"


def test_a_provider_that_is_away_keeps_the_place(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    attempt, _ = opened_page(code)
    stripe_house.store.failing = 99
    assert expire_due(now() + timedelta(days=60)) == 0
    assert statuses(code) == [Status.AWAITING_PAYMENT]
    with pytest.raises(ProviderUnreachable):
        close(attempt)
    stripe_house.store.failing = 0
    assert expire_due(now() + timedelta(days=60)) == 1


def test_a_page_that_did_not_open_does_not_keep_its_key(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    stripe_house.store.failing = 99
    with pytest.raises(PageRefused):
        start(code)
    row = db.session.scalars(select(PaymentAttempt)).one()
    assert (row.state, row.provider_reference) == (AttemptState.CANCELLED, None)
    stripe_house.store.failing = 0
    assert start(code).attempt != row.public_id


def test_a_debit_takes_days_and_keeps_the_place(cast: Cast, stripe_house: Simulator) -> None:
    code, attempt, page = debit(cast, stripe_house)
    refresh(attempt)
    assert attempt_row(attempt).state == AttemptState.PROCESSING
    assert expire_due(now() + timedelta(days=60)) == 0
    with pytest.raises(MoneyOnItsWay):
        start(code)
    stripe_house.settle(page)
    deliver(stripe_house)
    assert attempt_row(attempt).state == AttemptState.PAID
    assert statuses(code) == [Status.CONFIRMED]


def test_a_debit_that_fails_is_told_to_the_buyer(cast: Cast, stripe_house: Simulator) -> None:
    code, attempt, page = debit(cast, stripe_house)
    refresh(attempt)
    stripe_house.settle(page, succeeds=False)
    deliver(stripe_house)
    deliver(stripe_house)
    assert attempt_row(attempt).state == AttemptState.FAILED
    assert mails("payment_failed") == 1
    assert start(code).attempt != attempt  # another try


def debit(cast: Cast, simulator: Simulator) -> tuple[str, str, str]:
    """Lysara pays one place by debit, for an event that is more than ten days away."""
    from services.team_lists import TeamWish
    from services.team_orders import order_for_team
    from tests.cast import morning_in

    event = make_event(starts_at=morning_in(30))
    code = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(unnamed=1), locale="en").order.code
    attempt, page = opened_page(code)
    assert "sepa_debit" in simulator.store.get("checkout.session", page)["payment_method_types"]
    simulator.pay(page, "sepa_debit")
    return code, attempt, page


def test_no_debit_for_people_nor_for_events_that_are_near(cast: Cast, stripe_house: Simulator) -> None:
    from services.team_lists import TeamWish
    from services.team_orders import order_for_team
    from tests.cast import morning_in

    far = order_for(cast.carol, make_event(starts_at=morning_in(30)))
    near = order_for_team(
        cast.dora, cast.lysara, make_event(starts_at=morning_in(9)).id, TeamWish(unnamed=1), locale="en"
    ).order.code
    for code in (far, near):
        page = page_of(start(code).attempt)
        assert stripe_house.store.get("checkout.session", page)["payment_method_types"] == ["card", "bancontact"]


def test_the_books_stay_sound(app: Flask, cast: Cast, stripe_house: Simulator) -> None:
    event = make_event(capacity=1)
    code = order_for(cast.carol, event)
    order_for(cast.bob, event)
    _, page = opened_page(code)
    stripe_house.pay(page)
    deliver(stripe_house)
    assert violations() == []
    with writing() as session:
        session.scalars(select(PaymentAttempt)).one().state = AttemptState.OPEN
    (said,) = violations()
    assert said.endswith("is open with 1 receipts")
