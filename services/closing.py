"""Closing an event: what it was for everybody, and the certificates that follow.

An event is closed by its organiser once its last slot has ended. Whoever has no mark in a slot counts as absent there;
the page says so before. What was still waiting or unpaid ends, without a mail: nothing is left to wait for. One thing
stays open: somebody added at the door who was in the room and whose money is still to come keeps owing it; once it is
there, `conclude_late` gives them their outcome and their certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from models.attendance import Presence
from models.base import db, now
from models.courses import Course
from models.events import Event, Run, RunTransitionRefused, Slot
from models.outbox import Job
from models.people import Person
from models.registrations import LIVE, Outcome, Registration, Status
from models.search import folded
from services.attendance import Marks, attends, latest, marks_of
from services.audit import record_locked
from services.event_changes import moved_on_locked, published_locked
from services.jobs import start_job_locked
from services.outcomes import Result, result_of
from services.places import FRESH, change_locked, lock_event_locked
from services.transaction import require_writing, writing


class NotOver(ValueError):
    """The last slot ends at `ends_at`: until then people come and go."""

    def __init__(self, ends_at: datetime) -> None:
        super().__init__(ends_at)
        self.ends_at = ends_at


class AlreadyClosed(ValueError):
    """The event is closed; its outcomes stand."""


class NotHeld(ValueError):
    """The event was never decided, is postponed or cancelled, or is a draft: there is nothing to close."""


@dataclass(frozen=True)
class Line:
    """One person of the event, and what closing makes of it."""

    registration: Registration
    result: Result


@dataclass(frozen=True)
class Preview:
    """What closing would do. `unmarked`: slot → how many have no mark there and would count as absent.

    `ending`: how many waiting or unpaid registrations would end. `owing`: those who were there and have yet to pay.
    """

    planned: int
    minimum_percent: int | None
    lines: list[Line]
    unmarked: list[tuple[Slot, int]]
    ending: int
    owing: list[Registration]

    def of(self, *outcomes: Outcome) -> list[Line]:
        return [line for line in self.lines if line.result.outcome in outcomes]


@dataclass(frozen=True)
class Closed:
    """An event that was closed: how many of each outcome, and the job that issues the certificates, if any."""

    event: Event
    counts: dict[Outcome, int]
    job: Job | None


def refusal(event: Event, ends_at: datetime, at: datetime) -> Exception | None:
    """Why the event cannot be closed now; None when it can."""
    if event.run == Run.CLOSED:
        return AlreadyClosed(event.slug)
    if event.run not in (Run.GUARANTEED, Run.RUNNING, Run.ENDED):
        return NotHeld(event.run)
    return NotOver(ends_at) if ends_at > at else None


def preview(event: Event) -> Preview:
    """What closing the event would do now, by name; for a closed one, what it did. Five queries."""
    slots = slots_of(event.id)
    marks = marks_of([slot.id for slot in slots])
    minimum = minimum_of(event)
    rows = sorted(listed(event.id), key=lambda row: (folded(row.family_name), folded(row.given_name)))
    confirmed = [row for row in rows if row.status == Status.CONFIRMED]
    owing = [row for row in rows if row.status != Status.CONFIRMED and was_there(row, slots, marks)]
    missing = [
        (slot, sum(latest(marks, slot.id, row.id)[0] is Presence.UNMARKED for row in confirmed)) for slot in slots
    ]
    live = db.session.scalar(
        select(func.count()).where(
            Registration.event_id == event.id, Registration.status.in_(LIVE - {Status.CONFIRMED})
        )
    )
    return Preview(
        sum(slot.minutes for slot in slots),
        minimum,
        [Line(row, kept(row) or result_for(row, slots, marks, minimum)) for row in confirmed],
        [(slot, count) for slot, count in missing if count],
        (live or 0) - len(owing),
        owing,
    )


def kept(registration: Registration) -> Result | None:
    """The result that stands since the closing."""
    if registration.outcome is None:
        return None
    return Result(Outcome(registration.outcome), registration.attended_minutes or 0)


def slots_of(event_id: int) -> list[Slot]:
    query = select(Slot).where(Slot.event_id == event_id, Slot.cancelled_at.is_(None)).order_by(Slot.starts_at)
    return list(db.session.scalars(query.execution_options(**FRESH)))


def listed(event_id: int) -> list[Registration]:
    """Everybody on the attendance list, with the order; inside `writing()` as they are after the lock."""
    query = select(Registration).where(Registration.event_id == event_id, attends())
    query = query.options(joinedload(Registration.order)).order_by(Registration.id)
    return list(db.session.scalars(query.execution_options(**FRESH)))


def minimum_of(event: Event) -> int | None:
    """The course's minimum attendance in percent of the planned minutes; None without a course."""
    if event.course_id is None:
        return None
    return db.session.scalar(select(Course.minimum_attendance).where(Course.id == event.course_id))


