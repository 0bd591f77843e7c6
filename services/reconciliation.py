"""Reconciliation: what no web hook and no returning browser told us is found by asking. Safe to run twice or late."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from integrations.payments import ProviderError
from models.base import db, now
from models.orders import Order
from models.payments import UNSETTLED, AttemptState, PaymentAttempt, Refund, RefundState
from services.orders import balance, load_order
from services.payment_inbox import catch_up, work_off_due
from services.payments import close, refresh
from services.providers import BY_HAND, provider_for
from services.refund_notices import learn_refund

log = logging.getLogger(__name__)

AFTER = timedelta(minutes=10)  # an attempt that nobody has asked about for so long
AT_ONCE = 100


def reconcile(at: datetime | None = None) -> int:
    """Ask for events we missed, work off the inbox, ask about every unsettled attempt; how many of those settled."""
    at = at or now()
    catch_up(at)
    work_off_due(at)
    for provider, reference in pending_refunds(at):
        ask_about_refund(provider, reference, at)
    return sum(look_again(public_id, at) for public_id in stale(at))


def stale(at: datetime) -> list[str]:
    """The unsettled attempts that nobody has asked about lately, those that waited longest first."""
    query = (
        select(PaymentAttempt.public_id)
        .where(PaymentAttempt.state.in_(UNSETTLED), PaymentAttempt.created_at <= at - AFTER)
        .where(or_(PaymentAttempt.checked_at.is_(None), PaymentAttempt.checked_at <= at - AFTER))
        .order_by(PaymentAttempt.checked_at.is_not(None), PaymentAttempt.checked_at, PaymentAttempt.id)
        .limit(AT_ONCE)
    )
    found = list(db.session.scalars(query))
    db.session.rollback()
    return found


def pending_refunds(at: datetime) -> list[tuple[str, str]]:
    """The refunds that a provider has and has not ended: provider and its reference, those asked about longest ago first."""
    query = (
        select(Refund.provider, Refund.provider_reference)
        .where(
            Refund.state == RefundState.PENDING, Refund.provider.not_in(BY_HAND), Refund.provider_reference.is_not(None)
        )
        .where(Refund.created_at <= at - AFTER)
        .order_by(Refund.updated_at, Refund.id)
        .limit(AT_ONCE)
    )
    found = [(provider, str(reference)) for provider, reference in db.session.execute(query)]
    db.session.rollback()
    return found


def ask_about_refund(provider: str, reference: str, at: datetime) -> None:
    try:
        learn_refund(provider, provider_for(provider).refund_truth(reference), at)
    except ProviderError as error:
        log.warning("refund %s cannot be asked about: %s", reference, error)


def look_again(public_id: str, at: datetime) -> bool:
    """Close a page that has run out or asks for what is not owed any more, else ask about it; whether it settled."""
    try:
        state = (close if is_over(public_id, at) else refresh)(public_id, at)
    except ProviderError as error:
        log.warning("payment %s cannot be asked about: %s", public_id, error)
        return False
    return state not in UNSETTLED


def is_over(public_id: str, at: datetime) -> bool:
    """Whether nobody needs this page any more: its time is over, or the order asks for another amount."""
    row = db.session.execute(
        select(PaymentAttempt.state, PaymentAttempt.expires_at, PaymentAttempt.cents, Order.code)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .where(PaymentAttempt.public_id == public_id)
    ).one()
    state, expires_at, cents, code = row
    order = load_order(code)
    asked = balance(order).to_pay_cents if order else 0
    db.session.rollback()
    if state == AttemptState.PROCESSING:
        return False
    return asked != cents or expires_at is None or bool(expires_at <= at)
