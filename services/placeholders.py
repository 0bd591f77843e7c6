"""Places whose person is named later: who comes is written down once it is known, until the first slot."""

from __future__ import annotations

from datetime import datetime

from models.base import now
from models.people import Person
from models.registrations import Registration, TransitionRefused
from services.notices import tell_locked
from services.people import person_for_desk_locked
from services.prerequisites import refuse_unprepared
from services.registrations import RegistrationClosed, lock_registration_locked, refuse_double_locked
from services.substitutions import Colleague
from services.transaction import writing


class AlreadyNamed(ValueError):
    """Somebody is named already: from now on a colleague takes the place over."""


def name_place(
    public_id: str, colleague: Colleague, *, actor: Person | None, at: datetime | None = None
) -> Registration:
    """Name who comes to a place that was ordered without a name; they are told.

    Raises AlreadyNamed, AlreadyRegistered when they have a place of their own, TransitionRefused for a place that is
    gone, and RegistrationClosed once the first slot has begun.
    """
    at = at or now()
    with writing():
        event, registration = lock_registration_locked(public_id)
        if not registration.is_unnamed:
            raise AlreadyNamed(public_id)
        if not registration.is_live:
            raise TransitionRefused(public_id)
        if at >= event.starts_at:
            raise RegistrationClosed(event.slug)
        person = person_for_desk_locked(
            colleague.given_name, colleague.family_name, colleague.email, registration.order.locale
        )
        refuse_double_locked(event, person)
        refuse_unprepared(event, person.id, confirmed=True)
        registration.person_id = person.id
        registration.given_name, registration.family_name = colleague.given_name, colleague.family_name
        registration.email = colleague.email
        registration.updated_at = at
        tell_locked("team_place", registration)
        return registration
