"""Asking whoever ordered for the names of places that have none: ten days and three days before the first slot."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.courses import Publication
from models.events import Event, Run
from models.registrations import Registration, Status
from services.notices import tell_buyer_locked
from services.places import FRESH, lock_event_locked
from services.transaction import require_writing, writing

DAYS_BEFORE = (10, 3)
MORNING = time(8)
TAKES_PLACE = (Status.CONFIRMED, Status.AWAITING_PAYMENT)


def ask_for_names(at: datetime | None = None) -> int:
    """Mail every buyer whose order has places without a name, once for each of the two days; how many mails.

    Safe to run twice or in two workers at once; late, it asks once and not twice. A place that has no name when the
    event begins stays: whoever comes is written down at the door.
    """
    at = at or now()
    soon = (
        select(Event.id)
        .where(Event.publication == Publication.PUBLISHED, Event.run.in_((Run.TENTATIVE, Run.GUARANTEED)))
        .where(Event.starts_at > at, Event.starts_at <= at + timedelta(days=max(DAYS_BEFORE) + 1))
        .where(select(Registration.id).where(*unnamed(), Registration.event_id == Event.id).exists())
        .order_by(Event.id)
    )
    due = list(db.session.scalars(soon))
    db.session.rollback()
    return sum(ask(event_id, at) for event_id in due)


def unnamed() -> tuple[ColumnElement[bool], ...]:
    return Registration.person_id.is_(None), Registration.status.in_(TAKES_PLACE)


def asking_time(event: Event, at: datetime) -> datetime | None:
    """The latest of the two mornings that has come, in the event's zone; None before the first."""
    day = event.starts_at.astimezone(event.tz).date()
    mornings = [datetime.combine(day - timedelta(days=days), MORNING, event.tz) for days in DAYS_BEFORE]
    return max((morning for morning in mornings if morning <= at), default=None)


def ask(event_id: int, at: datetime) -> int:
    """Ask for the names of one event; a place ordered since the morning in question is not asked about."""
    with writing():
        event = lock_event_locked(event_id)
        morning = asking_time(event, at)
        if morning is None or not event.is_live or at >= event.starts_at:
            return 0
        asked: dict[int, Registration] = {}
        for registration in unnamed_locked(event_id):
            if max(registration.names_asked_at or registration.created_at, registration.created_at) < morning:
                registration.names_asked_at = at
                asked.setdefault(registration.order_id, registration)
        for order_id, registration in asked.items():
            unique_key = f"names_wanted:{order_id}:{event_id}:{morning.date()}"
            tell_buyer_locked("names_wanted", registration, {}, unique_key=unique_key)
        return len(asked)


def unnamed_locked(event_id: int) -> list[Registration]:
    """The places of an event that have no name, with their orders; the event must be locked."""
    query = (
        select(Registration)
        .where(Registration.event_id == event_id, *unnamed())
        .options(joinedload(Registration.order))
        .order_by(Registration.id)
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    )
    return list(require_writing().scalars(query))
