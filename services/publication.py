"""Publishing an event: what is missing, and what of it may wait. Only what is unlawful or broken blocks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import Texts, db, now
from models.courses import Publication
from models.events import Event, EventKind, Modality, Run, Ticket
from models.people import Person
from services.audit import record_locked
from services.places import lock_event_locked
from services.search import index_event_locked
from services.transaction import writing


class State(StrEnum):
    DONE = "done"
    MUST = "must"  # blocks
    MAY = "may"  # may wait


@dataclass(frozen=True)
class Item:
    """One line of the checklist: a code, whether it is done, the field of the form that mends it, and its facts."""

    code: str
    state: State
    field: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class NotReady(ValueError):
    """The event cannot be published yet; `items` are the lines that block."""

    def __init__(self, items: list[Item]) -> None:
        super().__init__(", ".join(item.code for item in items))
        self.items = items


class AlreadyPublished(ValueError):
    """The event is not a draft any more."""


LOADED = (
    selectinload(Event.slots),
    selectinload(Event.quotas),
    selectinload(Event.tickets).joinedload(Ticket.quota),
    joinedload(Event.course),
    selectinload(Event.areas),
)


def checklist(event: Event, languages: Sequence[str], at: datetime) -> list[Item]:
    """Every line for an event with slots, quotas, tickets, course and areas loaded; what blocks comes first."""
    items: list[Item | None] = [
        text_line("title", event.titles, languages),
        dates_line(event, at),
        *place_lines(event),
        *ticket_lines(event),
        policy_line(event),
        minimum_line(event),
        summary_line(event, languages),
        *quiet_lines(event),
    ]
    order = list({State.MUST: 0, State.DONE: 1, State.MAY: 2})
    return sorted((item for item in items if item is not None), key=lambda item: order.index(item.state))


def text_line(code: str, texts: Texts, languages: Sequence[str]) -> Item:
    """There in one language: publishable; in every language: done."""
    missing = [language for language in languages if not texts.get(language)]
    if not any(texts.values()):
        return Item(f"{code}_missing", State.MUST, f"texts-{languages[0]}-{code}")
    if missing:
        return Item(f"{code}_in_some", State.MAY, f"texts-{missing[0]}-{code}", {"languages": missing})
    return Item(f"{code}_done", State.DONE, f"texts-{languages[0]}-{code}")


def summary_line(event: Event, languages: Sequence[str]) -> Item:
    item = text_line("summary", event.summaries, languages)
    return Item(item.code, State.MAY, item.field, item.facts) if item.state is State.MUST else item


def dates_line(event: Event, at: datetime) -> Item:
    live = [slot for slot in event.slots if slot.cancelled_at is None]
    if not live:
        return Item("dates_missing", State.MUST, "slots")
    if min(slot.starts_at for slot in live) <= at:
        return Item("dates_past", State.MUST, "slots")
    return Item("dates_done", State.DONE, "slots")


def place_lines(event: Event) -> Iterator[Item]:
    offered = {Modality(quota.modality) for quota in event.quotas if quota.capacity}
    if Modality.ONSITE in offered:
        known = bool(event.venue and event.city)
        yield Item("venue_done" if known else "venue_missing", State.DONE if known else State.MUST, "venue")
    if Modality.ONLINE in offered:
        known = bool(event.online_url)
        yield Item("link_done" if known else "link_missing", State.DONE if known else State.MAY, "online_url")


def ticket_lines(event: Event) -> Iterator[Item]:
    if not sum(quota.capacity for quota in event.quotas):
        yield Item("places_missing", State.MUST, "places_onsite")
    sold = [ticket for ticket in event.tickets if ticket.withdrawn_at is None]
    if not sold:
        yield Item("tickets_missing", State.MUST, "tickets")
    elif any(ticket.quota.capacity == 0 for ticket in sold):
        yield Item("tickets_without_places", State.MUST, "tickets")
    else:
        yield Item("tickets_done", State.DONE, "tickets")


def policy_line(event: Event) -> Item:
    """Terms must be known before anybody owes money (Code of Economic Law, art. VI.45 § 1); a free event may go without."""
    if event.tiers or any(event.policies.values()):
        return Item("policy_done", State.DONE, "policies")
    paid = any(ticket.net_cents and ticket.withdrawn_at is None for ticket in event.tickets)
    return Item("policy_missing", State.MUST if paid else State.MAY, "policies")


def minimum_line(event: Event) -> Item | None:
    if not event.minimum:
        return None
    if event.minimum > sum(quota.capacity for quota in event.quotas):
        return Item("minimum_too_high", State.MUST, "minimum", {"minimum": event.minimum})
    known = event.decides_at is not None
    return Item("decision_done" if known else "decision_missing", State.DONE if known else State.MAY, "decides")


def quiet_lines(event: Event) -> Iterator[Item]:
    """What nobody needs and readers like."""
    if not event.areas:
        yield Item("areas_missing", State.MAY, "areas")
    if not event.contact_email:
        yield Item("contact_missing", State.MAY, "contact_email")
    if event.kind == EventKind.TRAINING and event.course and event.course.publication != Publication.PUBLISHED:
        yield Item("course_not_published", State.MAY, "course")


def load_for_checklist(event_id: int) -> Event:
    """The event with all that its checklist reads."""
    query = select(Event).where(Event.id == event_id).options(*LOADED)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def publish(event_id: int, languages: Sequence[str], actor: Person, at: datetime | None = None) -> Event:
    """Show a draft to the public. An event with a minimum starts as tentative, another as guaranteed.

    Raises NotReady with what blocks, and AlreadyPublished.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        if event.publication != Publication.DRAFT:
            raise AlreadyPublished(event.slug)
        load_for_checklist(event_id)
        if blocking := [item for item in checklist(event, languages, at) if item.state is State.MUST]:
            raise NotReady(blocking)
        event.publication = Publication.PUBLISHED
        event.run = Run.TENTATIVE if event.minimum else Run.GUARANTEED
        event.guaranteed_at = None if event.minimum else at
        event.updated_at = at
        event.version += 1
        index_event_locked(event)
        record_locked("event.published", actor, event=event)
        return event
