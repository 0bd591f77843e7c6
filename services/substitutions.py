"""A colleague takes the place: the same place, the same order, the same price, until the first slot begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.base import now
from models.events import Event
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.notices import tell_locked
from services.people import person_for_desk_locked
from services.places import begin_locked, change_locked
from services.prerequisites import refuse_unprepared
from services.registrations import RegistrationClosed, lock_registration_locked, refuse_double_locked
from services.successors import line_of_locked, same_price, successor_of
from services.transaction import writing

REPLACEABLE = (Status.CONFIRMED, Status.AWAITING_PAYMENT)


@dataclass(frozen=True)
class Colleague:
    """Who comes instead. The address is where their mails go."""

    given_name: str
    family_name: str
    email: str


def substitute(
    public_id: str,
    colleague: Colleague,
    *,
    actor: Person | None,
    by_organiser: bool = False,
    at: datetime | None = None,
) -> Registration:
    """Let a colleague take the place; returns their registration. Both are told.

    Raises PrerequisitesMissing, unless the organiser does it, where the colleague lacks what the course enforces; RegistrationClosed once the first slot has begun, AlreadyRegistered when the colleague has a place of their
    own, and TransitionRefused for a registration that holds none.
    """
    at = at or now()
    with writing() as session:
        event, leaving = lock_registration_locked(public_id)
        refuse_late(event, leaving, at)
        person = person_for_desk_locked(
            colleague.given_name, colleague.family_name, colleague.email, leaving.order.locale
        )
        refuse_double_locked(event, person)
        if not by_organiser:  # whoever sends a colleague vouches for what is only to be confirmed
            refuse_unprepared(event, person.id, confirmed=True)
        before, hold_until = Status(leaving.status), leaving.hold_until
        change_locked(leaving, Status.SUBSTITUTED, actor=actor, reason="substituted", at=at)
        session.flush()  # the place is back before it is taken again
        line = line_of_locked(leaving)
        coming = successor_of(leaving, before, at)
        coming.person_id, coming.hold_until = person.id, hold_until
        coming.given_name, coming.family_name = colleague.given_name, colleague.family_name
        coming.email = colleague.email
        session.add(same_price(line, coming))
        begin_locked(coming, actor=actor, reason="substitutes", at=at)
        tell_locked("registration_substituted", leaving, {"by": coming.name})
        tell_locked("registration_confirmed" if before == Status.CONFIRMED else "registration_received", coming)
        return coming


def refuse_late(event: Event, leaving: Registration, at: datetime) -> None:
    if leaving.status not in REPLACEABLE:
        raise TransitionRefused(f"{leaving.public_id} holds no place to pass on")
    if not event.is_live or at >= event.starts_at:
        raise RegistrationClosed(event.slug)
