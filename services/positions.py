"""Where somebody stands in a waiting list: whom the organiser approved while it was full, then members, then time; last
whoever passed a place on. The one order that promotion follows too."""

from __future__ import annotations

from sqlalchemy import func, select, tuple_

from models.base import db
from models.registrations import Registration, Status

QUEUE = (
    Registration.at_tail,
    Registration.at_head.desc(),
    Registration.is_member.desc(),
    Registration.queued_at,
    Registration.id,
)


def position(registration: Registration) -> int | None:
    """The place in the queue, from 1; None for a registration that does not wait."""
    if registration.status != Status.WAITLISTED:
        return None
    mine = (
        registration.at_tail,
        not registration.at_head,
        not registration.is_member,
        registration.queued_at,
        registration.id,
    )
    ahead = select(func.count()).where(
        Registration.quota_id == registration.quota_id,
        Registration.status == Status.WAITLISTED,
        tuple_(
            Registration.at_tail,
            Registration.at_head.is_(False),
            Registration.is_member.is_(False),
            Registration.queued_at,
            Registration.id,
        )
        < mine,
    )
    return (db.session.scalar(ahead) or 0) + 1
