"""The page of one event: everything a reader needs to decide, in words, with their own price and what they may do next.

Four queries for a stranger, one more when it is full, one more when signed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import String, bindparam, func, select

from models.base import db, in_language
from models.courses import Course
from models.events import Event, Slot, Ticket, event_area, slot_trainer
from models.people import Person
from services.areas import AreaWords, areas_in
from services.cards import (
    NO_PLACES,
    Places,
    capital,
    mine_of,
    note_words,
    other_language,
    place_words,
    sales_of,
)
from services.courses import StepOf, list_in_language, programmes_with
from services.dates import ZONE, DayBlock, day_block, say_span, say_when
from services.event_actions import Action, action_of, places_sentence
from services.event_terms import Fact, PriceWords, facts_of, notice_of, price_sentence
from services.markdown import rendered
from services.prices import Offer, offer
from services.readers import Reader
from services.rows import plain_rows


@dataclass(frozen=True)
class SlotLine:
    """One half-day of the programme."""

    when: str
    iso: str
    title: str
    title_lang: str | None
    note: str  # room and trainers, where they differ from the rest
    is_over: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Trainer:
    name: str
    biography: str


@dataclass(frozen=True)
class EventPage:
    """One event as its page says it. `event` and `course` are loaded without relations."""

    event: Event
    course: Course | None
    areas: tuple[AreaWords, ...]
    title: str
    title_lang: str | None
    summary: str
    summary_lang: str | None
    description: Markup
    description_lang: str | None
    kind: str
    when: str
    block: DayBlock
    slots: tuple[SlotLine, ...]
    where: str
    address: str
    room: str  # when every half-day is in the same one
    local_time: str  # a sentence when the event keeps another time than the cluster
    trainers: tuple[Trainer, ...]
    outcomes: tuple[str, ...]
    outcomes_lang: str | None
    audience: str
    audience_lang: str | None
    prerequisites: str
    prerequisites_lang: str | None
    price: PriceWords | None
    places: Places
    places_words: str
    few: bool
    action: Action
    notice: tuple[str, str, str] | None  # (class, title, sentence)
    facts: tuple[Fact, ...]
    programmes: tuple[StepOf, ...]
    offered: Offer


SLOTS = (
    select(
        Slot.id, Slot.starts_at, Slot.ends_at, Slot.titles, Slot.room, Person.id.label("trainer_id"),
        Person.given_name, Person.family_name, Person.biography,
    )
    .outerjoin(slot_trainer, slot_trainer.c.slot_id == Slot.id)
    .outerjoin(Person, Person.id == slot_trainer.c.person_id)
    .where(Slot.event_id == bindparam("event_id"), Slot.cancelled_at.is_(None))
    .order_by(Slot.starts_at, Person.family_name)
)  # fmt: skip
AREA_IDS = (
    select(func.aggregate_strings(event_area.c.area_id.cast(String), ","))
    .where(event_area.c.event_id == Event.id)
    .scalar_subquery()
)
PAGE = (
    select(Event, Course, AREA_IDS)
    .outerjoin(Course, Course.id == Event.course_id)
    .where(Event.slug == bindparam("slug"))
)


def event_page(slug: str, reader: Reader, locale: str, at: datetime) -> EventPage | None:
    """The page of the event with this slug, whatever its publication: the view decides who may see a draft. None: no
    such event."""
    row = db.session.execute(PAGE, {"slug": slug}).one_or_none()
    if row is None:
        return None
    event, course, area_ids = row
    wanted = {int(one) for one in (area_ids or "").split(",") if one}
    slots = plain_rows(SLOTS, event_id=event.id).all()
    tickets, quotas = sales_of([event.id])
    places = quotas.get(event.id, NO_PLACES)
    offered = offer(cast("list[Ticket]", tickets.get(event.id, [])), reader, at)
    mine = mine_of([event.id], reader.person_id).get(event.id)
    lines, trainers = programme_of(event, slots, locale, at)
    outcomes, outcomes_lang = list_in_language(course.outcomes if course else None, locale)
    words, few = places_sentence(event, places, at)
    texts = texts_of(event, course)
    return EventPage(
        event=event,
        course=course,
        areas=tuple(area for area in areas_in(locale) if area.id in wanted),
        title=in_language(event.titles, locale),
        title_lang=other_language(event.titles, locale),
        summary=in_language(texts["summary"], locale),
        summary_lang=other_language(texts["summary"], locale),
        description=rendered(in_language(texts["description"], locale)),
        description_lang=other_language(texts["description"], locale),
        kind=note_words(event.kind, event.language, locale),
        when=capital(say_when([(one.starts_at, one.ends_at) for one in lines], locale, event.zone)),
        block=day_block(event.starts_at, locale, event.zone),
        slots=lines,
        where=place_words(event.venue, event.city, places.onsite, places.online, locale),
        address=address_of(event),
        room=only_room(slots),
        local_time=_("Hours are local time.") if event.zone != ZONE else "",
        trainers=trainers,
        outcomes=outcomes,
        outcomes_lang=outcomes_lang,
        audience=in_language(texts["audience"], locale),
        audience_lang=other_language(texts["audience"], locale),
        prerequisites=in_language(texts["prerequisites"], locale),
        prerequisites_lang=other_language(texts["prerequisites"], locale),
        price=price_sentence(offered, locale),
        places=places,
        places_words=words,
        few=few,
        action=action_of(event, places, offered, mine, reader, locale, at),
        notice=notice_of(event, locale),
        facts=facts_of(event, course, places, offered, locale, at),
        programmes=programmes_with(course.id, locale) if course else (),
        offered=offered,
    )


def texts_of(event: Event, course: Course | None) -> dict[str, dict[str, str]]:
    """The event's own texts, and its course's where it has none."""
    nothing: dict[str, str] = {}
    return {
        "summary": event.summaries or (course.summaries if course else nothing),
        "description": event.descriptions or (course.descriptions if course else nothing),
        "audience": course.audiences if course else nothing,
        "prerequisites": course.prerequisites if course else nothing,
    }


def programme_of(
    event: Event, rows: Sequence[Any], locale: str, at: datetime
) -> tuple[tuple[SlotLine, ...], tuple[Trainer, ...]]:
    """The half-days in order, and everybody who trains in one of them. A slot comes once for each of its trainers."""
    slots: dict[int, Any] = {}
    of_slot: dict[int, list[int]] = {}
    trainers: dict[int, Trainer] = {}
    for row in rows:
        slots.setdefault(row.id, row)
        of_slot.setdefault(row.id, [])
        if row.trainer_id is not None:
            of_slot[row.id].append(row.trainer_id)
            trainers[row.trainer_id] = Trainer(f"{row.given_name} {row.family_name}".strip(), row.biography or "")
    rooms = {row.room for row in slots.values()}
    lines = tuple(
        SlotLine(
            when=capital(say_span(row.starts_at, row.ends_at, locale, event.zone)),
            iso=row.starts_at.astimezone(event.tz).isoformat(),
            title=in_language(row.titles, locale),
            title_lang=other_language(row.titles, locale),
            note=slot_note(row.room if len(rooms) > 1 else "", of_slot[row.id], trainers),
            is_over=row.ends_at <= at,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in slots.values()
    )
    return lines, tuple(trainers.values())


def address_of(event: Event) -> str:
    """Venue, street and city in one line; a city that the street names already is not said twice."""
    city = "" if event.city in f"{event.venue} {event.address}" else event.city
    return ", ".join(part for part in (event.venue, event.address, city) if part)


def only_room(rows: Sequence[Any]) -> str:
    rooms = {row.room for row in rows}
    return rooms.pop() if len(rooms) == 1 else ""


def slot_note(room: str, trainer_ids: Iterable[int], trainers: dict[int, Trainer]) -> str:
    """The room when the slots have several, and the trainers when the event has several."""
    parts = [_("room %(room)s", room=room)] if room else []
    if len(trainers) > 1:
        parts += [trainers[one].name for one in trainer_ids]
    return capital(", ".join(parts))
