"""What a payment page is asked to be, and how long the place is held for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select

from integrations.payments import Start
from models.orders import Order
from models.payments import PaymentAttempt
from models.registrations import Registration, Status
from services.places import FRESH
from services.transaction import require_writing

PAGE_LIVES = timedelta(minutes=45)  # Stripe: from 30 minutes to 24 hours
USABLE = timedelta(minutes=5)  # nobody is sent to a page that closes sooner
GRACE = timedelta(minutes=15)  # the place is held longer than the page lives
DEBIT_NEEDS = timedelta(days=10)  # a direct debit may be refused days later


def wish_for(order: Order, attempt: PaymentAttempt) -> Start:
    """What the provider is asked for. Made of what is frozen, so that asking again asks the same."""
    assert attempt.expires_at is not None
    home = f"{current_app.extensions['atrium'].public_url}/orders/{order.code}"
    return Start(
        key=attempt.public_id,
        order=order.code,
        cents=attempt.cents,
        currency=attempt.currency,
        description=f"{order.lines[0].description} ({order.code})",
        email=order.buyer_email,
        locale=order.locale,
        success_url=f"{home}/paid",
        cancel_url=home,
        expires_at=attempt.expires_at,
        allows_debit=allows_debit(order, attempt.created_at),
    )


def allows_debit(order: Order, at: datetime) -> bool:
    """A debit is for organisations, and only while there is time to hear from the bank: a consumer may take one back
    for eight weeks without a reason (SEPA Direct Debit Core Rulebook §4.3.4)."""
    begins = min(registration.event.starts_at for registration in order.registrations)
    return order.payer_organisation_id is not None and begins > at + DEBIT_NEEDS


def hold_for_page_locked(order: Order, expires_at: datetime) -> None:
    """Hold the places that await payment until some time after the page has closed. The order must be locked."""
    query = (
        select(Registration)
        .where(Registration.order_id == order.id, Registration.status == Status.AWAITING_PAYMENT)
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    )
    for registration in require_writing().scalars(query):
        if registration.hold_until is not None and registration.hold_until < expires_at + GRACE:
            registration.hold_until = expires_at + GRACE
