"""Promoting by hand: the organiser gives a free place to one who waits, by the function that the clock uses."""

from __future__ import annotations

from datetime import datetime

from models.base import now
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.places import quota_locked
from services.registrations import EventFull, RegistrationClosed, lock_registration_locked
from services.transaction import writing
from services.voucher_uses import has_place_locked
from services.waiting_list import may_have_locked, promote_one_locked


def promote_by_hand(public_id: str, *, actor: Person, at: datetime | None = None) -> Registration:
    """Give a free place to this registration, whoever else waits: confirmed when free of charge, offered when not.

    Raises TransitionRefused when it does not wait, RegistrationClosed once the event has begun or does not take place,
    and EventFull when no place is free that it may have.
    """
    at = at or now()
    with writing():
        event, registration = lock_registration_locked(public_id)
        if registration.status != Status.WAITLISTED:
            raise TransitionRefused(f"{public_id} does not wait")
        if not event.is_live or at >= event.starts_at:
            raise RegistrationClosed(event.slug)
        placed = has_place_locked(quota_locked(registration.quota_id), registration)
        if not placed or not may_have_locked(event, registration):
            raise EventFull(event.slug)
        return promote_one_locked(event, registration, at, actor)
