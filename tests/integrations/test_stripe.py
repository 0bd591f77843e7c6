"""Our Stripe integration against the simulator, over real HTTP: the scenarios that Stripe itself runs too, and what only a
simulator can be made to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from integrations.payments import ProviderUnreachable
from integrations.payments.stripe import ABOUT, Stripe
from integrations.stripe_simulator.server import Simulator
from models.base import now
from tests.integrations.stripe_house import simulator, stripe, wish
from tests.integrations.stripe_scenarios import PRICE, AtThePage, HalfAnHour, HouseWithTime, Scenarios

__all__ = ["simulator", "stripe"]


class AtTheSimulator:
    """People and banks do at once what the scenario says. See stripe_scenarios.House."""

    def __init__(self, simulator: Simulator, account: Stripe) -> None:
        self.simulator, self.account, self.secret = simulator, account, simulator.secret

    def key(self, name: str) -> str:
        return f"attempt-{name}"

    def pay(self, page: str, url: str, method: str = "card", *, succeeds: bool = True) -> None:
        self.simulator.pay(page, method)

    def bank_answers(self, page: str, *, succeeds: bool = True) -> None:
        self.simulator.settle(page, succeeds=succeeds)

    def wait_out(self, page: str) -> None:
        self.simulator.store.skip(41 * 60)

    def payment(self, kind: str = "card") -> str:
        page = self.account.start(wish(self.key(f"payment {kind}")))
        self.pay(page.reference, page.url)
        return str(self.account.refresh(page.reference).payment_reference)

    def refund_ends(self, reference: str) -> None:
        self.simulator.end_refund(reference, succeeds=False)

    def dispute_of(self, payment: str) -> str:
        return str(self.simulator.dispute(payment)["id"])

    def end_dispute(self, reference: str, *, won: bool) -> None:
        self.simulator.end_dispute(reference, won=won)

    def event_about(self, reference: str, kind: str) -> dict[str, Any]:
        events = self.simulator.store.events
        return next(one for one in events if (one["data"]["object"]["id"], one["type"]) == (reference, kind))

    def signed(self, event: dict[str, Any], *, age: float = 0) -> tuple[bytes, dict[str, str]]:
        return self.simulator.signed(event, age=age)

    def until(self, found: Callable[[], Any]) -> Any:
        return found()


@pytest.fixture
def house(simulator: Simulator, stripe: Stripe) -> HouseWithTime:
    return AtTheSimulator(simulator, stripe)


class TestAtTheSimulator(Scenarios, AtThePage, HalfAnHour):
    """Every scenario."""


def test_events_come_in_pages(stripe: Stripe, simulator: Simulator) -> None:
    for number in range(101):  # more than a page of the list
        stripe.start(wish(f"attempt-{number}"))
    simulator.store.skip(41 * 60)
    for name in [name for name in simulator.store.things if name.startswith("cs_")]:
        stripe.refresh(name)
    found = list(stripe.notices_since(now() - timedelta(hours=1)))
    assert len({notice.id for notice in found}) == 101
    assert {notice.kind for notice in found} == {"checkout.session.expired"}


def test_what_the_payment_carries(stripe: Stripe, simulator: Simulator) -> None:
    """The page's metadata is not copied to its payment: a refund or a dispute would not find its attempt."""
    started = stripe.start(wish())
    draft = simulator.store.things[f"draft {started.reference}"]
    assert draft["metadata"] == {"attempt": "attempt-1", "order": "MH-4K7Q-92X8"}
    assert simulator.pay(started.reference)["amount_total"] == PRICE


def test_every_write_carries_a_key_of_ours(stripe: Stripe, simulator: Simulator) -> None:
    """Made of what is written, so that whoever tries again, after a crash too, writes the same once."""
    paid, closed = stripe.start(wish("attempt-1")).reference, stripe.start(wish("attempt-2")).reference
    simulator.pay(paid)
    stripe.cancel(closed)
    stripe.refund(str(stripe.refresh(paid).payment_reference), 100, "refund-1", "")
    assert set(simulator.store.answers) == {
        "checkout:attempt-1", "checkout:attempt-2", f"expire:{closed}", "refund:refund-1"
    }  # fmt: skip


def test_nobody_answers() -> None:
    nobody = Stripe("sk_test_x", [], "http://127.0.0.1:9")
    nobody.retries = 0
    with pytest.raises(ProviderUnreachable):
        nobody.start(wish())


def test_every_event_we_listen_to_exists() -> None:
    """The package's own list of webhook events knows each of ours."""
    from stripe.params import WebhookEndpointCreateParams

    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [kind for kind in ABOUT if f"'{kind}'" not in known] == []
