"""Which payment providers this installation has. `transfer`, `on_account` and `manual` need nobody else: the ledger and
the invoices are all there is to them. Whoever is paid through somebody else is here."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app

from config import Settings
from integrations.payments import PaymentProvider, ProviderError
from integrations.payments.stripe import Stripe

CARDS = "stripe"


class ProviderMissing(ProviderError):
    """No provider of this name is configured here (any more)."""


def card_provider() -> PaymentProvider | None:
    """Who takes cards for us; None when nobody does."""
    settings: Settings = current_app.extensions["atrium"]
    if not settings.stripe_api_key:
        return None
    return stripe_account(settings.stripe_api_key, settings.stripe_webhook_secrets, settings.stripe_api_base)


@lru_cache(maxsize=4)
def stripe_account(api_key: str, secrets: tuple[str, ...], base: str) -> PaymentProvider:
    return Stripe(api_key, secrets, base)


def provider_for(key: str) -> PaymentProvider:
    """The provider that a payment attempt or a refund names. Raises ProviderMissing."""
    found = card_provider() if key == CARDS else None
    if found is None:
        raise ProviderMissing(f"{key} is not configured")
    return found


def is_simulated() -> bool:
    """Whether cards are paid at a simulator: no money moves."""
    return bool(current_app.extensions["atrium"].stripe_api_base)