def result_for(registration: Registration, slots: list[Slot], marks: Marks, minimum: int | None) -> Result:
    return result_of([(latest(marks, slot.id, registration.id)[0], slot.minutes) for slot in slots], minimum)


def was_there(registration: Registration, slots: list[Slot], marks: Marks) -> bool:
    return any(latest(marks, slot.id, registration.id)[0].was_there for slot in slots)


def close(event_id: int, actor: Person | None, at: datetime | None = None) -> Closed:
    """Close the event: an outcome for everybody confirmed, an end for what still waited, a job for the certificates.

    Raises NotOver, AlreadyClosed and NotHeld; then nothing is written. Closing twice at once closes once.
    """
    at = at or now()
    with writing():
        try:
            event = published_locked(event_id)
        except RunTransitionRefused as refused:
            raise NotHeld(event_id) from refused
        slots = slots_of(event_id)
        if no := refusal(event, max((slot.ends_at for slot in slots), default=event.ends_at), at):
            raise no
        if event.run != Run.ENDED:
            event.go(Run.ENDED, at)
        event.go(Run.CLOSED, at)
        marks = marks_of([slot.id for slot in slots])
        ended = end_the_rest_locked(event, slots, marks, actor, at)
        counts = conclude_locked(event, slots, marks, at)
        moved_on_locked(event, at)
        job = certify_locked(event, actor, counts[Outcome.COMPLETED])
        details = {**{outcome.value: number for outcome, number in counts.items()}, "ended": ended}
        record_locked("event.closed", actor, event=event, details=details)
        return Closed(event, counts, job)


def end_the_rest_locked(event: Event, slots: list[Slot], marks: Marks, actor: Person | None, at: datetime) -> int:
    """End every live registration that is not confirmed, except of people who were there and have yet to pay."""
    query = (
        select(Registration)
        .where(Registration.event_id == event.id, Registration.status.in_(LIVE - {Status.CONFIRMED}))
        .options(joinedload(Registration.order))
        .order_by(Registration.id)
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    )
    rows = [row for row in require_writing().scalars(query) if not was_there(row, slots, marks)]
    for row in rows:
        change_locked(row, Status.EXPIRED, actor=actor, reason="event_closed", at=at)
    return len(rows)


def conclude_locked(event: Event, slots: list[Slot], marks: Marks, at: datetime) -> dict[Outcome, int]:
    """Give every confirmed registration without an outcome its own; how many of each."""
    counts = dict.fromkeys(Outcome, 0)
    minimum = minimum_of(event)
    for row in listed(event.id):
        if row.status == Status.CONFIRMED and row.outcome is None:
            result = result_for(row, slots, marks, minimum)
            row.outcome, row.attended_minutes, row.updated_at = result.outcome, result.minutes, at
            counts[result.outcome] += 1
    return counts


def certify_locked(event: Event, actor: Person | None, completed: int) -> Job | None:
    """Start issuing certificates: for trainings only; other events have nothing to certify."""
    if event.course_id is None or not completed:
        return None
    return start_job_locked("issue_certificates", event, actor, completed)


def conclude_late(at: datetime | None = None) -> int:
    """Conclude registrations confirmed after the closing, when late money came. For the clock; returns how many."""
    at = at or now()
    query = (
        select(Event.id)
        .join(Registration, Registration.event_id == Event.id)
        .where(Event.run == Run.CLOSED, Registration.status == Status.CONFIRMED, Registration.outcome.is_(None))
        .distinct()
    )
    late = list(db.session.scalars(query.order_by(Event.id)))
    db.session.rollback()
    return sum(conclude_one(event_id, at) for event_id in late)


def conclude_one(event_id: int, at: datetime) -> int:
    with writing():
        event = lock_event_locked(event_id)
        slots = slots_of(event_id)
        counts = conclude_locked(event, slots, marks_of([slot.id for slot in slots]), at)
        certify_locked(event, None, counts[Outcome.COMPLETED])
        return sum(counts.values())
