"""Disputes: a payer's bank takes a payment back. What left our account, and what came back to it, stands in the ledger.

While a dispute is open the order stays paid in the eyes of its people: nobody is asked to pay a second time for what is
being contested, and no place is given up. When it is lost, finance decides whether to ask again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from integrations.payments import DisputeTruth
from models.base import db, now
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import Dispute, DisputeState
from models.people import Person
from models.registrations import Registration
from services.audit import record_locked
from services.bank_balances import to_pay_of
from services.dates import say_deadline
from services.ledger import Movement, book_locked, booked
from services.notices import tell_buyer_locked
from services.orders import lock_order_locked
from services.places import FRESH
from services.transaction import require_writing, writing

AGAIN = timedelta(days=14)  # to pay what a lost dispute took


class NotLost(Exception):
    """There is nothing to decide: the dispute is not lost, or somebody has decided."""


def apply_dispute(provider: str, truth: DisputeTruth, at: datetime | None = None) -> bool:
    """Take over where a dispute stands, in any order and any number of times. False: its payment is none of ours.

    The registration keeps its place: whether somebody still comes is for people to decide.
    """
    at = at or now()
    receipt = booked(provider, truth.payment_reference)
    if receipt is None:
        return False
    code = db.session.scalars(select(Order.code).where(Order.id == receipt.order_id)).one()
    receipt_id = receipt.id
    db.session.rollback()
    with writing():
        order = lock_order_locked(code)
        keep_locked(order, provider, receipt_id, truth, at)
        book_moves_locked(order, provider, receipt_id, truth, at)
    return True


def keep_locked(order: Order, provider: str, receipt_id: int, truth: DisputeTruth, at: datetime) -> None:
    """The dispute's row; a decision is not taken back by an older notice, since the truth itself was read."""
    session = require_writing()
    dispute = dispute_locked(provider, truth.reference)
    if dispute is None:
        dispute = Dispute(
            order_id=order.id, receipt_id=receipt_id, provider=provider, provider_reference=truth.reference,
            cents=truth.cents, created_at=at,
        )  # fmt: skip
        session.add(dispute)
        details = {"order": order.code, "cents": truth.cents, "reason": truth.reason}
        record_locked("dispute.opened", None, details=details)
    if dispute.state == DisputeState.OPEN:
        dispute.state = DisputeState(truth.result)
    dispute.cents, dispute.reason = truth.cents, truth.reason[:120]
    dispute.answer_by, dispute.updated_at = truth.answer_by, at


def book_moves_locked(
    order: Order, provider: str, receipt_id: int, truth: DisputeTruth, at: datetime
) -> list[LedgerEntry]:
    """One ledger entry for each movement of our account, by its own name."""
    made = []
    for moved in truth.moved:
        kind = EntryKind.DISPUTE if moved.cents < 0 else EntryKind.DISPUTE_WON
        movement = Movement(
            kind, provider, moved.reference, moved.cents, moved.at, note=truth.reason, receipt_id=receipt_id
        )
        entry = book_locked(order, movement, at)
        made += [entry] if entry is not None else []
    return made


def dispute_locked(provider: str, reference: str) -> Dispute | None:
    """Lock a dispute whose order is locked, and read it anew."""
    query = select(Dispute).where(Dispute.provider == provider, Dispute.provider_reference == reference)
    return require_writing().scalar(query.with_for_update().execution_options(**FRESH))


def decide(code: str, provider: str, reference: str, *, ask: bool, actor: Person, at: datetime | None = None) -> None:
    """What finance does about a lost dispute: ask the payer again, with a fortnight and a mail, or let it be.

    The place stays either way; whoever loses it is cancelled by the organiser. Raises NotLost.
    """
    at = at or now()
    with writing():
        order = lock_order_locked(code)
        dispute = dispute_locked(provider, reference)
        if dispute is None or dispute.order_id != order.id or dispute.state != DisputeState.LOST:
            raise NotLost(reference)
        dispute.state, dispute.updated_at = DisputeState.ASKED if ask else DisputeState.LET_BE, at
        require_writing().flush()
        missing = to_pay_of([order.id]).get(order.id, 0) if ask else 0
        if missing:
            order.due_at = at + AGAIN
            ask_again_locked(order, missing, dispute)
        details = {"order": order.code, "cents": dispute.cents}
        record_locked("dispute.asked_again" if ask else "dispute.let_be", actor, details=details)


def ask_again_locked(order: Order, cents: int, dispute: Dispute) -> None:
    first = select(Registration).where(Registration.order_id == order.id).options(joinedload(Registration.order))
    registration = require_writing().scalars(first.order_by(Registration.id).limit(1)).one()
    assert order.due_at is not None
    zone = str(current_app.extensions["cluster"].zone)
    said = {"step": "again", "cents": cents, "due": say_deadline(order.due_at, order.locale, zone)}
    tell_buyer_locked("order_due", registration, said, unique_key=f"order_due:{order.id}:again:{dispute.id}")


def contested_state(order_id: int) -> DisputeState | None:
    """How the order's latest dispute stands; None when there never was one."""
    found = disputes_of(order_id)
    return DisputeState(found[0].state) if found else None


def disputes_of(order_id: int) -> list[Dispute]:
    """The disputes of an order, the newest first."""
    query = select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.id.desc())
    return list(db.session.scalars(query))
