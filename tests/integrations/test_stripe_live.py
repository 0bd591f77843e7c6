"""The scenarios of stripe_scenarios.py at Stripe itself, in test mode: `pytest -m stripe_live`.

They need ATRIUM_STRIPE_TEST_KEY (sk_test_…) and the network, and are left out without them. What needs somebody at the
hosted page needs ATRIUM_STRIPE_BY_HAND=1 as well: `pytest -m stripe_live -s` then says which page to open and what to
type there. Web hooks are the events as Stripe lists them, signed here with a secret of our own.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.payments import TruthState
from integrations.payments.stripe import Stripe
from integrations.stripe_simulator.parameters import problems
from integrations.stripe_simulator.webhooks import signed
from tests.integrations.stripe_scenarios import PRICE, AtThePage, House, Scenarios

KEY = os.environ.get("ATRIUM_STRIPE_TEST_KEY", "")
IS_TEST = KEY.startswith(("sk_test_", "rk_test_"))
BY_HAND = bool(os.environ.get("ATRIUM_STRIPE_BY_HAND"))
PATIENCE = 300.0  # seconds: a debit of the slow account number takes three minutes

TYPE_THERE = {
    ("card", True): "card 4242 4242 4242 4242, any later date, any three digits",
    ("bancontact", True): "Bancontact, then “Authorize test payment”",
    ("sepa_debit", True): "SEPA direct debit from AT32 1904 3002 3547 3204",  # paid after three minutes
    ("sepa_debit", False): "SEPA direct debit from AT05 1904 3002 3547 3205",  # refused after three minutes
}
CARDS = {"card": "pm_card_visa", "refund_fails": "pm_card_refundFail", "disputed": "pm_card_createDispute"}
EVIDENCE = {True: "winning_evidence", False: "losing_evidence"}


class AtStripe:
    """Stripe in test mode. See stripe_scenarios.House."""

    def __init__(self, account: Stripe, secret: str) -> None:
        self.account, self.secret = account, secret
        self.run = secrets.token_hex(6)

    def key(self, name: str) -> str:
        return f"scenario-{self.run}-{name}"

    def pay(self, page: str, url: str, method: str = "card", *, succeeds: bool = True) -> None:
        print(f"\nOpen {url}\nand pay by {TYPE_THERE[method, succeeds]}")
        self.until(lambda: self.account.refresh(page).state is not TruthState.OPEN)

    def bank_answers(self, page: str, *, succeeds: bool = True) -> None:
        """The account number says what the bank answers, and when."""
        self.until(lambda: self.account.refresh(page).state is not TruthState.PROCESSING)

    def payment(self, kind: str = "card") -> str:
        return self.account.client.v1.payment_intents.create(params=payment_by(CARDS[kind], self.key("payment"))).id

    def refund_ends(self, reference: str) -> None:
        """The card says how its refund ends."""

    def dispute_of(self, payment: str) -> str:
        disputes = self.account.client.v1.disputes
        return str(self.until(lambda: list(disputes.list(params={"payment_intent": payment}).auto_paging_iter()))[0].id)

    def end_dispute(self, reference: str, *, won: bool) -> None:
        self.account.client.v1.disputes.update(reference, params=answer_with(EVIDENCE[won]))

    def event_about(self, reference: str, kind: str) -> dict[str, Any]:
        events = self.account.client.v1.events
        found = self.until(lambda: [
            event for event in events.list(params={"type": kind, "limit": 20}).data
            if event.to_dict()["data"]["object"]["id"] == reference
        ])  # fmt: skip
        return dict(found[0].to_dict())

    def signed(self, event: dict[str, Any], *, age: float = 0) -> tuple[bytes, dict[str, str]]:
        return signed(event, self.secret, at=time.time() - age)

    def until(self, found: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (answer := found()):
            assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} seconds"
            time.sleep(2)
        return answer


def payment_by(card: str, attempt: str) -> Any:
    """A payment by one of Stripe’s test cards, without a page."""
    return {
        "amount": PRICE,
        "currency": "eur",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"attempt": attempt},
    }


def answer_with(evidence: str) -> Any:
    """An answer to a dispute that test mode decides at once."""
    return {"evidence": {"uncategorized_text": evidence}, "submit": True}


@pytest.fixture
def house() -> Iterator[House]:
    secret = f"whsec_{secrets.token_hex(16)}"
    account = Stripe(KEY, [secret])
    yield AtStripe(account, secret)
    account.close()


@pytest.mark.stripe_live
@pytest.mark.skipif(not IS_TEST, reason="no ATRIUM_STRIPE_TEST_KEY")
class TestAtStripe(Scenarios):
    """Every scenario that needs nobody."""


@pytest.mark.stripe_live
@pytest.mark.skipif(
    not (IS_TEST and BY_HAND), reason="needs somebody at the hosted page: ATRIUM_STRIPE_BY_HAND=1 and -s"
)
class TestAtThePage(AtThePage):
    """Every scenario in which somebody pays."""


def test_what_is_asked_beside_the_integration_is_known_to_the_package() -> None:
    """So that a scenario that nobody has run for long does not rot."""
    from stripe.params import DisputeListParams, DisputeUpdateParams, EventListParams, PaymentIntentCreateParams

    asked = [
        (payment_by("pm_card_visa", "x"), PaymentIntentCreateParams),
        (answer_with("winning_evidence"), DisputeUpdateParams),
        ({"payment_intent": "pi_1"}, DisputeListParams),
        ({"type": "x", "limit": 20}, EventListParams),
    ]
    assert [list(problems(params, known)) for params, known in asked] == [[]] * 4
