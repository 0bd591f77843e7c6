"""Refunds: money that goes back for a receipt, never more than came. Above a set amount a second person says yes.

A refund is asked for under the order's lock and carried out by the provider of its receipt outside of any transaction: a
card at once, a transfer or cash by finance, at the bank or from the till. It stands in the ledger once it succeeded. A card network may still say days later that it failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from integrations.payments import ProviderError, Refunded, RefundResult
from models.base import db, now
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import PaymentAttempt, Refund, RefundState
from models.people import Person
from services.audit import record_locked
from services.ledger import Movement, book_locked
from services.orders import balance, load_order, lock_order_locked
from services.places import FRESH
from services.providers import BY_HAND, NEEDS_ACCOUNT, provider_for
from services.refund_accounts import known_account, plain_iban
from services.refund_credits import credit_refund_locked
from services.refund_mails import tell_refunded_locked
from services.returnable import left_by_receipt, under_way_cents
from services.transaction import require_writing, writing

TOO_MUCH = "too_much"  # the reason of what came and is not owed: late, twice, or after leaving
FOUR_EYES_CENTS = 50000  # unless the cluster file says otherwise


class RefundRefused(Exception):
    """Nothing was written; each subclass says why."""


class NothingToGiveBack(RefundRefused):
    """An amount of zero, or an order without money."""


class MoreThanReceived(RefundRefused):
    """Only `left_cents` of what came can still go back."""

    def __init__(self, left_cents: int) -> None:
        super().__init__(left_cents)
        self.left_cents = left_cents


class AccountMissing(RefundRefused):
    """The money came by transfer: the account it goes back to is not known."""


class SameEyes(RefundRefused):
    """Whoever asked for a refund cannot also approve it."""


class MovedMeanwhile(RefundRefused):
    """The refund no longer stands where the page showed it."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for: gross cents, why, and for money that came by transfer the account it goes to."""

    cents: int
    reason: str
    iban: str = ""
    holder: str = ""


def four_eyes_cents() -> int:
    """Above this amount a second person approves (`[finance] four_eyes_cents` of the cluster file)."""
    finance = current_app.extensions["cluster"].data.get("finance", {})
    return int(finance.get("four_eyes_cents", FOUR_EYES_CENTS))


def request(code: str, wanted: Wanted, *, actor: Person | None, at: datetime | None = None) -> list[Refund]:
    """Ask for money to go back: one refund for each receipt it is taken from, the latest receipt first.

    Raises NothingToGiveBack, MoreThanReceived, or AccountMissing when some of it came by transfer and no account is
    given. Carry each out with `carry_out` afterwards.
    """
    at = at or now()
    with writing():
        return request_locked(lock_order_locked(code), wanted, actor=actor, at=at)


def request_locked(order: Order, wanted: Wanted, *, actor: Person | None, at: datetime) -> list[Refund]:
    """The same on a locked order."""
    if wanted.cents <= 0:
        raise NothingToGiveBack(order.code)
    receipts = left_by_receipt(order.id)
    left = sum(cents for _receipt, cents in receipts)
    if wanted.cents > left:
        raise MoreThanReceived(left)
    rest, refunds, large = wanted.cents, [], is_for_four_eyes(order.id, wanted.cents)
    for receipt, available in receipts:
        part = min(rest, available)
        if part:
            refunds.append(refund_of(order, receipt, part, wanted, actor, at, large))
            rest -= part
    if any(refund.provider in NEEDS_ACCOUNT and not refund.iban for refund in refunds):
        raise AccountMissing(order.code)
    session = require_writing()
    session.add_all(refunds)
    session.flush()
    details = {"order": order.code, "cents": wanted.cents, "reason": wanted.reason}
    record_locked("refund.requested", actor, details=details)
    return refunds


def is_for_four_eyes(order_id: int, cents: int) -> bool:
    """Whether a second person must say yes: also when an order's money goes back in parts, each of them small."""
    alone = select(func.sum(Refund.cents)).where(
        Refund.order_id == order_id, Refund.state != RefundState.FAILED, Refund.needs_approval.is_(False)
    )
    return cents + int(db.session.scalar(alone) or 0) > four_eyes_cents()


