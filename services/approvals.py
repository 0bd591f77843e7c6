"""Approving and declining requests: one by one or many at once. An approved person gets a place, or the head of the
waiting list when none is free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from models.base import now
from models.events import Event
from models.orders import OrderLine
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.deadlines import payment_due
from services.notices import tell_locked
from services.on_account import confirm_on_account_locked
from services.places import change_locked, quota_locked
from services.registrations import EventFull, RegistrationClosed, lock_registration_locked, lock_with_order_locked
from services.settling import settle_locked
from services.transaction import require_writing, writing
from services.voucher_uses import has_place_locked
from services.waiting_list import may_have_locked, promote_locked


class ReasonMissing(ValueError):
    """A person who is declined is told why."""


def accept(public_id: str, *, actor: Person, at: datetime | None = None) -> Registration:
    """Accept a request: confirmed when free or paid for already, awaiting payment when not, at the head of the queue when
    nothing is left.

    Raises TransitionRefused when it no longer waits for an answer, RegistrationClosed when the event does not take
    place or has begun, and EventFull when no place is free and the event has no waiting list.
    """
    at = at or now()
    with writing():
        event, registration = lock_with_order_locked(public_id)
        accept_locked(event, registration, actor, at)
        return registration


def accept_locked(event: Event, registration: Registration, actor: Person, at: datetime) -> None:
    if registration.status != Status.PENDING_APPROVAL:
        raise TransitionRefused(f"{registration.public_id} waits for no answer")
    if not event.is_live or at >= event.starts_at:
        raise RegistrationClosed(event.slug)
    if not is_placed_locked(event, registration):
        if not event.has_waiting_list:
            raise EventFull(event.slug)
        registration.at_head = True
        change_locked(registration, Status.WAITLISTED, actor=actor, reason="approved_while_full", at=at)
        tell_locked("registration_waitlisted", registration)
    elif gross_cents_locked(registration) and registration.order.is_on_account:
        confirm_on_account_locked(registration, actor=actor, reason="approved", at=at)
    elif gross_cents_locked(registration):
        due = payment_due(at, event.starts_at, event.zone)
        registration.order.due_at = due
        change_locked(registration, Status.AWAITING_PAYMENT, actor=actor, reason="approved", at=at, hold_until=due)
        if registration not in settle_locked(registration.order, at, actor=actor):
            tell_locked("registration_received", registration)
    else:
        change_locked(registration, Status.CONFIRMED, actor=actor, reason="approved", at=at)
        tell_locked("registration_confirmed", registration)


def is_placed_locked(event: Event, registration: Registration) -> bool:
    """Whether the request holds its place already, or one is free that it may have."""
    if registration.holds_place:
        return True
    return has_place_locked(quota_locked(registration.quota_id), registration) and may_have_locked(event, registration)


def decline(public_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Registration:
    """Decline a request with a reason that the person reads; a place that it held goes to the first who waits.

    Raises ReasonMissing and TransitionRefused.
    """
    at = at or now()
    if not reason.strip():
        raise ReasonMissing(public_id)
    with writing():
        event, registration = lock_registration_locked(public_id)
        change_locked(registration, Status.DECLINED, actor=actor, reason=reason.strip()[:300], at=at)
        tell_locked("registration_declined", registration, {"reason": reason.strip()})
        promote_locked(event, at)
        return registration


class Left(StrEnum):
    """Why a request was left as it was."""

    MOVED_ON = "moved_on"  # answered or cancelled meanwhile
    CLOSED = "closed"  # the event has begun, or does not take place
    FULL = "full"  # no place is free, and there is no waiting list


@dataclass(frozen=True)
class Decided:
    """What came of many: those that were decided, and why the others were not, by public id."""

    done: list[Registration]
    left: dict[str, Left]


def decide_all(
    public_ids: Iterable[str], *, approved: bool, actor: Person, reason: str = "", at: datetime | None = None
) -> Decided:
    """Approve or decline many, in the order given.

    Each is its own transaction: one that somebody else has decided meanwhile does not stop the others.
    """
    if not approved and not reason.strip():
        raise ReasonMissing
    found = Decided([], {})
    for public_id in public_ids:
        try:
            if approved:
                found.done.append(accept(public_id, actor=actor, at=at))
            else:
                found.done.append(decline(public_id, actor=actor, reason=reason, at=at))
        except TransitionRefused:
            found.left[public_id] = Left.MOVED_ON
        except RegistrationClosed:
            found.left[public_id] = Left.CLOSED
        except EventFull:
            found.left[public_id] = Left.FULL
    return found


def gross_cents_locked(registration: Registration) -> int:
    """What the registration costs, VAT included, as frozen on its order."""
    query = select(OrderLine.gross_cents).where(OrderLine.registration_id == registration.id)
    return require_writing().scalars(query).one()
