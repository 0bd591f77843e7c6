"""Money that comes after its place was given up: it takes a free place, or the head of the waiting list, or is to be
returned. A final registration is never revived: a new one begins with `replaces`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.events import Event, Quota, Ticket
from models.orders import LedgerEntry, Order, OrderLine
from models.questions import Answer
from models.registrations import LIVE, Registration, Status, Transition
from services.notices import tell_buyer_locked, tell_locked
from services.places import FRESH, begin_locked, holding_locked, within_limit_locked
from services.successors import same_price, successor_of
from services.transaction import require_writing
from services.voucher_uses import has_place_locked

RAN_OUT = frozenset({"payment_expired", "offer_expired"})


def begin_again_locked(order: Order, at: datetime) -> list[Registration]:
    """New registrations for those of the order that ran out, as far as its money reaches beyond what is owed.

    Each awaits payment (settle_locked then confirms it), or stands at the head of the waiting list. Where neither is
    possible the money stays to be returned, and the buyer is told. The order's events must be locked.
    """
    session = require_writing()
    session.flush()
    gone = select(Registration.id).where(Registration.order_id == order.id, Registration.status == Status.EXPIRED)
    if session.scalar(gone.limit(1)) is None:
        return []
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.id)
        .options(joinedload(OrderLine.registration).joinedload(Registration.order))
        .execution_options(**FRESH)
    ).all()
    money = sum(session.scalars(select(LedgerEntry.cents).where(LedgerEntry.order_id == order.id)))
    money -= sum(line.owed_cents or kept_for(line) for line in lines)
    begun = []
    for line in lines:
        if 0 < line.gross_cents <= money and ran_out_locked(line.registration):
            money -= line.gross_cents
            begun += [coming] if (coming := begin_one_locked(line, at)) else []
    return begun


def kept_for(line: OrderLine) -> int:
    """The money of somebody whom it brought to the head of the waiting list."""
    registration = line.registration
    waits = registration.status in (Status.WAITLISTED, Status.OFFERED) and registration.at_head
    return line.gross_cents if waits and registration.replaces_id else 0


def ran_out_locked(registration: Registration) -> bool:
    """Whether its time to pay ran out and nothing has taken its place since."""
    if registration.status != Status.EXPIRED:
        return False
    session = require_writing()
    last = session.scalar(
        select(Transition.reason)
        .where(Transition.registration_id == registration.id)
        .order_by(Transition.id.desc())
        .limit(1)
    )
    followed = session.scalar(select(Registration.id).where(Registration.replaces_id == registration.id).limit(1))
    return last in RAN_OUT and followed is None


def begin_one_locked(line: OrderLine, at: datetime) -> Registration | None:
    """The new registration; None, and a mail to the buyer, when no place and no waiting list is left."""
    old = line.registration
    status = status_again_locked(old, at)
    if status is None:
        tell_buyer_locked("payment_too_late", old, {"cents": line.gross_cents}, unique_key=f"payment_too_late:{old.id}")
        return None
    session = require_writing()
    coming = successor_of(old, status, at)
    coming.person_id, coming.phone, coming.needs = old.person_id, old.phone, old.needs
    coming.visible_to_guests, coming.source = old.visible_to_guests, old.source
    if status is Status.WAITLISTED:
        coming.queued_at, coming.at_head = at, True
    session.add(same_price(line, coming))
    begin_locked(coming, actor=None, reason="late_money", at=at)
    session.flush()
    keep_answers_locked(old, coming)
    if status is Status.WAITLISTED:
        tell_buyer_locked("payment_too_late", coming, {"cents": line.gross_cents, "waits": True})
        if coming.person_id != coming.order.buyer_id:
            tell_locked("registration_waitlisted", coming)
    return coming


def status_again_locked(old: Registration, at: datetime) -> Status | None:
    """Where somebody whose money came late begins again; None when there is nothing to be had."""
    session = require_writing()
    event = session.get_one(Event, old.event_id)
    if not event.is_live or at >= event.starts_at or is_back_locked(old):
        return None
    quota, ticket = session.get_one(Quota, old.quota_id), session.get_one(Ticket, old.ticket_id)
    cap = event.organisation_cap
    within = within_limit_locked(ticket, event.id)
    if cap is not None and old.organisation_id is not None:
        within = within and holding_locked(event.id, organisation_id=old.organisation_id) < cap
    if within and has_place_locked(quota, old):
        return Status.AWAITING_PAYMENT
    return Status.WAITLISTED if event.has_waiting_list else None


def is_back_locked(old: Registration) -> bool:
    """Whether the person has registered anew meanwhile."""
    if old.person_id is None:
        return False
    query = select(Registration.id).where(
        Registration.event_id == old.event_id, Registration.person_id == old.person_id, Registration.status.in_(LIVE)
    )
    return require_writing().scalar(query.limit(1)) is not None


def keep_answers_locked(old: Registration, coming: Registration) -> None:
    """What the person had answered is not asked again."""
    session = require_writing()
    for answer in session.scalars(select(Answer).where(Answer.registration_id == old.id)):
        session.add(
            Answer(
                registration_id=coming.id,
                question_id=answer.question_id,
                question_text=answer.question_text,
                value=answer.value,
                file=answer.file,
                file_type=answer.file_type,
                created_at=answer.created_at,
            )
        )
