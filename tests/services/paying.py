"""Paying by card in tests: the application with a simulator of Stripe beside it, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from integrations.stripe_simulator.server import Simulator
from models.base import db
from models.events import Event
from models.orders import LedgerEntry, Order
from models.payments import PaymentAttempt
from models.people import Person
from models.registrations import Registration, Status
from services.orders import Balance, balance, load_order
from services.payment_inbox import receive, work_off_due
from services.payments import start
from services.providers import card_provider, stripe_account
from services.registrations import register
from tests.services.post import wish_of


@pytest.fixture
def stripe_house(app: Flask) -> Iterator[Simulator]:
    """The application takes cards, at a simulator."""
    before = app.extensions["atrium"]
    with Simulator() as simulator:
        app.extensions["atrium"] = replace(
            before,
            stripe_api_key=simulator.api_key,
            stripe_webhook_secrets=(simulator.secret,),
            stripe_api_base=simulator.url,
        )
        provider: Any = card_provider()
        provider.retries = 0  # a test need not wait
        yield simulator
        provider.close()
    stripe_account.cache_clear()
    app.extensions["atrium"] = before


def order_for(person: Person, event: Event, **changes: Any) -> str:
    """The code of the order of `person`, registered through the service."""
    return register(person, event.id, wish_of(person, **changes), locale="en").code


def opened_page(code: str) -> tuple[str, str]:
    """A payment page that is open for the order: the attempt's public id, and the page's own."""
    attempt = start(code).attempt
    return attempt, page_of(attempt)


def page_of(attempt: str) -> str:
    return str(attempt_row(attempt).provider_reference)


def attempt_row(public_id: str) -> PaymentAttempt:
    db.session.rollback()
    query = select(PaymentAttempt).where(PaymentAttempt.public_id == public_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def deliver(simulator: Simulator, *events: dict[str, Any]) -> None:
    """Bring the web hooks of these events (default: all so far) and work them off."""
    for event in events or simulator.store.events:
        body, headers = simulator.signed(event)
        receive("stripe", body, headers, ip="192.0.2.1")
    work_off_due()


def entries(code: str) -> list[tuple[str, str, int]]:
    """The order's ledger: kind, provider, cents."""
    db.session.rollback()
    query = select(LedgerEntry).join(Order, Order.id == LedgerEntry.order_id).where(Order.code == code)
    rows = db.session.scalars(query.order_by(LedgerEntry.id))
    return [(str(row.kind), row.provider, row.cents) for row in rows]


def statuses(code: str) -> list[Status]:
    """The statuses of the order's registrations, oldest first."""
    db.session.rollback()
    query = select(Registration.status).join(Order, Order.id == Registration.order_id).where(Order.code == code)
    return [Status(status) for status in db.session.scalars(query.order_by(Registration.id))]


def money_of(code: str) -> Balance:
    db.session.rollback()
    order = load_order(code)
    assert order is not None
    return balance(order)
