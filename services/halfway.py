"""The reminder at half time: of a place held until it is paid, and of one offered until it is taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from models.base import db, now
from models.registrations import Registration, Status, Transition
from services.notices import send_locked, tell_buyer_locked
from services.registrations import lock_registration_locked
from services.transaction import writing

HELD = (Status.AWAITING_PAYMENT, Status.OFFERED)


def remind_halfway(at: datetime | None = None) -> int:
    """Remind of every hold of which half of the time is over, once. Safe to run twice, late, or in two workers at once:
    each is read again under the lock. A hold that has ended is not reminded of: it expires. Returns how many holds."""
    at = at or now()
    since = func.max(Transition.at)
    held = (
        select(Registration.public_id, Registration.hold_until, since)
        .join(Transition, Transition.registration_id == Registration.id)
        .where(Registration.status.in_(HELD), Transition.to_status == Registration.status)
        .where(Registration.hold_until > at, Registration.halfway_told_at.is_(None))
        .group_by(Registration.id, Registration.public_id, Registration.hold_until)
        .order_by(Registration.event_id, Registration.id)
    )
    due = [public_id for public_id, until, start in db.session.execute(held) if until and at >= half_time(start, until)]
    db.session.rollback()
    return sum(remind(public_id, at) for public_id in due)


def half_time(start: datetime, until: datetime) -> datetime:
    """The middle of a hold."""
    return start + (until - start) / 2


def remind(public_id: str, at: datetime) -> bool:
    """Remind of one hold; False when it moved or was reminded of meanwhile."""
    with writing():
        _, registration = lock_registration_locked(public_id)
        until = registration.hold_until
        if registration.status not in HELD or registration.halfway_told_at or until is None or until <= at:
            return False
        registration.halfway_told_at = at
        tell_halfway_locked(registration, until)
        return True


def tell_halfway_locked(registration: Registration, until: datetime) -> None:
    """To whoever ordered, because both mails ask for money: about each offer apart, about a payment once per order."""
    order = registration.order
    offered = registration.status == Status.OFFERED
    template = "offer_reminder" if offered else "payment_reminder"
    unique_key = f"{template}:{registration.id if offered else order.id}:{until.isoformat()}"
    if registration.person_id == order.buyer_id:
        name, address = registration.name, registration.email
        send_locked(template, registration, address, registration.person_id, name, {}, unique_key)
    else:
        context = {"for": registration.name} if offered else {}
        tell_buyer_locked(template, registration, context, unique_key=unique_key)
