"""What our Stripe integration must do, wherever Stripe is: at the simulator (test_stripe.py) and at Stripe itself, in test
mode (test_stripe_live.py). The house says how a payer pays there, how a bank answers, and how long one waits.

A scenario asks the house only for what people and banks do; all else goes through the integration. They stand in three
classes, by what they need: `Scenarios` nobody, `AtThePage` somebody at the hosted page, `HalfAnHour` that time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import pytest

from integrations.payments import (
    About,
    BadSignature,
    DisputeResult,
    ProviderError,
    ProviderUnreachable,
    RefundResult,
    TruthState,
)
from integrations.payments.stripe import Stripe
from models.base import now
from tests.integrations.stripe_house import wish

PRICE = 50820
LEFT = (RefundResult.SUCCEEDED, RefundResult.PENDING)


class House(Protocol):
    """Where Stripe is."""

    account: Stripe
    secret: str  # signs web hooks; one of the account's

    def key(self, name: str) -> str:
        """An idempotency key that nobody used before; the same name gives the same key within a scenario."""

    def pay(self, page: str, url: str, method: str = "card", *, succeeds: bool = True) -> None:
        """A person pays on the hosted page: `card`, `bancontact`, `sepa_debit`. `succeeds`: what the bank will answer."""

    def bank_answers(self, page: str, *, succeeds: bool = True) -> None:
        """The bank answers a direct debit."""

    def payment(self, kind: str = "card") -> str:
        """A payment of PRICE, without a page where that goes: `card`, `refund_fails`, `disputed`. Its name."""

    def refund_ends(self, reference: str) -> None:
        """The bank answers a refund of a payment of kind `refund_fails`."""

    def dispute_of(self, payment: str) -> str:
        """The dispute of a payment of kind `disputed`."""

    def end_dispute(self, reference: str, *, won: bool) -> None: ...

    def event_about(self, reference: str, kind: str) -> dict[str, Any]:
        """The event of this kind about this thing, as Stripe has it."""

    def signed(self, event: dict[str, Any], *, age: float = 0) -> tuple[bytes, dict[str, str]]:
        """The web hook of an event, signed `age` seconds ago."""

    def until(self, found: Callable[[], Any]) -> Any:
        """What is found in the end; banks and lists of events take their time."""


class HouseWithTime(House, Protocol):
    """A house that can wait for half an hour."""

    def wait_out(self, page: str) -> None:
        """Let the page run out."""


class Scenarios:
    """Run, like the other two, by a subclass whose module has the fixture `house`."""

    def test_it_works(self, house: House) -> None:
        asked = wish(house.key("page"))
        started = house.account.start(asked)
        assert started.url.startswith("http")
        assert started.expires_at == asked.expires_at
        truth = house.account.refresh(started.reference)
        assert (truth.state, truth.key) == (TruthState.OPEN, asked.key)
        assert (truth.asked_cents, truth.received_cents, truth.currency) == (PRICE, 0, "EUR")
        assert truth.payment_reference is None

    def test_the_same_key_opens_the_same_page(self, house: House) -> None:
        asked = wish(house.key("page"))
        assert house.account.start(asked) == house.account.start(asked)
        with pytest.raises(ProviderError, match="same parameters") as refused:
            house.account.start(wish(asked.key, cents=100))
        assert not isinstance(refused.value, ProviderUnreachable)

    def test_what_the_page_is_told(self, house: House) -> None:
        started = house.account.start(wish(house.key("page")))
        session = house.account.client.v1.checkout.sessions.retrieve(started.reference).to_dict()
        assert session["metadata"] == {"attempt": house.key("page"), "order": "MH-4K7Q-92X8"}
        assert session["locale"] == "fr"
        assert "card" in session["payment_method_types"]
        assert set(session["payment_method_types"]) <= {"card", "bancontact"}
        debit = house.account.start(wish(house.key("debit"), allows_debit=True))
        session = house.account.client.v1.checkout.sessions.retrieve(debit.reference).to_dict()
        assert set(session["payment_method_types"]) <= {"card", "bancontact", "sepa_debit"}

    def test_closing_a_page(self, house: House) -> None:
        page = house.account.start(wish(house.key("page"))).reference
        assert house.account.cancel(page).state is TruthState.EXPIRED
        assert house.account.cancel(page).state is TruthState.EXPIRED  # twice is the same

    def test_refunds_end_at_what_was_paid(self, house: House) -> None:
        payment = house.payment()
        first = house.account.refund(payment, 10000, house.key("one"), "a smaller ticket")
        assert first.result in LEFT
        again = house.account.refund(payment, 10000, house.key("one"), "a smaller ticket")
        assert again.reference == first.reference
        beyond = house.account.refund(payment, PRICE - 10000 + 1, house.key("two"), "too much")
        assert (beyond.result, beyond.reference) == (RefundResult.FAILED, None)
        assert "greater than" in beyond.error
        truth = house.account.refund_truth(str(first.reference))
        assert (truth.cents, truth.payment_reference, truth.key) == (10000, payment, house.key("one"))
        assert house.account.refund(payment, PRICE - 10000, house.key("three"), "the rest").result in LEFT
        assert house.account.refund(payment, 1, house.key("four"), "nothing left").result is RefundResult.FAILED

    def test_a_refund_may_fail_later(self, house: House) -> None:
        back = house.account.refund(house.payment("refund_fails"), 10000, house.key("refund"), "")
        assert back.result in LEFT
        house.refund_ends(str(back.reference))
        truth = house.until(lambda: failed(house.account, str(back.reference)))
        assert truth.error

    @pytest.mark.parametrize("won", [True, False])
    def test_a_dispute(self, house: House, won: bool) -> None:
        payment = house.payment("disputed")
        reference = house.dispute_of(payment)
        truth = house.account.dispute_truth(reference)
        assert (truth.result, truth.payment_reference, truth.cents) == (DisputeResult.OPEN, payment, PRICE)
        assert [moved.cents for moved in truth.moved] == [-PRICE]
        assert truth.answer_by
        assert truth.answer_by > now() + timedelta(days=6)
        house.end_dispute(reference, won=won)
        ended = DisputeResult.WON if won else DisputeResult.LOST
        truth = house.until(lambda: ended_as(house.account, reference, ended, moves=2 if won else 1))
        assert [moved.cents for moved in truth.moved] == ([-PRICE, PRICE] if won else [-PRICE])

    def test_web_hooks_are_signed(self, house: House) -> None:
        page, event = closed_page(house)
        notice = house.account.parse_webhook(*house.signed(event))
        assert (notice.kind, notice.reference, notice.about) == ("checkout.session.expired", page, About.PAYMENT)
        assert notice.payload["key"] == house.key("page")
        assert "carol" not in str(notice)  # no personal data is kept of it
        assert house.account.parse_webhook(*house.signed(event)) == notice  # twice is the same notice

    def test_forged_and_stale_web_hooks(self, house: House) -> None:
        _, event = closed_page(house)
        body, headers = house.signed(event)
        wrong = [
            (body.replace(b"50820", b"1"), headers),  # tampered with
            (body, {}),
            (body, {"Stripe-Signature": "t=1,v1=zero"}),
            (body, {"Stripe-Signature": "nonsense"}),
            (b"\xff\xfe", headers),
            house.signed(event, age=301),
            house.signed({"no": "event"}),
        ]
        for forged, said in wrong:
            with pytest.raises(BadSignature):
                house.account.parse_webhook(forged, said)
        with pytest.raises(BadSignature, match="no secret"):
            Stripe(house.account.api_key).parse_webhook(body, headers)

    def test_two_secrets_are_valid_while_they_are_rolled_over(self, house: House) -> None:
        _, event = closed_page(house)
        rolling = Stripe(house.account.api_key, ["whsec_new", house.secret])
        assert rolling.parse_webhook(*house.signed(event)).about is About.PAYMENT
        with pytest.raises(BadSignature):
            Stripe(house.account.api_key, ["whsec_new"]).parse_webhook(*house.signed(event))

    def test_what_no_web_hook_brought_can_be_asked_for(self, house: House) -> None:
        page, _ = closed_page(house)
        since = now() - timedelta(minutes=5)
        found = house.until(lambda: [one for one in house.account.notices_since(since) if one.reference == page])
        assert [one.kind for one in found] == ["checkout.session.expired"]
        assert found[0].payload["key"] == house.key("page")

    def test_a_wrong_key_is_a_refusal(self, house: House) -> None:
        stranger = Stripe("sk_test_nobody", [], house.account.base)
        with pytest.raises(ProviderError, match="API Key") as refused:
            stranger.start(wish())
        assert not isinstance(refused.value, ProviderUnreachable)
        stranger.close()

    def test_what_it_does_not_know_is_a_refusal(self, house: House) -> None:
        for ask in (house.account.refresh, house.account.refund_truth, house.account.dispute_truth):
            with pytest.raises(ProviderError) as refused:
                ask("never_heard_of_it")
            assert not isinstance(refused.value, ProviderUnreachable)


class AtThePage:
    """Somebody pays at the hosted page: Stripe lets nobody confirm the payment of a Checkout Session by its API."""

    @pytest.mark.parametrize("method", ["card", "bancontact"])
    def test_a_page_is_paid(self, house: House, method: str) -> None:
        started = house.account.start(wish(house.key("page")))
        house.pay(started.reference, started.url, method)
        truth = house.account.refresh(started.reference)
        assert (truth.state, truth.key) == (TruthState.PAID, house.key("page"))
        assert (truth.received_cents, truth.currency) == (PRICE, "EUR")
        assert str(truth.payment_reference).startswith("pi_")
        assert truth.at
        told = house.event_about(started.reference, "checkout.session.completed")
        notice = house.account.parse_webhook(*house.signed(told))
        assert (notice.about, notice.payload["key"]) == (About.PAYMENT, house.key("page"))

    @pytest.mark.parametrize("succeeds", [True, False])
    def test_a_debit_is_complete_before_it_is_paid(self, house: House, succeeds: bool) -> None:
        started = house.account.start(wish(house.key("page"), allows_debit=True))
        house.pay(started.reference, started.url, "sepa_debit", succeeds=succeeds)
        truth = house.account.refresh(started.reference)
        assert (truth.state, truth.received_cents) == (TruthState.PROCESSING, 0)
        payment = str(truth.payment_reference)
        assert house.account.refund(payment, 100, house.key("early"), "").result is RefundResult.FAILED
        house.bank_answers(started.reference, succeeds=succeeds)
        kind = "checkout.session.async_payment_" + ("succeeded" if succeeds else "failed")
        told = house.event_about(started.reference, kind)
        assert house.account.parse_webhook(*house.signed(told)).about is About.PAYMENT
        truth = house.account.refresh(started.reference)
        assert truth.state is (TruthState.PAID if succeeds else TruthState.FAILED)
        assert truth.received_cents == (PRICE if succeeds else 0)
        if succeeds:  # what came may go back, and takes its days too
            assert house.account.refund(payment, 100, house.key("late"), "").result is RefundResult.PENDING

    def test_closing_a_page_that_is_paid_is_too_late(self, house: House) -> None:
        started = house.account.start(wish(house.key("page")))
        house.pay(started.reference, started.url)
        truth = house.account.cancel(started.reference)
        assert (truth.state, truth.received_cents) == (TruthState.PAID, PRICE)


class HalfAnHour:
    """What a page does that nobody closes; it lives for thirty minutes at least."""

    def test_a_page_runs_out(self, house: HouseWithTime) -> None:
        page = house.account.start(wish(house.key("page"))).reference
        house.wait_out(page)
        assert house.account.refresh(page).state is TruthState.EXPIRED


def closed_page(house: House) -> tuple[str, dict[str, Any]]:
    """A page that was closed unpaid, and the event that tells so: as JSON, as a web hook brings it."""
    page = house.account.start(wish(house.key("page"))).reference
    house.account.cancel(page)
    event = house.event_about(page, "checkout.session.expired")
    return page, json.loads(json.dumps(event))


def failed(account: Stripe, reference: str) -> Any:
    truth = account.refund_truth(reference)
    return truth if truth.result is RefundResult.FAILED else None


def ended_as(account: Stripe, reference: str, result: DisputeResult, *, moves: int) -> Any:
    truth = account.dispute_truth(reference)
    return truth if truth.result is result and len(truth.moved) == moves else None
