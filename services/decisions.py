"""Go or no-go: a tentative event asks its organisers in time, and may be given more time. It is never decided by the
clock alone, except that a minimum which is reached makes it sure (services/event_changes.py)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from models.base import db, now
from models.courses import Publication
from models.events import DECISION_AHEAD, Event, Run, RunTransitionRefused
from models.people import Person
from services.audit import record_locked
from services.event_changes import moved_on_locked, published_locked
from services.event_news import tell_everybody_locked
from services.event_plans import PlanRefused, Problem
from services.events import ChangedMeanwhile
from services.organisers import organisers_locked
from services.outbox import queue_mail_locked
from services.places import lock_event_locked
from services.transaction import writing


def ask_to_decide(at: datetime | None = None) -> int:
    """Ask the organisers of every tentative event whose day of decision is near or over, once for each such day; how
    many events. Safe to run twice, late, or in two workers at once."""
    at = at or now()
    latest = at + DECISION_AHEAD
    near = (
        select(Event)
        .where(
            Event.publication == Publication.PUBLISHED,
            Event.run == Run.TENTATIVE,
            func.coalesce(Event.decides_at, Event.starts_at) <= latest,
        )
        .order_by(Event.id)
    )
    due = [event.id for event in db.session.scalars(near) if not is_asked(event)]
    db.session.rollback()
    return sum(ask(event_id, at) for event_id in due)


def is_asked(event: Event) -> bool:
    """Whether the organisers were asked about this day of decision; a later one asks again."""
    return event.decision_asked_at is not None and event.decision_asked_at >= event.decision_at - DECISION_AHEAD


def ask(event_id: int, at: datetime) -> bool:
    """Mail the organisers of one event; False when it was decided or asked meanwhile."""
    with writing():
        event = lock_event_locked(event_id)
        if not event.must_be_decided(at) or is_asked(event):
            return False
        event.decision_asked_at = at
        until = event.decision_at.isoformat()
        for person, address in organisers_locked(event):
            queue_mail_locked(
                "decision_due",
                address,
                locale=person.locale,
                name=person.name,
                person=person,
                event=event,
                context={"decides": until},
                unique_key=f"decision_due:{event.id}:{until}:{person.id}",
            )
        return True


def extend(
    event_id: int,
    until: datetime,
    version: int,
    actor: Person,
    *,
    closes_at: datetime | None = None,
    at: datetime | None = None,
) -> int:
    """Decide later whether a tentative event takes place; everybody is told until when. `closes_at` moves the close of
    registration with it; None leaves it. Returns how many people are registered.

    Raises PlanRefused, ChangedMeanwhile, and RunTransitionRefused when it is decided already.
    """
    at = at or now()
    with writing():
        event = published_locked(event_id)
        if event.run != Run.TENTATIVE:
            raise RunTransitionRefused(f"an event that is {event.run} is decided")
        if event.version != version:
            raise ChangedMeanwhile(event.version)
        refuse_bad_days(event, until, closes_at, at)
        event.decides_at = until
        if closes_at is not None:
            event.registration_closes_at = closes_at
        moved_on_locked(event, at)
        told = tell_everybody_locked(event, "decision_moved", {}, {"decides": until.isoformat()})
        record_locked("event.extended", actor, event=event, details={"told": told, "decides_at": until.isoformat()})
        return told


def refuse_bad_days(event: Event, until: datetime, closes_at: datetime | None, at: datetime) -> None:
    problems = []
    if until >= event.starts_at:
        problems.append(Problem("decides", "decides_after_start"))
    elif until <= max(at, event.decides_at or at):
        problems.append(Problem("decides", "decides_no_later"))
    if closes_at is not None and closes_at <= at:
        problems.append(Problem("closes", "in_the_past"))
    elif closes_at is not None and closes_at > event.starts_at:
        problems.append(Problem("closes", "closes_after_start"))
    if problems:
        raise PlanRefused(problems)
