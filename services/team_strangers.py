"""People on a team's list who are not of the organisation: whether one of them has a registration is their own affair.

The preview says the same of each of them. Whoever has a registration already is left out when the order is placed,
costs nothing, and is told who asked; whoever ordered learns only that they could not be added (docs/teams.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from models.events import Event
from models.organisations import Organisation
from models.people import EmailAddress, Person
from models.registrations import LIVE, Registration
from services.outbox import queue_mail_locked
from services.team_lists import Candidate, registered_among
from services.transaction import require_writing


def set_apart_locked(event: Event, people: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Who gets a place, and who is left out: registered already, or on the list under two addresses. The event must be
    locked."""
    taken = registered_among(event.id, {one.person_id for one in people if one.person_id is not None})
    kept: list[Candidate] = []
    left_out: list[Candidate] = []
    for one in people:
        is_double = one.person_id is not None and one.person_id in taken
        (left_out if is_double else kept).append(one)
        taken.add(one.person_id)
    return kept, left_out


def tell_left_out_locked(
    event: Event, organisation: Organisation, buyer: Person, left_out: Sequence[Candidate]
) -> None:
    """Tell each of them who wanted to enrol them; once per registration and organisation."""
    ids = [one.person_id for one in left_out]
    rows = require_writing().execute(
        select(Registration, Person, EmailAddress.address)
        .join(Person, Person.id == Registration.person_id)
        .join(EmailAddress, (EmailAddress.person_id == Person.id) & EmailAddress.is_primary)
        .where(Registration.event_id == event.id, Registration.person_id.in_(ids), Registration.status.in_(LIVE))
        .order_by(Registration.id)
    )
    for registration, person, address in rows.all():
        queue_mail_locked(
            "team_left_out",
            address,
            locale=person.locale,
            name=person.name,
            person=person,
            event=event,
            registration=registration,
            context={"by": buyer.name, "organisation": organisation.public_id},
            unique_key=f"team_left_out:{registration.id}:{organisation.id}",
        )
