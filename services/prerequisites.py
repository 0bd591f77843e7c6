"""What a course asks to be known first: told, confirmed by the person, or enforced.

Where it is enforced, a person must have completed every required course (and its certificate, where it runs out, must
still be valid on the first day), or be exempted by the organiser of the event. A course that enforces and requires no
course turns nobody away: there is nothing to prove.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.base import Texts, db
from models.certificates import Certificate, CertificateStatus
from models.courses import Course, Prerequisite, Publication, course_prerequisite
from models.events import Event
from models.people import Person
from models.registrations import Exemption, ExemptionRequest, Outcome, Registration
from services.courses import NextDate, next_dates
from services.refusals import RegistrationRefused


class PrerequisitesUnconfirmed(RegistrationRefused):
    """The person has to say that they meet what the course asks."""


class PrerequisitesMissing(RegistrationRefused):
    """The person has not completed a required course and is not exempted, or is not signed in to prove it."""


@dataclass(frozen=True)
class RequiredCourse:
    """A course to complete first, and its next dates."""

    id: int
    slug: str
    titles: Texts
    dates: tuple[NextDate, ...] = ()
    is_met: bool = False


@dataclass(frozen=True)
class Prerequisites:
    """What an event's course asks of one reader. `exemption`: what they asked the organiser for, None when nothing."""

    kind: Prerequisite
    texts: Texts
    courses: tuple[RequiredCourse, ...] = ()
    exemption: ExemptionRequest | None = None
    is_guest: bool = False

    @property
    def confirms(self) -> bool:
        return self.kind is Prerequisite.CONFIRM

    @property
    def is_exempt(self) -> bool:
        return self.exemption is not None and self.exemption.status == Exemption.GRANTED

    @property
    def missing(self) -> tuple[RequiredCourse, ...]:
        return tuple(course for course in self.courses if not course.is_met)

    @property
    def is_barred(self) -> bool:
        """Whether this reader cannot register as things are."""
        return bool(self.missing) and not self.is_exempt

    @property
    def meets(self) -> bool:
        """Whether the reader has completed all that is enforced."""
        return bool(self.courses) and not self.missing


NOTHING = Prerequisites(Prerequisite.INFORM, {})


def prerequisites_for(event: Event, course: Course | None, person: Person | None, at: datetime) -> Prerequisites:
    """What the course asks of `person` (None: a guest). No query unless it is enforced, then four."""
    if course is None:
        return NOTHING
    kind = Prerequisite(course.prerequisite)
    if kind is not Prerequisite.ENFORCE:
        return Prerequisites(kind, course.prerequisites)
    required = required_courses([course.id]).get(course.id, [])
    held = completed({person.id}, [one.id for one in required], event.starts_at) if person else set()
    dates = next_dates([one.id for one in required], at)
    courses = tuple(
        RequiredCourse(
            one.id, one.slug, one.titles, tuple(dates[one.id][:3]), person is not None and (person.id, one.id) in held
        )
        for one in required
    )
    exemption = exemption_of(event.id, person.id) if person else None
    return Prerequisites(kind, course.prerequisites, courses, exemption, is_guest=person is None)


def required_courses(course_ids: Collection[int]) -> dict[int, list[Course]]:
    """The published courses that each of these courses requires, by slug; one query."""
    found: dict[int, list[Course]] = {}
    rows = db.session.execute(
        select(course_prerequisite.c.course_id, Course)
        .join(Course, Course.id == course_prerequisite.c.required_id)
        .where(course_prerequisite.c.course_id.in_(course_ids), Course.publication == Publication.PUBLISHED)
        .order_by(Course.slug)
    )
    for course_id, required in rows:
        found.setdefault(course_id, []).append(required)
    return found


def completed(person_ids: Collection[int], course_ids: Collection[int], day: datetime) -> set[tuple[int, int]]:
    """Who has completed which of these courses, as (person, course); one query.

    A certificate that was revoked, or that runs out before `day`, takes the completion with it.
    """
    if not person_ids or not course_ids:
        return set()
    of_this = select(Certificate.id).where(Certificate.registration_id == Registration.id)
    issued = of_this.where(Certificate.status == CertificateStatus.ISSUED)
    runs_out = issued.where(Certificate.valid_until < day.date()).exists()
    revoked = of_this.where(Certificate.status == CertificateStatus.REVOKED).exists() & ~issued.exists()
    rows = db.session.execute(
        select(Registration.person_id, Event.course_id)
        .join(Event, Event.id == Registration.event_id)
        .where(Registration.person_id.in_(person_ids), Event.course_id.in_(course_ids))
        .where(Registration.outcome == Outcome.COMPLETED, ~runs_out, ~revoked)
    )
    return {(person_id, course_id) for person_id, course_id in rows if person_id and course_id}


def exemption_of(event_id: int, person_id: int) -> ExemptionRequest | None:
    """What the person asked the organiser of the event for."""
    return db.session.scalar(
        select(ExemptionRequest).where(ExemptionRequest.event_id == event_id, ExemptionRequest.person_id == person_id)
    )


def unprepared(event: Event, person_ids: Collection[int]) -> set[int]:
    """Those of these persons who have not completed what the event enforces, and are not exempted."""
    required = enforced_ids(event)
    if not required or not person_ids:
        return set()
    held = completed(person_ids, required, event.starts_at)
    exempt = exempted(event, person_ids)
    return {one for one in person_ids if one not in exempt and any((one, course) not in held for course in required)}


def exempted(event: Event, person_ids: Collection[int]) -> set[int]:
    """Those of these persons whom the organiser of the event exempted."""
    query = select(ExemptionRequest.person_id).where(
        ExemptionRequest.event_id == event.id,
        ExemptionRequest.person_id.in_(person_ids),
        ExemptionRequest.status == Exemption.GRANTED,
    )
    return set(db.session.scalars(query)) if person_ids else set()


def enforced_ids(event: Event) -> list[int]:
    """The ids of the published courses that the event's course enforces; [] when it enforces none."""
    if event.course_id is None:
        return []
    asked = select(Course.id).where(Course.id == event.course_id, Course.prerequisite == Prerequisite.ENFORCE)
    return list(
        db.session.scalars(
            select(course_prerequisite.c.required_id)
            .join(Course, Course.id == course_prerequisite.c.required_id)
            .where(course_prerequisite.c.course_id.in_(asked), Course.publication == Publication.PUBLISHED)
        )
    )


def kind_of(event: Event) -> Prerequisite:
    """How the prerequisites of the event's course bind."""
    if event.course_id is None:
        return Prerequisite.INFORM
    found = db.session.scalar(select(Course.prerequisite).where(Course.id == event.course_id))
    return Prerequisite(found) if found else Prerequisite.INFORM


def refuse_unprepared(event: Event, person_id: int | None, *, confirmed: bool) -> None:
    """Raise PrerequisitesUnconfirmed or PrerequisitesMissing when this person (None: somebody unknown, who can prove
    nothing) cannot register as the course's prerequisites stand."""
    refuse_unconfirmed(event, confirmed=confirmed)
    barred = bool(enforced_ids(event)) if person_id is None else bool(unprepared(event, {person_id}))
    if barred:
        raise PrerequisitesMissing(event.slug)


def refuse_unconfirmed(event: Event, *, confirmed: bool) -> None:
    """Raise PrerequisitesUnconfirmed where they are to be confirmed and nobody has."""
    if not confirmed and kind_of(event) is Prerequisite.CONFIRM:
        raise PrerequisitesUnconfirmed(event.slug)
