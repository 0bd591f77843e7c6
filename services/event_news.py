"""Telling everybody on an event that it moved or stopped, once, in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import Texts, in_language
from models.courses import Publication
from models.events import Event, Run
from models.people import Person
from models.registrations import LIVE, Registration
from services.letters import whereabouts
from services.notices import tell_locked
from services.places import FRESH
from services.search import index_event_locked
from services.slots import live_slots_locked
from services.transaction import require_writing
from services.waiting_list import promote_locked


def live_locked(event: Event) -> list[Registration]:
    """Every live registration of the event with its order, locked, in ascending id."""
    query = (
        select(Registration)
        .where(Registration.event_id == event.id, Registration.status.in_(LIVE))
        .options(joinedload(Registration.order))
        .order_by(Registration.id)
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    )
    return list(require_writing().scalars(query))


def after_change_locked(event: Event, before: dict[str, Any], at: datetime, actor: Person | None) -> bool:
    """What follows any change of an event: its search entry, its calendar, its people, its waiting list.

    `before` is its whereabouts before the change. When time or place of a published event moved, its calendar sequence
    moves with it, and everybody live is told unless the event is over. Returns whether people were told.
    """
    index_event_locked(event)
    told = False
    if event.publication == Publication.PUBLISHED and before != whereabouts(event, live_slots_locked(event.id)):
        event.sequence += 1
        told = event.run in (Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING)
        if told:
            for registration in live_locked(event):
                tell_locked("event_changed", registration, {"before": before})
    promote_locked(event, at, actor=actor)
    return told


def tell_everybody_locked(event: Event, template: str, notices: Texts, context: dict[str, Any] | None = None) -> int:
    """Mail `template` with the organiser's own words to everybody live; returns how many."""
    everybody = live_locked(event)
    for registration in everybody:
        tell_locked(template, registration, {**(context or {}), **reason_in(notices, registration)})
    return len(everybody)


def reason_in(notices: Texts, registration: Registration) -> dict[str, Any]:
    """The organiser's words in the language of the registration's order."""
    words = in_language(notices, registration.order.locale)
    return {"reason": words} if words else {}
