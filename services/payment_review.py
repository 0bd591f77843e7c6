"""Card payments at the desk: how each attempt stands, and what finance decides about one that differs from what was asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from integrations.payments import ProviderError, TruthState
from models.base import db, now
from models.orders import Order
from models.payments import AttemptState, PaymentAttempt
from models.people import Person
from services.audit import record_locked
from services.payment_truths import Difference, lock_attempt_locked, receive_paid_locked
from services.payments import known_of
from services.providers import provider_for
from services.transaction import writing


class NotToBook(Exception):
    """What the provider has cannot be booked: no money, another currency, or no answer. It is given back there."""


class NothingToDecide(Exception):
    """The payment does not wait for a decision (any more)."""


def attempts_of(order_id: int) -> list[PaymentAttempt]:
    """The payment pages of an order, the newest first."""
    query = select(PaymentAttempt).where(PaymentAttempt.order_id == order_id).order_by(PaymentAttempt.id.desc())
    return list(db.session.scalars(query))


def difference_kept(attempt: PaymentAttempt) -> Difference | None:
    """What of a payment is not what was asked for."""
    return Difference.read(attempt.review) if attempt.review else None


def require_waiting(code: str, public_id: str) -> None:
    """NothingToDecide unless this payment of this order waits for finance."""
    query = (
        select(PaymentAttempt.id)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .where(Order.code == code, PaymentAttempt.public_id == public_id, PaymentAttempt.review != "")
    )
    if db.session.scalar(query) is None:
        raise NothingToDecide(public_id)


def book_what_came(code: str, public_id: str, *, actor: Person, at: datetime | None = None) -> int:
    """Take what the provider has received into the ledger as it is; the cents. Raises NotToBook and NothingToDecide."""
    at = at or now()
    require_waiting(code, public_id)
    _, key, reference = known_of(public_id)
    try:
        truth = provider_for(key).refresh(reference or "")
    except ProviderError as error:
        raise NotToBook(str(error)) from error
    with writing():
        attempt = lock_attempt_locked(public_id)
        if not attempt.review:
            raise NothingToDecide(public_id)
        if truth.state is not TruthState.PAID or truth.currency != attempt.currency or truth.received_cents <= 0:
            raise NotToBook(attempt.review)
        attempt.move(AttemptState.PAID, at)
        details = {"order": attempt.order.code, "found": attempt.review, "cents": truth.received_cents}
        attempt.review = ""
        receive_paid_locked(attempt, truth.received_cents, truth.at or at, at, actor=actor)
        record_locked("payment.review_booked", actor, details=details)
        return truth.received_cents


def set_aside(code: str, public_id: str, *, actor: Person, at: datetime | None = None) -> None:
    """The payment is none for this order: finance sees to it at the provider. Raises NothingToDecide."""
    at = at or now()
    require_waiting(code, public_id)
    with writing():
        attempt = lock_attempt_locked(public_id)
        if not attempt.review:
            raise NothingToDecide(public_id)
        if attempt.state in (AttemptState.CREATED, AttemptState.OPEN, AttemptState.PROCESSING):
            attempt.move(AttemptState.FAILED, at)
        details = {"order": attempt.order.code, "found": attempt.review}
        attempt.error, attempt.review = f"set aside: {attempt.review}", ""
        record_locked("payment.review_set_aside", actor, details=details)