def refund_of(
    order: Order, receipt: LedgerEntry, cents: int, wanted: Wanted, actor: Person | None, at: datetime, large: bool
) -> Refund:
    needs_account = receipt.provider in NEEDS_ACCOUNT
    return Refund(
        order_id=order.id,
        receipt_id=receipt.id,
        provider=receipt.provider,
        cents=cents,
        reason=wanted.reason[:300],
        iban=wanted.iban if needs_account else "",
        holder=wanted.holder[:120] if needs_account else "",
        needs_approval=large,
        requested_by_id=actor.id if actor else None,
        created_at=at,
        updated_at=at,
    )


def lock_refund_locked(public_id: str) -> Refund:
    """Lock the refund's order and then the refund, and read it anew. NoResultFound for an unknown id."""
    session = require_writing()
    code = select(Order.code).join(Refund, Refund.order_id == Order.id).where(Refund.public_id == public_id)
    lock_order_locked(session.scalars(code).one())
    query = select(Refund).where(Refund.public_id == public_id).options(joinedload(Refund.order))
    return session.execute(query.with_for_update(of=Refund).execution_options(**FRESH)).scalar_one()


def approve(public_id: str, *, actor: Person, at: datetime | None = None) -> None:
    """The second pair of eyes says yes. Raises SameEyes and MovedMeanwhile. Carry it out with `carry_out` afterwards."""
    at = at or now()
    with writing():
        refund = lock_refund_locked(public_id)
        refuse_unless(refund, refund.state == RefundState.REQUESTED and refund.approved_at is None)
        if refund.requested_by_id == actor.id:
            raise SameEyes(public_id)
        refund.approved_by_id, refund.approved_at, refund.updated_at = actor.id, at, at
        record_locked("refund.approved", actor, details={"order": refund.order.code, "cents": refund.cents})


def refuse(public_id: str, reason: str, *, actor: Person, at: datetime | None = None) -> None:
    """Not to be paid back after all, while nothing has left. Raises MovedMeanwhile."""
    at = at or now()
    with writing():
        refund = lock_refund_locked(public_id)
        by_hand = refund.state == RefundState.PENDING and refund.provider in BY_HAND
        refuse_unless(refund, refund.state == RefundState.REQUESTED or by_hand)
        refund.move(RefundState.FAILED, at)
        refund.error = reason[:300]
        details = {"order": refund.order.code, "cents": refund.cents, "reason": reason}
        record_locked("refund.refused", actor, details=details)


def refuse_unless(refund: Refund, still: bool) -> None:
    if not still:
        raise MovedMeanwhile(refund.state)


def may_leave(refund: Refund) -> bool:
    """Whether nothing but carrying it out is left."""
    return refund.state == RefundState.REQUESTED and (not refund.needs_approval or refund.approved_at is not None)


def carry_out(public_id: str, at: datetime | None = None) -> RefundState:
    """Send an approved refund on its way and answer its state. Safe to repeat: the provider knows it by its public id.

    A provider that gives no answer leaves it requested, for the clock to try again.
    """
    at = at or now()
    refund = db.session.execute(
        select(Refund).where(Refund.public_id == public_id).options(joinedload(Refund.receipt))
    ).scalar_one()
    leaves, provider, cents, reason = may_leave(refund), refund.provider, refund.cents, refund.reason
    reference = payment_reference(refund.receipt)
    db.session.rollback()
    if not leaves:
        return RefundState(refund.state)
    try:
        truth = provider_for(provider).refund(reference, cents, public_id, reason)
    except ProviderError as error:
        return keep_error(public_id, str(error), at)
    return apply_truth(public_id, truth, at)


def payment_reference(receipt: LedgerEntry) -> str:
    """The provider's name of the payment that a receipt records."""
    if receipt.attempt_id is not None:
        attempt = db.session.get(PaymentAttempt, receipt.attempt_id)
        if attempt is not None and attempt.payment_reference:
            return attempt.payment_reference
    return receipt.provider_reference


def keep_error(public_id: str, error: str, at: datetime) -> RefundState:
    with writing():
        refund = lock_refund_locked(public_id)
        refund.error, refund.updated_at = error[:300], at
        return RefundState(refund.state)


def apply_truth(public_id: str, truth: Refunded, at: datetime | None = None) -> RefundState:
    """Take over what the provider says of a refund; twice or out of order changes nothing."""
    at = at or now()
    with writing():
        refund = lock_refund_locked(public_id)
        apply_truth_locked(refund, truth, at)
        return RefundState(refund.state)


