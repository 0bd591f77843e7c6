"""Our Stripe integration against the simulator, over real HTTP."""

from __future__ import annotations

from datetime import timedelta

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
from integrations.payments.stripe import ABOUT, Stripe
from integrations.stripe_simulator.server import Simulator
from models.base import now
from tests.integrations.stripe_house import simulator, stripe, wish

__all__ = ["simulator", "stripe"]


def paid(stripe: Stripe, simulator: Simulator, method: str = "card") -> tuple[str, str]:
    """A page that was paid: its reference and that of its payment."""
    page = stripe.start(wish(allows_debit=True)).reference
    simulator.pay(page, method)
    return page, str(stripe.refresh(page).payment_reference)


def test_it_works(stripe: Stripe, simulator: Simulator) -> None:
    asked = wish()
    started = stripe.start(asked)
    assert started.url.startswith(simulator.url)
    assert started.expires_at == asked.expires_at
    assert stripe.refresh(started.reference).state is TruthState.OPEN
    simulator.pay(started.reference)
    truth = stripe.refresh(started.reference)
    assert (truth.state, truth.key, truth.received_cents, truth.currency) == (
        TruthState.PAID,
        "attempt-1",
        50820,
        "EUR",
    )
    assert truth.payment_reference is not None
    assert truth.at is not None


def test_the_same_key_opens_the_same_page(stripe: Stripe) -> None:
    asked = wish()
    assert stripe.start(asked) == stripe.start(asked)
    with pytest.raises(ProviderError, match="same parameters"):
        stripe.start(wish(cents=100))


def test_what_the_page_is_told(stripe: Stripe, simulator: Simulator) -> None:
    started = stripe.start(wish())
    session = simulator.store.get("checkout.session", started.reference)
    draft = simulator.store.things[f"draft {started.reference}"]
    told = {"attempt": "attempt-1", "order": "MH-4K7Q-92X8"}
    assert session["metadata"] == draft["metadata"] == told
    assert session["locale"] == "fr"
    assert session["payment_method_types"] == ["card", "bancontact"]
    debit = stripe.start(wish("attempt-2", allows_debit=True))
    assert simulator.store.get("checkout.session", debit.reference)["payment_method_types"][-1] == "sepa_debit"


def test_a_debit_is_complete_before_it_is_paid(stripe: Stripe, simulator: Simulator) -> None:
    page, _ = paid(stripe, simulator, "sepa_debit")
    assert stripe.refresh(page).state is TruthState.PROCESSING
    simulator.settle(page)
    assert stripe.refresh(page).state is TruthState.PAID


def test_a_debit_may_fail(stripe: Stripe, simulator: Simulator) -> None:
    page, _ = paid(stripe, simulator, "sepa_debit")
    simulator.settle(page, succeeds=False)
    assert stripe.refresh(page).state is TruthState.FAILED


def test_closing_a_page(stripe: Stripe, simulator: Simulator) -> None:
    page = stripe.start(wish()).reference
    assert stripe.cancel(page).state is TruthState.EXPIRED
    assert stripe.cancel(page).state is TruthState.EXPIRED  # twice is the same
    paid_page = stripe.start(wish("attempt-2")).reference
    simulator.pay(paid_page)
    assert stripe.cancel(paid_page).state is TruthState.PAID  # too late: the money is there


def test_a_page_runs_out(stripe: Stripe, simulator: Simulator) -> None:
    page = stripe.start(wish()).reference
    simulator.store.skip(41 * 60)
    assert stripe.refresh(page).state is TruthState.EXPIRED


def test_refunds_end_at_what_was_paid(stripe: Stripe, simulator: Simulator) -> None:
    _, payment = paid(stripe, simulator)
    first = stripe.refund(payment, 10000, "refund-1", "a smaller ticket")
    assert first.result is RefundResult.SUCCEEDED
    assert stripe.refund(payment, 10000, "refund-1", "a smaller ticket") == first
    beyond = stripe.refund(payment, 40821, "refund-2", "too much")
    assert (beyond.result, beyond.reference) == (RefundResult.FAILED, None)
    assert "greater than" in beyond.error
    assert stripe.refund(payment, 40820, "refund-3", "the rest").result is RefundResult.SUCCEEDED
    assert stripe.refund(payment, 1, "refund-4", "nothing left").result is RefundResult.FAILED


