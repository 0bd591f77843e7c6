"""Approving and declining requests: one by one or many at once. An approved person gets a place, or the head of the
waiting list when none is free."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from models.base import now
from models.events import Event
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.deadlines import payment_due
from services.notices import tell_locked
from services.places import change_locked, quota_locked
from services.registrations import RegistrationClosed, gross_cents_locked, lock_registration_locked
from services.transaction import writing
from services.voucher_uses import has_place_locked


class ReasonMissing(ValueError):
    """A person who is declined is told why."""


def accept(public_id: str, *, actor: Person, at: datetime | None = None) -> Registration:
    """Accept a request: confirmed when free, awaiting payment when not, at the head of the queue when nothing is left.

    Raises TransitionRefused when it no longer waits for an answer, RegistrationClosed when the event does not take place.
    """
    at = at or now()
    with writing():
        event, registration = lock_registration_locked(public_id)
        accept_locked(event, registration, actor, at)
        return registration


def accept_locked(event: Event, registration: Registration, actor: Person, at: datetime) -> None:
    if registration.status != Status.PENDING_APPROVAL:
        raise TransitionRefused(f"{registration.public_id} waits for no answer")
    if not event.is_live or at >= event.starts_at:
        raise RegistrationClosed(event.slug)
    if not registration.holds_place and not has_place_locked(quota_locked(registration.quota_id), registration):
        registration.at_head = True
        change_locked(registration, Status.WAITLISTED, actor=actor, reason="approved_while_full", at=at)
        tell_locked("registration_waitlisted", registration)
    elif gross_cents_locked(registration):
        due = payment_due(at, event.starts_at, event.zone)
        registration.order.due_at = due
        change_locked(registration, Status.AWAITING_PAYMENT, actor=actor, reason="approved", at=at, hold_until=due)
        tell_locked("registration_received", registration)
    else:
        change_locked(registration, Status.CONFIRMED, actor=actor, reason="approved", at=at)
        tell_locked("registration_confirmed", registration)


def decline(public_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Registration:
    """Decline a request with a reason that the person reads. Raises ReasonMissing and TransitionRefused."""
    at = at or now()
    if not reason.strip():
        raise ReasonMissing(public_id)
    with writing():
        _, registration = lock_registration_locked(public_id)
        change_locked(registration, Status.DECLINED, actor=actor, reason=reason.strip()[:300], at=at)
        tell_locked("registration_declined", registration, {"reason": reason.strip()})
        return registration


def decide_all(
    public_ids: Iterable[str], *, approved: bool, actor: Person, reason: str = "", at: datetime | None = None
) -> tuple[int, int]:
    """Approve or decline many, in the order in which they asked; how many were decided, and how many had moved on.

    Each is its own transaction: one that somebody else has decided meanwhile does not stop the others.
    """
    if not approved and not reason.strip():
        raise ReasonMissing
    decided = moved = 0
    for public_id in public_ids:
        try:
            if approved:
                accept(public_id, actor=actor, at=at)
            else:
                decline(public_id, actor=actor, reason=reason, at=at)
            decided += 1
        except (TransitionRefused, RegistrationClosed):
            moved += 1
    return decided, moved