def apply_truth_locked(refund: Refund, truth: Refunded, at: datetime, *, actor: Person | None = None) -> None:
    if refund.state == RefundState.FAILED or (
        truth.result is RefundResult.PENDING and refund.state == RefundState.SUCCEEDED
    ):
        return
    refund.provider_reference = truth.reference or refund.provider_reference
    refund.error = truth.error[:300]
    had_left = refund.state == RefundState.SUCCEEDED
    if refund.state == RefundState.REQUESTED and truth.result is not RefundResult.FAILED:
        credit_refund_locked(refund, at, actor=actor)
    match truth.result:
        case RefundResult.PENDING:
            refund.move(RefundState.PENDING, at)
        case RefundResult.SUCCEEDED:
            if refund.move(RefundState.SUCCEEDED, at):
                book_refund_locked(refund, at, actor)
                tell_refunded_locked(refund)
        case RefundResult.FAILED:
            refund.move(RefundState.FAILED, at)
            if had_left:
                book_return_locked(refund, at)


def book_refund_locked(refund: Refund, at: datetime, actor: Person | None) -> None:
    reference = refund.provider_reference or f"refund:{refund.public_id}"
    movement = Movement(
        EntryKind.REFUND, refund.provider, reference, -refund.cents, at, note=refund.reason, actor=actor,
        receipt_id=refund.receipt_id,
    )  # fmt: skip
    book_locked(refund.order, movement, at)


def book_return_locked(refund: Refund, at: datetime) -> None:
    reference = f"{refund.provider_reference or refund.public_id}:failed"
    movement = Movement(
        EntryKind.REFUND_FAILED, refund.provider, reference, refund.cents, at, note=refund.error,
        receipt_id=refund.receipt_id,
    )  # fmt: skip
    book_locked(refund.order, movement, at)


def mark_paid(public_id: str, reference: str, *, paid_at: datetime, actor: Person, at: datetime | None = None) -> None:
    """Finance has paid a refund at the bank or from the till; `reference` is the bank's own. Raises MovedMeanwhile."""
    at = at or now()
    with writing():
        refund = lock_refund_locked(public_id)
        refuse_unless(refund, refund.state == RefundState.PENDING and refund.provider in BY_HAND)
        truth = Refunded(RefundResult.SUCCEEDED, f"refund:{reference}"[:120])
        apply_truth_locked(refund, truth, paid_at, actor=actor)
        record_locked("refund.paid", actor, details={"order": refund.order.code, "cents": refund.cents})


def carry_out_due(at: datetime | None = None) -> int:
    """Try every refund again that only waits for its provider; how many. The clock calls it."""
    at = at or now()
    query = select(Refund).where(Refund.state == RefundState.REQUESTED).order_by(Refund.id)
    due = [refund.public_id for refund in db.session.scalars(query) if may_leave(refund)]
    db.session.rollback()
    for public_id in due:
        carry_out(public_id, at)
    return len(due)


def give_back(code: str, *, actor: Person, at: datetime | None = None) -> list[Refund]:
    """All that is owed back, each part to where it came from: one click. Carry each out with `carry_out` afterwards.

    Raises NothingToGiveBack, and AccountMissing when some came by transfer from an account that nobody knows.
    """
    at = at or now()
    with writing():
        order = lock_order_locked(code)
        account, loaded = known_account(order.id), load_order(code)
        cents = max(balance(loaded).to_return_cents - under_way_cents(order.id), 0) if loaded else 0
        return request_locked(order, Wanted(cents, TOO_MUCH, account.iban, account.holder), actor=actor, at=at)


def ask_by_buyer(
    code: str, iban: str, holder: str, *, actor: Person | None, at: datetime | None = None
) -> list[Refund]:
    """The buyer says where to: ask for all that is owed. Finance looks at every account that a buyer gave.

    Raises NothingToGiveBack, MoreThanReceived. Only transfers wait for the yes; what came by card returns to the card.
    """
    at = at or now()
    order = load_order(code)
    cents = max(balance(order).to_return_cents - under_way_cents(order.id), 0) if order else 0
    db.session.rollback()
    with writing():
        wanted = Wanted(cents, "asked_by_buyer", plain_iban(iban), holder)
        refunds = request_locked(lock_order_locked(code), wanted, actor=actor, at=at)
        for refund in refunds:
            refund.needs_approval = refund.needs_approval or refund.provider in NEEDS_ACCOUNT
        return refunds
