"""Exemptions: a person, or an HR manager for colleagues, asks to follow a course without what it enforces; the
organiser of the event is told, grants or refuses it, once, and the person is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.events import Event
from models.organisations import Organisation
from models.people import EmailAddress, Person
from models.registrations import Exemption, ExemptionRequest
from services.affiliations import Authority, authority_over
from services.audit import record_locked
from services.organisers import organisers_locked
from services.outbox import queue_mail_locked
from services.people import person_for_desk_locked
from services.places import FRESH, lock_event_locked
from services.prerequisites import enforced_ids, exemption_of, unprepared
from services.registrations import RegistrationClosed
from services.team_lists import Candidate
from services.transaction import writing

SHORTEST, LONGEST = 10, 1000
"""Of a reason, in characters."""


class NothingToAsk(ValueError):
    """The event enforces nothing, or the person meets it already."""


class AlreadyDecided(ValueError):
    """Somebody has answered this request meanwhile."""


class AnswerMissing(ValueError):
    """A person who is refused is told why."""


class NotTheirManager(PermissionError):
    """Only an HR manager of the organisation asks for its people."""


def ask(person: Person, event_id: int, reason: str, at: datetime | None = None) -> ExemptionRequest:
    """Ask the organiser for an exemption. Asked twice, the first request stands and is returned.

    Raises NothingToAsk and RegistrationClosed; `reason` has 10 to 1000 characters.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        if not event.registration_is_open(at):
            raise RegistrationClosed(event.slug)
        if not enforced_ids(event) or not unprepared(event, {person.id}):
            raise NothingToAsk(event.slug)
        asked, is_new = ask_locked(event, person, reason, None, at)
        tell_organisers_locked(event, [asked] if is_new else [])
        return asked


def ask_locked(
    event: Event, person: Person, reason: str, asker: Person | None, at: datetime
) -> tuple[ExemptionRequest, bool]:
    """The request, and whether it is new."""
    found = exemption_of(event.id, person.id)
    if found is not None:
        return found, False
    asked = ExemptionRequest(
        event_id=event.id, person_id=person.id, asked_by_id=asker.id if asker else None,
        reason=reason.strip()[:LONGEST], created_at=at,
    )  # fmt: skip
    db.session.add(asked)
    db.session.flush()
    record_locked("exemption.asked", asker or person, event=event, subject_kind="exemption", subject_id=asked.id)
    return asked, True


def tell_organisers_locked(event: Event, asked: Sequence[ExemptionRequest]) -> None:
    """One mail to each organiser about what was asked at once, with the way to answer it."""
    if not asked:
        return
    context = {"exemptions": [one.public_id for one in asked]}
    for person, address in organisers_locked(event):
        queue_mail_locked(
            "exemption_asked", address, locale=person.locale, name=person.name, person=person, event=event,
            context=context, unique_key=f"exemption_asked:{asked[0].public_id}:{person.id}",
        )  # fmt: skip


def ask_for_team(
    manager: Person,
    organisation: Organisation,
    event_id: int,
    people: Sequence[Candidate],
    reason: str,
    *,
    locale: str,
    at: datetime | None = None,
) -> int:
    """Ask for everybody on the list who is left out for what they have not completed; how many requests are new.

    Raises NotTheirManager and RegistrationClosed.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        if authority_over(organisation.id, manager) is not Authority.HR:
            raise NotTheirManager(organisation.public_id)
        if not event.registration_is_open(at):
            raise RegistrationClosed(event.slug)
        new: list[ExemptionRequest] = []
        for one in people:
            if one.is_unprepared and one.read.email:
                read = one.read
                person = person_for_desk_locked(read.given_name, read.family_name, read.email, locale)
                asked, is_new = ask_locked(event, person, reason, manager, at)
                new += [asked] if is_new else []
        tell_organisers_locked(event, new)
        return len(new)


def decide(
    public_id: str, *, granted: bool, answer: str = "", actor: Person, at: datetime | None = None
) -> ExemptionRequest:
    """Grant or refuse a request; the person, and whoever asked for them, are told in their languages.

    Raises AnswerMissing, AlreadyDecided, and NoResultFound for an unknown id.
    """
    at = at or now()
    if not granted and not answer.strip():
        raise AnswerMissing(public_id)
    with writing() as session:
        asked = session.execute(
            select(ExemptionRequest)
            .where(ExemptionRequest.public_id == public_id)
            .options(joinedload(ExemptionRequest.person), joinedload(ExemptionRequest.asked_by))
            .with_for_update(of=ExemptionRequest)
            .execution_options(**FRESH)
        ).scalar_one()
        if asked.status != Exemption.ASKED:
            raise AlreadyDecided(public_id)
        asked.status = Exemption.GRANTED if granted else Exemption.REFUSED
        asked.answer, asked.decided_by_id, asked.decided_at = answer.strip()[:500], actor.id, at
        event = session.get_one(Event, asked.event_id)
        record_locked(f"exemption.{asked.status}", actor, event=event, subject_kind="exemption", subject_id=asked.id)
        for reader in filter(None, (asked.person, asked.asked_by)):
            tell_locked(asked, reader)
        return asked


def tell_locked(asked: ExemptionRequest, reader: Person) -> None:
    """One mail to the person, or to the manager who asked for them, if there is an address."""
    query = select(EmailAddress.address).where(EmailAddress.person_id == reader.id, EmailAddress.is_primary)
    address = db.session.scalar(query)
    if not address:
        return
    context = {"granted": asked.status == Exemption.GRANTED, "reason": asked.answer}
    if reader.id != asked.person_id:
        context["for"] = asked.person.name
    queue_mail_locked(
        "exemption_decided", address, locale=reader.locale, name=reader.name, person=reader, event=asked.event_id,
        context=context, unique_key=f"exemption:{asked.public_id}:{reader.id}",
    )  # fmt: skip


def requests_of(event_id: int) -> list[ExemptionRequest]:
    """Every request of an event with its people, those that wait first, the oldest first."""
    query = (
        select(ExemptionRequest)
        .where(ExemptionRequest.event_id == event_id)
        .options(
            joinedload(ExemptionRequest.person),
            joinedload(ExemptionRequest.asked_by),
            joinedload(ExemptionRequest.decided_by),
        )
        .order_by(ExemptionRequest.status != Exemption.ASKED, ExemptionRequest.created_at, ExemptionRequest.id)
    )
    return list(db.session.scalars(query))


def request_of(event_id: int, public_id: str) -> ExemptionRequest | None:
    """One request of this event."""
    return next((asked for asked in requests_of(event_id) if asked.public_id == public_id), None)


def open_number(event_id: int) -> int:
    """How many requests of the event wait for an answer."""
    query = select(func.count()).where(
        ExemptionRequest.event_id == event_id, ExemptionRequest.status == Exemption.ASKED
    )
    return db.session.scalar(query) or 0
