"""What leaving costs, by the tiers frozen on the order. Told before the button, charged by the same function."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.events import Event
from models.orders import Order
from models.policies import fee_percent
from models.registrations import Registration, Status
from services.orders import balance

PRICED = (Status.AWAITING_PAYMENT, Status.CONFIRMED)
"""The statuses whose place is paid for; whoever only waits, or was only offered a place, leaves for nothing."""


@dataclass(frozen=True)
class Leaving:
    """The money when this registration is cancelled by its own people now, in cents."""

    price_cents: int
    percent: int
    fee_cents: int  # stays owed
    back_cents: int  # comes back
    pay_cents: int  # is still to be paid for the whole order afterwards


def percent_now(registration: Registration, order: Order, event: Event, at: datetime) -> int:
    """What leaving costs now in percent of the price; 0 without a place or without tiers."""
    if registration.status not in PRICED or not order.tiers:
        return 0
    return fee_percent(order.tiers, at.astimezone(event.tz).date(), event.starts_at.astimezone(event.tz).date())


def fee_on(gross_cents: int, percent: int) -> int:
    """The fee, VAT included, rounded half up."""
    return (gross_cents * percent + 50) // 100


def leaving_now(order: Order, registration: Registration, at: datetime) -> Leaving:
    """What leaving means for the money of a loaded order (see services.orders.load_order)."""
    line = next(line for line in order.lines if line.registration_id == registration.id)
    percent = percent_now(registration, order, registration.event, at)
    fee = fee_on(line.gross_cents, percent)
    money = balance(order)
    received = money.received_cents - money.refunded_cents
    owed = money.owed_cents - line.owed_cents + fee
    already = max(received - money.owed_cents, 0)
    return Leaving(
        line.gross_cents,
        percent,
        fee,
        max(received - owed, 0) - already,
        max(owed - received - money.contested_cents, 0),
    )
