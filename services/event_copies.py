"""Duplicating an event: the quickest way to next year's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from models.base import in_language, now
from models.events import Event, Quota, Run, Slot, Ticket, event_area, slot_trainer
from models.people import Person
from services.audit import record_locked
from services.event_plans import shifted
from services.events import free_slug_locked
from services.places import lock_event_locked, quotas_locked
from services.questions import copy_questions_locked
from services.search import index_event_locked
from services.slots import keep_span_locked, live_slots_locked
from services.tickets import TICKET_FIELDS, live_tickets_locked
from services.transaction import require_writing, writing

COPIED = (
    "kind", "visibility", "approval", "approval_holds_place", "course_id", "titles", "summaries", "descriptions", "language", "venue",
    "address", "city", "online_url", "zone", "minimum", "has_waiting_list", "organisation_cap", "policies",
    "tiers", "free_until_days", "contact_name", "contact_email",
)  # fmt: skip
MOVED = ("registration_opens_at", "registration_closes_at", "decides_at")


def duplicate(event_id: int, days: int | None, actor: Person, at: datetime | None = None) -> Event:
    """A draft like the event, with its texts, places, tickets, questions and trainers; no people, no history.

    With `days` every date moves by that many days and keeps its hour on the wall, whatever the clocks do; with None
    the draft has no dates yet.
    """
    at = at or now()
    with writing() as session:
        source = lock_event_locked(event_id)
        copy = Event(
            slug=free_slug_locked(in_language(source.titles, "en")),
            run=Run.TENTATIVE if source.minimum else Run.GUARANTEED,
            starts_at=at,
            ends_at=at,
            created_at=at,
            updated_at=at,
            **{name: getattr(source, name) for name in COPIED},
        )
        session.add(copy)
        session.flush()
        copy_areas_locked(source, copy)
        copy_questions_locked(source, copy, copy_places_locked(source, copy, days))
        if days is not None:
            copy_slots_locked(source, copy, days, at)
            for name in MOVED:
                moment = getattr(source, name)
                setattr(copy, name, moment and shifted(moment, days, source.zone))
        index_event_locked(copy)
        record_locked("event.created", actor, event=copy, details={"copy_of": source.slug})
        return copy


def copy_areas_locked(source: Event, copy: Event) -> None:
    session = require_writing()
    areas = session.scalars(select(event_area.c.area_id).where(event_area.c.event_id == source.id)).all()
    if areas:
        session.execute(insert(event_area), [{"event_id": copy.id, "area_id": area} for area in areas])


def copy_places_locked(source: Event, copy: Event, days: int | None) -> dict[int, int]:
    """The quotas, empty, and the tickets that are still sold; sale windows move with the dates or go with them.

    Returns the copy's ticket id for each ticket id of the source.
    """
    session = require_writing()
    quotas, tickets = {}, {}
    for quota in quotas_locked(source.id):
        quotas[quota.id] = Quota(event=copy, modality=quota.modality, capacity=quota.capacity)
        session.add(quotas[quota.id])
    session.flush()
    for ticket in live_tickets_locked(source.id):
        values = {name: getattr(ticket, name) for name in TICKET_FIELDS}
        for name in ("sale_opens_at", "sale_closes_at"):
            values[name] = shifted(values[name], days, source.zone) if days is not None and values[name] else None
        quota_id = quotas[ticket.quota_id].id
        tickets[ticket.id] = Ticket(event=copy, quota_id=quota_id, position=ticket.position, **values)
        session.add(tickets[ticket.id])
    session.flush()
    return {old: ticket.id for old, ticket in tickets.items()}


def copy_slots_locked(source: Event, copy: Event, days: int, at: datetime) -> None:
    session = require_writing()
    for slot in live_slots_locked(source.id):
        twin = Slot(
            event=copy,
            starts_at=shifted(slot.starts_at, days, source.zone),
            ends_at=shifted(slot.ends_at, days, source.zone),
            titles=slot.titles,
            room=slot.room,
            created_at=at,
            updated_at=at,
        )
        session.add(twin)
        session.flush()
        trainers = session.scalars(select(slot_trainer.c.person_id).where(slot_trainer.c.slot_id == slot.id)).all()
        if trainers:
            session.execute(insert(slot_trainer), [{"slot_id": twin.id, "person_id": person} for person in trainers])
    keep_span_locked(copy)
