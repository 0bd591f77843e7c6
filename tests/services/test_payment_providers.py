"""The contract of every payment provider, ours and Stripe's alike: one interface, and no service that asks which it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask

from integrations.payments import (
    About,
    BadSignature,
    PaymentProvider,
    ProviderError,
    RefundResult,
    Start,
    TruthState,
)
from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.payments import Refund, RefundState
from services.orders import load_order, receive_money
from services.payment_ways import demand_of
from services.providers import BY_HAND, KINDS, NEEDS_ACCOUNT, ProviderMissing, provider_for
from services.refunds import Wanted, carry_out, mark_paid, request
from tests.cast import Cast, make_event
from tests.integrations.stripe_house import wish as page_wish
from tests.services.billed import as_company, team_ordered
from tests.services.paying import deliver, entries, opened_page, order_for, stripe_house

__all__ = ["stripe_house"]

PRICE = 50820
ENDED = (TruthState.CANCELLED, TruthState.EXPIRED)
every_provider = pytest.mark.parametrize("house", sorted(KINDS), indirect=True)


@dataclass
class House:
    """One provider, what it is asked for, and how a payer pays there."""

    provider: PaymentProvider
    wish: Start
    pay: Callable[[str], object]  # by the reference of what was started


@pytest.fixture
def house(request: pytest.FixtureRequest, app: Flask, cast: Cast, stripe_house: Simulator) -> House:
    key = request.param
    provider = provider_for(key)
    if key == "stripe":
        return House(provider, page_wish(cents=PRICE), stripe_house.pay)
    if key == "on_account":
        as_company(cast, payment_term_days=30)
        code = team_ordered(cast, 1, on_account=True).code
    else:
        code = order_for(cast.carol, make_event())
    order = load_order(code)
    assert order
    wish = demand_of(order, sum(line.gross_cents for line in order.lines))
    brings = "transfer" if key == "on_account" else key  # an invoice on account is paid at the bank
    return House(provider, wish, lambda reference: came(reference, wish.cents, brings))


def came(code: str, cents: int, provider: str) -> None:
    receive_money(code, cents, provider=provider, provider_reference=f"in-{code}", booked_at=now(), actor=None)


@every_provider
def test_it_works(house: House) -> None:
    started = house.provider.start(house.wish)
    assert house.provider.start(house.wish) == started  # asked twice, asked once
    truth = house.provider.refresh(started.reference)
    assert (truth.state, truth.key, truth.reference) == (TruthState.OPEN, house.wish.key, started.reference)
    assert (truth.asked_cents, truth.received_cents, truth.currency) == (house.wish.cents, 0, "EUR")
    house.pay(started.reference)
    truth = house.provider.refresh(started.reference)
    assert (truth.state, truth.received_cents) == (TruthState.PAID, house.wish.cents)
    assert truth.payment_reference
    assert truth.at


@every_provider
def test_the_payer_is_told_where_to_pay(house: House) -> None:
    started = house.provider.start(house.wish)
    if house.provider.key == "stripe":
        assert started.url.startswith("http")
    elif house.provider.key == "transfer":
        said = started.instructions
        assert said
        assert (said.cents, said.communication) == (PRICE, house.wish.communication)
        assert said.iban
        assert said.holder
    else:
        assert (started.url, started.instructions) == ("", None)


@every_provider
def test_what_is_cancelled_is_read_again(house: House) -> None:
    started = house.provider.start(house.wish)
    assert house.provider.cancel(started.reference).state in ENDED
    assert house.provider.cancel(started.reference).state in ENDED


@every_provider
def test_what_is_paid_cannot_be_cancelled(house: House) -> None:
    started = house.provider.start(house.wish)
    house.pay(started.reference)
    assert house.provider.cancel(started.reference).state is TruthState.PAID


@every_provider
def test_never_more_goes_back_than_came(house: House) -> None:
    started = house.provider.start(house.wish)
    house.pay(started.reference)
    payment = str(house.provider.refresh(started.reference).payment_reference)
    beyond = house.provider.refund(payment, house.wish.cents + 1, "refund-1", "too much")
    assert (beyond.result, beyond.reference) == (RefundResult.FAILED, None)
    assert beyond.error
    back = house.provider.refund(payment, 1000, "refund-2", "a smaller ticket")
    assert house.provider.refund(payment, 1000, "refund-2", "a smaller ticket") == back
    expected = {"stripe": RefundResult.SUCCEEDED, "on_account": RefundResult.FAILED}
    assert back.result is expected.get(house.provider.key, RefundResult.PENDING)
    assert house.provider.refund("a payment of somebody else", 1, "refund-3", "").result is RefundResult.FAILED


@every_provider
def test_what_it_does_not_know_is_a_refusal(house: House) -> None:
    asked = house.provider
    for ask in (asked.refresh, asked.cancel, asked.refund_truth, asked.dispute_truth):
        with pytest.raises(ProviderError):
            ask("never heard of it")


@every_provider
def test_nobody_tells_it_anything_unsigned(house: House) -> None:
    with pytest.raises(BadSignature):
        house.provider.parse_webhook(b'{"id": "evt_1", "paid": true}', {})
    assert house.provider.about("paid") is About.NOTHING
    assert list(house.provider.notices_since(now() - timedelta(hours=1))) == []


@every_provider
def test_it_is_found_by_the_name_that_its_receipts_carry(house: House) -> None:
    assert provider_for(house.provider.key).key == house.provider.key
    assert (house.provider.key in BY_HAND) is house.provider.by_hand
    assert (house.provider.key in NEEDS_ACCOUNT) is house.provider.needs_account


def test_an_unknown_name_is_no_provider(app: Flask) -> None:
    for key in ("stripe", "cheque"):  # without a key no cards
        with pytest.raises(ProviderMissing):
            provider_for(key)


@pytest.mark.parametrize("key", ["transfer", "manual", "stripe"])
def test_money_goes_back_the_way_it_came(cast: Cast, stripe_house: Simulator, key: str) -> None:
    """One path: asked for, carried out by the provider of the receipt; whoever pays by hand says so afterwards."""
    code = order_for(cast.carol, make_event())
    if key == "stripe":
        stripe_house.pay(opened_page(code)[1])
        deliver(stripe_house)
    else:
        came(code, PRICE, key)
    (refund,) = request(code, Wanted(10000, "ill", "BE68539007547034" if key in NEEDS_ACCOUNT else ""), actor=cast.fay)
    public_id = refund.public_id
    state = carry_out(public_id)
    assert state is (RefundState.PENDING if key in BY_HAND else RefundState.SUCCEEDED)
    assert provider_for(key).refund_truth(told_of(public_id)).result.value == state.value
    if key in BY_HAND:
        assert entries(code) == [("receipt", key, PRICE)]  # nobody has paid it yet
        mark_paid(public_id, "2026-118-4", paid_at=now(), actor=cast.fay)
    assert entries(code) == [("receipt", key, PRICE), ("refund", key, -10000)]
    truth = provider_for(key).refund_truth(told_of(public_id))
    assert (truth.result, truth.cents, truth.key) == (RefundResult.SUCCEEDED, 10000, public_id)


def told_of(public_id: str) -> str:
    """The provider's name of a refund."""
    db.session.rollback()
    row = db.session.query(Refund).filter_by(public_id=public_id).one()
    return str(row.provider_reference)
