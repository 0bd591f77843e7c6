"""The reminder of the day before: once per registration, at an hour when people read their mail."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.courses import Publication
from models.events import Event, Run
from models.registrations import Registration, Status
from services.notices import tell_locked
from services.transaction import writing

MORNING, EVENING = time(8), time(20)


def remind_due(at: datetime | None = None) -> int:
    """Queue the reminders of every event that begins tomorrow where it takes place, from 8:00 to 20:00 there.

    Only what surely takes place: a tentative event is decided first. Whoever registered today has today's mail and gets
    no second one. Safe to run twice, late, or in two workers at once. Returns how many mails it queued.
    """
    at = at or now()
    soon = select(Event).where(
        Event.publication == Publication.PUBLISHED,
        Event.run.in_((Run.GUARANTEED, Run.RUNNING)),
        Event.starts_at > at,
        Event.starts_at <= at + timedelta(days=2),
    )
    due = [event.id for event in db.session.scalars(soon.order_by(Event.id)) if is_reminder_time(event, at)]
    db.session.rollback()
    return sum(remind(event_id, at) for event_id in due)


def is_reminder_time(event: Event, at: datetime) -> bool:
    """Whether it is the day before the first slot, between 8:00 and 20:00, in the event's zone."""
    here = at.astimezone(event.tz)
    first_day = event.starts_at.astimezone(event.tz).date()
    return first_day - here.date() == timedelta(days=1) and MORNING <= here.time() < EVENING


def remind(event_id: int, at: datetime) -> int:
    """Remind everybody confirmed on one event who was not reminded yet; how many mails."""
    with writing() as session:
        waiting = session.scalars(
            select(Registration)
            .where(Registration.event_id == event_id, Registration.status == Status.CONFIRMED)
            .where(Registration.reminded_at.is_(None))
            .options(joinedload(Registration.order), joinedload(Registration.event))
            .order_by(Registration.id)
            .with_for_update(of=Registration)
            .execution_options(populate_existing=True)
        )
        mails = 0
        for registration in waiting:
            registration.reminded_at = at
            zone = registration.event.tz
            if registration.created_at.astimezone(zone).date() < at.astimezone(zone).date():
                tell_locked("event_reminder", registration)
                mails += 1
        return mails
