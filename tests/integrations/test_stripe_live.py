"""The scenarios of tests/integrations/test_stripe.py against Stripe itself, in test mode: `pytest -m stripe_live`.

They need ATRIUM_STRIPE_TEST_KEY (sk_test_…) and the network, and are left out without them. What needs a person at
the hosted page is done by a payment with one of Stripe's test cards instead.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from integrations.payments import DisputeResult, ProviderError, RefundResult, TruthState
from integrations.payments.stripe import Stripe
from models.base import now
from tests.integrations.stripe_house import wish

KEY = os.environ.get("ATRIUM_STRIPE_TEST_KEY", "")
pytestmark = [
    pytest.mark.stripe_live,
    pytest.mark.skipif(not KEY.startswith(("sk_test_", "rk_test_")), reason="no ATRIUM_STRIPE_TEST_KEY"),
]


@pytest.fixture
def stripe() -> Iterator[Stripe]:
    account = Stripe(KEY)
    yield account
    account.close()


def paid(stripe: Stripe, card: str = "pm_card_visa") -> str:
    """A payment by a test card; its id."""
    params: Any = {
        "amount": 50820,
        "currency": "eur",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"attempt": secrets.token_hex(8)},
    }
    return stripe.client.v1.payment_intents.create(params=params).id


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What is found in the end."""
    deadline = time.monotonic() + seconds
    while not (answer := found()) and time.monotonic() < deadline:
        time.sleep(1)
    return answer


def test_a_page_opens_once_and_closes(stripe: Stripe) -> None:
    asked = wish(f"test-{secrets.token_hex(8)}")
    started = stripe.start(asked)
    assert started.url.startswith("https://")
    assert stripe.start(asked) == started
    truth = stripe.refresh(started.reference)
    assert (truth.state, truth.key, truth.asked_cents, truth.currency) == (TruthState.OPEN, asked.key, 50820, "EUR")
    with pytest.raises(ProviderError):
        stripe.start(wish(asked.key, cents=100))
    assert stripe.cancel(started.reference).state is TruthState.EXPIRED
    assert stripe.cancel(started.reference).state is TruthState.EXPIRED
    told = until(
        lambda: [n for n in stripe.notices_since(now() - timedelta(minutes=5)) if n.reference == started.reference]
    )
    assert told[0].kind == "checkout.session.expired"
    assert told[0].payload["key"] == asked.key


def test_refunds_end_at_what_was_paid(stripe: Stripe) -> None:
    payment, key = paid(stripe), secrets.token_hex(8)
    first = stripe.refund(payment, 10000, f"{key}-1", "a smaller ticket")
    assert first.result in (RefundResult.SUCCEEDED, RefundResult.PENDING)
    assert stripe.refund(payment, 10000, f"{key}-1", "a smaller ticket").reference == first.reference
    assert stripe.refund(payment, 40821, f"{key}-2", "too much").result is RefundResult.FAILED
    truth = stripe.refund_truth(str(first.reference))
    assert (truth.cents, truth.payment_reference, truth.key) == (10000, payment, f"{key}-1")


def test_a_refund_that_fails_later(stripe: Stripe) -> None:
    refund = stripe.refund(paid(stripe, "pm_card_refundFail"), 100, secrets.token_hex(8), "")
    failed = until(lambda: stripe.refund_truth(str(refund.reference)).result is RefundResult.FAILED)
    assert failed


def test_a_dispute(stripe: Stripe) -> None:
    payment = paid(stripe, "pm_card_createDispute")
    found = until(lambda: list(stripe.client.v1.disputes.list(params={"payment_intent": payment}).auto_paging_iter()))
    truth = stripe.dispute_truth(found[0].id)
    assert (truth.result, truth.payment_reference, truth.cents) == (DisputeResult.OPEN, payment, 50820)
    assert [moved.cents for moved in truth.moved] == [-50820]


def test_a_wrong_key_is_a_refusal() -> None:
    stranger = Stripe("sk_test_nobody")
    with pytest.raises(ProviderError):
        stranger.start(wish())
    stranger.close()
