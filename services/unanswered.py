"""Requests that nobody answered and waits that nobody ended: the first slot ends them, and the person is told once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from models.base import db, now
from models.events import Event, Run
from models.registrations import Registration, Status
from services.notices import tell_locked
from services.places import change_locked
from services.registrations import lock_registration_locked
from services.transaction import writing

OPEN = {Status.PENDING_APPROVAL: "request_expired", Status.WAITLISTED: "wait_ended"}
"""What the first slot ends, and the reason of it."""

BEGUN = (Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING, Run.ENDED, Run.CLOSED)
"""A postponed event has no first slot yet: whoever waits for it goes on waiting."""


def end_unanswered(at: datetime | None = None) -> int:
    """End every open request and every wait for an event whose first slot has begun; each in its own transaction.

    Safe to run twice, late, or in two workers at once. Returns how many ended.
    """
    at = at or now()
    due = list(
        db.session.scalars(
            select(Registration.public_id)
            .join(Event, Event.id == Registration.event_id)
            .where(Registration.status.in_(OPEN), Event.starts_at <= at, Event.run.in_(BEGUN))
            .order_by(Registration.event_id, Registration.id)
        )
    )
    db.session.rollback()
    return sum(end(public_id, at) for public_id in due)


def end(public_id: str, at: datetime) -> bool:
    """End one of them; False when it moved meanwhile. Long after the event nobody is told any more."""
    with writing():
        event, registration = lock_registration_locked(public_id)
        status = Status(registration.status)
        if status not in OPEN or event.run not in BEGUN or event.starts_at > at:
            return False
        change_locked(registration, Status.EXPIRED, actor=None, reason=OPEN[status], at=at)
        if at < event.ends_at:
            tell_locked("wait_ended", registration, {"was_request": status is Status.PENDING_APPROVAL})
        return True
