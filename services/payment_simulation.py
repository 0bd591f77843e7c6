"""The simulator of Stripe beside a demo or a developer's Atrium: its settings, and running it. No money moves."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from config import Settings


def simulated(settings: Settings, port: int) -> Settings:
    """The settings of an Atrium that takes its cards at a simulator on this port of this machine.

    Key and secret are made of SECRET_KEY, so that both find them without telling each other.
    """
    return replace(
        settings,
        stripe_api_key=f"sk_test_{derived(settings, 'key')}",
        stripe_webhook_secrets=(f"whsec_{derived(settings, 'web hook')}",),
        stripe_api_base=f"http://127.0.0.1:{port}",
    )


def derived(settings: Settings, purpose: str) -> str:
    words = f"stripe simulator, {purpose}".encode()
    return hmac.new(settings.secret_key.encode(), words, hashlib.sha256).hexdigest()[:32]


def environment_of(settings: Settings) -> dict[str, str]:
    """What other processes of this Atrium need in their environment."""
    return {
        "STRIPE_API_KEY": settings.stripe_api_key,
        "STRIPE_WEBHOOK_SECRETS": ",".join(settings.stripe_webhook_secrets),
        "STRIPE_API_BASE": settings.stripe_api_base,
    }


def run_simulator(settings: Settings) -> None:
    """Serve the simulator of these settings until this process ends; it keeps what it knows in instance/."""
    from integrations.stripe_simulator.server import serve

    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    serve(
        "127.0.0.1",
        int(settings.stripe_api_base.rsplit(":", 1)[1]),
        settings.stripe_api_key,
        settings.stripe_webhook_secrets[0],
        f"{settings.public_url}/webhooks/stripe",
        settings.instance / "stripe-simulator.json",
    )
