"""Applying what a provider says of a payment: under the order's lock, in any order, any number of times.

An amount or a currency that differs from what was asked goes to finance for review, never to “paid”.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from integrations.payments import Truth, TruthState
from models.orders import EntryKind, Order
from models.payments import ATTEMPT_TRANSITIONS, AttemptState, PaymentAttempt, ProviderEvent
from models.people import Person
from models.registrations import Registration
from services.audit import record_locked
from services.ledger import Movement
from services.notices import tell_buyer_locked
from services.orders import lock_order_locked, receive_locked
from services.places import FRESH
from services.transaction import require_writing, writing


@dataclass(frozen=True)
class Difference:
    """Why a payment waits for finance: what differs (`amount`, `currency` or `key`), and what the provider has."""

    what: str
    cents: int
    currency: str

    def kept(self) -> str:
        return f"{self.what} {self.cents} {self.currency}"

    @classmethod
    def read(cls, kept: str) -> Difference:
        what, cents, currency = kept.split()
        return cls(what, int(cents), currency)


def lock_attempt_locked(public_id: str) -> PaymentAttempt:
    """Lock the attempt's order (its events first), then the attempt, and read both anew. NoResultFound: unknown id."""
    session = require_writing()
    code = select(Order.code).join(PaymentAttempt, PaymentAttempt.order_id == Order.id)
    lock_order_locked(session.scalars(code.where(PaymentAttempt.public_id == public_id)).one())
    return session.execute(
        select(PaymentAttempt)
        .where(PaymentAttempt.public_id == public_id)
        .options(joinedload(PaymentAttempt.order))
        .with_for_update(of=PaymentAttempt)
        .execution_options(**FRESH)
    ).scalar_one()


def apply(public_id: str, truth: Truth, at: datetime, notice: int | None = None) -> AttemptState:
    """Take over what the provider says of an attempt; the state it is in then. `notice`: the id of what told us, which
    is worked off in the same transaction."""
    with writing() as session:
        attempt = lock_attempt_locked(public_id)
        apply_locked(attempt, truth, at)
        if notice is not None:
            session.get_one(ProviderEvent, notice).done(at)
        return AttemptState(attempt.state)


def apply_locked(attempt: PaymentAttempt, truth: Truth, at: datetime) -> None:
    attempt.checked_at = at
    attempt.provider_reference = attempt.provider_reference or truth.reference
    attempt.payment_reference = truth.payment_reference or attempt.payment_reference
    difference = difference_of(attempt, truth)
    if difference is not None:
        review_locked(attempt, difference, at)
        return
    before, state = AttemptState(attempt.state), AttemptState(truth.state)
    if state not in ATTEMPT_TRANSITIONS[before]:
        return
    attempt.move(state, at)
    if state is AttemptState.PAID:
        receive_paid_locked(attempt, truth.received_cents, truth.at or at, at)
    elif state is AttemptState.FAILED and before is AttemptState.PROCESSING:
        tell_buyer_locked("payment_failed", first_registration_locked(attempt), {"cents": attempt.cents})


def difference_of(attempt: PaymentAttempt, truth: Truth) -> Difference | None:
    """What of the provider's truth is not what we asked for."""
    cents = truth.received_cents if truth.state is TruthState.PAID else truth.asked_cents
    if truth.key != attempt.public_id or truth.reference != attempt.provider_reference:
        return Difference("key", cents, truth.currency)
    if truth.currency != attempt.currency:
        return Difference("currency", cents, truth.currency)
    return Difference("amount", cents, truth.currency) if cents != attempt.cents else None


def review_locked(attempt: PaymentAttempt, difference: Difference, at: datetime) -> None:
    """Keep it for finance, once."""
    if attempt.review == difference.kept():
        return
    attempt.review, attempt.updated_at = difference.kept(), at
    details = {"order": attempt.order.code, "asked": attempt.cents, "found": difference.kept()}
    record_locked("payment.review", None, subject_kind="attempt", subject_id=attempt.id, details=details)


def receive_paid_locked(
    attempt: PaymentAttempt, cents: int, moved_at: datetime, at: datetime, actor: Person | None = None
) -> None:
    """Into the ledger, by the name of the payment: whoever tells of it again finds it there."""
    reference = attempt.payment_reference or attempt.provider_reference or attempt.public_id
    movement = Movement(
        EntryKind.RECEIPT, attempt.provider, reference, cents, moved_at, attempt_id=attempt.id, actor=actor
    )
    receive_locked(attempt.order, movement, at)


def first_registration_locked(attempt: PaymentAttempt) -> Registration:
    """What a mail about the order speaks of."""
    query = (
        select(Registration)
        .where(Registration.order_id == attempt.order_id)
        .options(joinedload(Registration.order))
        .order_by(Registration.id)
        .limit(1)
    )
    return require_writing().scalars(query).one()
