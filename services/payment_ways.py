"""The ways to pay an order that need no page of anybody else: what each asks for, and what came by it."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.payments import Instructions, Start, TruthState
from integrations.payments.embedded import Manual, OnAccount, Transfer
from models.orders import Order
from services.providers import provider_for


@dataclass(frozen=True)
class Way:
    """One way, and how it stands in our books, in cents."""

    provider: str
    came_cents: int
    awaited_cents: int


def demand_of(order: Order, cents: int) -> Start:
    """What the order asks for, as the embedded providers are told; its key is the order's own code."""
    return Start(
        key=order.code,
        order=order.code,
        cents=cents,
        currency=order.currency,
        description=order.code,
        email=order.buyer_email,
        locale=order.locale,
        expires_at=order.due_at,
        communication=order.reference or "",
    )


def transfer_of(order: Order, cents: int) -> Instructions | None:
    """What to write, or scan, in the banking app; None when nothing is to be paid."""
    if not cents or not order.reference:
        return None
    return provider_for(Transfer.key).start(demand_of(order, cents)).instructions


def ways_of(order: Order) -> list[Way]:
    """How an order of the desk can be paid without a card, and what came that way. The order is loaded with its ledger."""
    if not order.reference:
        return []
    at_the_door = any(entry.provider == Manual.key for entry in order.ledger)
    keys = [OnAccount.key] if order.is_on_account else [Transfer.key, *([Manual.key] if at_the_door else [])]
    truths = [(key, provider_for(key).refresh(order.code)) for key in keys]
    return [
        Way(
            key, truth.received_cents, truth.asked_cents - truth.received_cents if truth.state is TruthState.OPEN else 0
        )
        for key, truth in truths
    ]
