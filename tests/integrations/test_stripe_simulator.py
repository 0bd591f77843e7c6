"""The simulator is strict: what the package's typed dictionaries do not know is refused, whatever else is right."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import stripe as package

from integrations.payments.stripe import Stripe, page_for
from integrations.stripe_simulator.parameters import nested, problems
from integrations.stripe_simulator.server import Simulator
from integrations.stripe_simulator.store import Refused, Store
from tests.integrations.stripe_house import simulator, stripe, wish

__all__ = ["simulator", "stripe"]


def create(simulator: Simulator, changes: dict[str, Any]) -> None:
    client = package.StripeClient(simulator.api_key, base_addresses={"api": simulator.url}, max_network_retries=0)
    params: Any = {**page_for(wish()), **changes}
    client.v1.checkout.sessions.create(params=params)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"payment_method_types": ["card"]}, "payment_method_types"),  # gone since 2026-09-30.endive
        ({"payment_intent_data": {"foo": "bar"}}, "payment_intent_data.foo"),
        ({"expires_at": 1}, "30 minutes"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"locale": "kl"}, "locale"),
        ({"allowed_payment_method_types": ["cowries"]}, "allowed_payment_method_types"),
        ({"mode": "setup"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 10.5}}]}, "unit_amount"),
        ({"line_items": [{"price_data": {"currency": "eur", "unit_amount": 1, "product_data": {"name": "x"}}}]}, "50"),
    ],
)
def test_it_refuses(simulator: Simulator, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(package.InvalidRequestError, match=said):
        create(simulator, changes)
    assert not [thing for thing in simulator.store.things.values() if thing["object"] == "checkout.session"]


def test_a_refused_request_leaves_its_key_free(stripe: Stripe) -> None:
    from integrations.payments import ProviderError

    with pytest.raises(ProviderError):
        stripe.start(wish(locale="kl"))
    assert stripe.start(wish()).reference


def test_its_answers_use_only_what_the_package_knows(stripe: Stripe, simulator: Simulator) -> None:
    page = stripe.start(wish()).reference
    simulator.pay(page)
    payment = str(stripe.refresh(page).payment_reference)
    stripe.refund(payment, 100, "refund-1", "")
    simulator.dispute(payment, 1000)
    known: dict[str, Any] = {
        "checkout.session": package.checkout.Session,
        "payment_intent": package.PaymentIntent,
        "charge": package.Charge,
        "refund": package.Refund,
        "dispute": package.Dispute,
        "event": package.Event,
    }
    for thing in [*simulator.store.things.values(), *simulator.store.events]:
        if thing["object"] in known:
            unknown = set(thing) - set(known[thing["object"]].__annotations__) - {"livemode"}
            assert not unknown, f"{thing['object']}: {unknown}"


def test_nested_parameters() -> None:
    form = [("a[0][b][c]", "1"), ("a[0][b][d]", "2"), ("e", "3"), ("expand[0]", "x"), ("expand[1]", "y")]
    assert nested(form) == {"a": [{"b": {"c": "1", "d": "2"}}], "e": "3", "expand": ["x", "y"]}
    with pytest.raises(Refused):
        nested([("a", "1"), ("a[b]", "2")])
    params = package.params.RefundCreateParams
    assert list(problems({"amount": "1", "api_key": "sk"}, params)) == [("api_key", "unknown")]


def test_the_payment_page(simulator: Simulator, stripe: Stripe) -> None:
    started = stripe.start(wish())
    with urllib.request.urlopen(started.url) as answer:
        page = answer.read().decode()
    assert "Simulation" in page
    assert "508,20\u00a0€" in page
    assert "SEPA" not in page
    post(started.url, "decline")
    assert simulator.store.get("checkout.session", started.reference)["status"] == "open"
    assert post(started.url, "bancontact") == f"http://localhost/orders/MH-4K7Q-92X8/paid?page={started.reference}"
    assert stripe.refresh(started.reference).state == "paid"
    with urllib.request.urlopen(started.url) as answer:
        assert "déjà payé" in answer.read().decode()


class Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow."""

    def redirect_request(self, *args: Any) -> None:
        return None


def post(url: str, act: str) -> str:
    """Press a button of the payment page; where it leads."""
    data = urllib.parse.urlencode({"act": act}).encode()
    try:
        with urllib.request.build_opener(Stay).open(url, data):
            return ""
    except urllib.error.HTTPError as answer:
        answer.close()
        return str(answer.headers["Location"])


def test_it_forgets_nothing_when_it_keeps_a_file(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    with Simulator(path=path) as first:
        stripe = Stripe(first.api_key, [], first.url)
        page = stripe.start(wish()).reference
        stripe.close()
    assert json.loads(path.read_text())["things"][page]["status"] == "open"
    assert Store(path).get("checkout.session", page)["amount_total"] == 50820


def test_it_answers_no_other_address(simulator: Simulator) -> None:
    client = package.StripeClient(simulator.api_key, base_addresses={"api": simulator.url}, max_network_retries=0)
    with pytest.raises(package.InvalidRequestError, match="does not know GET /v1/customers"):
        client.v1.customers.list()
