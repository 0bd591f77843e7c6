"""A simulator of Stripe that listens, and our integration that talks to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from integrations.payments import Start
from integrations.payments.stripe import Stripe
from integrations.stripe_simulator.server import Simulator
from models.base import now


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def stripe(simulator: Simulator) -> Iterator[Stripe]:
    account = Stripe(simulator.api_key, [simulator.secret], simulator.url)
    yield account
    account.close()


def wish(key: str = "attempt-1", **changes: Any) -> Start:
    """What an order asks for."""
    values: dict[str, Any] = {
        "key": key,
        "order": "MH-4K7Q-92X8",
        "cents": 50820,
        "currency": "EUR",
        "description": "Aseptic work for operators",
        "email": "carol@kelvin-home.example",
        "locale": "fr",
        "success_url": "http://localhost/orders/MH-4K7Q-92X8/paid?page={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://localhost/orders/MH-4K7Q-92X8",
        "expires_at": (now() + timedelta(minutes=40)).replace(microsecond=0),
    }
    return Start(**{**values, **changes})
