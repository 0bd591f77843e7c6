"""Which payment providers this installation has. Three are always there: they need nobody else but our own books. Whoever
is paid through somebody else is added by a setting."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app

from config import Settings
from integrations.payments import PaymentProvider, ProviderError
from integrations.payments.embedded import Embedded, Manual, OnAccount, Transfer
from integrations.payments.stripe import Stripe
from services.payment_books import OwnBooks

CARDS = Stripe.key
KINDS: dict[str, type[Embedded | Stripe]] = {kind.key: kind for kind in (Transfer, OnAccount, Manual, Stripe)}
BY_HAND = frozenset(key for key, kind in KINDS.items() if kind.by_hand)
"""Whose refunds finance pays: at the bank, or from the till."""
NEEDS_ACCOUNT = frozenset(key for key, kind in KINDS.items() if kind.needs_account)
"""Whose refunds can only leave to an account that somebody names."""


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
    found = card_provider() if key == CARDS else embedded(key)
    if found is None:
        raise ProviderMissing(f"{key} is not configured")
    return found


def embedded(key: str) -> PaymentProvider | None:
    """One of the three that are always there; None for another name."""
    match key:
        case Transfer.key:
            bank = current_app.extensions["cluster"].bank
            holder = bank.get("holder") or current_app.extensions["cluster"].legal_name
            return Transfer(OwnBooks(), bank["iban"], bank.get("bic"), holder)
        case OnAccount.key:
            return OnAccount(OwnBooks())
        case Manual.key:
            return Manual(OwnBooks())
    return None


def is_simulated() -> bool:
    """Whether cards are paid at a simulator: no money moves."""
    return bool(current_app.extensions["atrium"].stripe_api_base)