def test_a_refund_may_fail_later(stripe: Stripe, simulator: Simulator) -> None:
    _, payment = paid(stripe, simulator)
    reference = str(stripe.refund(payment, 10000, "refund-1", "").reference)
    simulator.end_refund(reference, succeeds=False)
    truth = stripe.refund_truth(reference)
    assert (truth.result, truth.error) == (RefundResult.FAILED, "expired_or_canceled_card")


def test_a_debit_is_refunded_only_when_it_arrived(stripe: Stripe, simulator: Simulator) -> None:
    page, payment = paid(stripe, simulator, "sepa_debit")
    assert stripe.refund(payment, 100, "refund-1", "").result is RefundResult.FAILED
    simulator.settle(page)
    assert stripe.refund(payment, 100, "refund-2", "").result is RefundResult.PENDING


def test_disputes(stripe: Stripe, simulator: Simulator) -> None:
    _, payment = paid(stripe, simulator)
    dispute = simulator.dispute(payment)
    truth = stripe.dispute_truth(dispute["id"])
    assert (truth.result, truth.payment_reference) == (DisputeResult.OPEN, payment)
    assert [moved.cents for moved in truth.moved] == [-50820]
    assert truth.answer_by
    assert truth.answer_by > now() + timedelta(days=6)
    simulator.end_dispute(dispute["id"], won=True)
    truth = stripe.dispute_truth(dispute["id"])
    assert (truth.result, [moved.cents for moved in truth.moved]) == (DisputeResult.WON, [-50820, 50820])


def test_web_hooks_are_signed(stripe: Stripe, simulator: Simulator) -> None:
    page, _ = paid(stripe, simulator)
    (event,) = simulator.store.events
    notice = stripe.parse_webhook(*simulator.signed(event))
    assert (notice.kind, notice.reference, notice.about) == ("checkout.session.completed", page, About.PAYMENT)
    assert notice.payload["key"] == "attempt-1"
    assert "carol" not in str(notice)  # no personal data is kept of it


def test_forged_and_stale_web_hooks(stripe: Stripe, simulator: Simulator) -> None:
    paid(stripe, simulator)
    body, headers = simulator.signed(simulator.store.events[0])
    wrong = [
        (body.replace(b"50820", b"1"), headers),  # tampered with
        (body, {}),
        (body, {"Stripe-Signature": "t=1,v1=zero"}),
        (body, {"Stripe-Signature": "nonsense"}),
        (b"\xff\xfe", headers),
        simulator.signed(simulator.store.events[0], age=301),
        simulator.signed({"no": "event"}),
    ]
    for forged, said in wrong:
        with pytest.raises(BadSignature):
            stripe.parse_webhook(forged, said)
    with pytest.raises(BadSignature, match="no secret"):
        Stripe(simulator.api_key).parse_webhook(body, headers)


def test_two_secrets_are_valid_while_they_are_rolled_over(stripe: Stripe, simulator: Simulator) -> None:
    paid(stripe, simulator)
    rolling = Stripe(simulator.api_key, ["whsec_new", simulator.secret], simulator.url)
    assert rolling.parse_webhook(*simulator.signed(simulator.store.events[0])).about is About.PAYMENT
    with pytest.raises(BadSignature):
        Stripe(simulator.api_key, ["whsec_new"]).parse_webhook(*simulator.signed(simulator.store.events[0]))


def test_events_can_be_asked_for(stripe: Stripe, simulator: Simulator) -> None:
    for number in range(101):  # more than a page of the list
        stripe.start(wish(f"attempt-{number}"))
    simulator.store.skip(41 * 60)
    for name in [name for name in simulator.store.things if name.startswith("cs_")]:
        stripe.refresh(name)
    found = list(stripe.notices_since(now() - timedelta(hours=1)))
    assert len({notice.id for notice in found}) == 101
    assert {notice.kind for notice in found} == {"checkout.session.expired"}


def test_nobody_answers() -> None:
    nobody = Stripe("sk_test_x", [], "http://127.0.0.1:9")
    nobody.retries = 0
    with pytest.raises(ProviderUnreachable):
        nobody.start(wish())


def test_a_wrong_key_is_a_refusal(simulator: Simulator) -> None:
    stranger = Stripe("sk_test_other", [], simulator.url)
    with pytest.raises(ProviderError, match="API Key") as refused:
        stranger.start(wish())
    assert not isinstance(refused.value, ProviderUnreachable)
    stranger.close()


def test_every_event_we_listen_to_exists() -> None:
    """The package's own list of webhook events knows each of ours."""
    from stripe.params import WebhookEndpointCreateParams

    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [kind for kind in ABOUT if f"'{kind}'" not in known] == []
