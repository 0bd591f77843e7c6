"""The page of one event: everything a reader needs to decide, in words, with their own price and what they may do next.

Four queries for a stranger, three for an event without a course, one more when signed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import String, bindparam, exists, func, select

from models.base import Texts, db, in_language
from models.courses import Course, Prerequisite, course_prerequisite
from models.events import Event, Slot, Ticket, event_area, slot_trainer
from models.people import Person
from models.registrations import Registration, Status
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
from services.courses import StepOf, list_in_language, programmes_with, required_by
from services.dates import ZONE, say_span, say_when
from services.event_actions import Action, Waiting, action_of, places_sentence
from services.event_terms import Fact, PriceWords, facts_of, notice_of, price_sentence
from services.markdown import rendered
from services.positions import position
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
class Said:
    """A text, and its language when it is not the page's."""

    words: str
    lang: str | None

    @property
    def html(self) -> Markup:
        """The text read as Markdown."""
        return rendered(self.words)


@dataclass(frozen=True)
class EventTexts:
    """The texts of an event: its own, and its course's where it has none."""

    title: Said
    summary: Said
    description: Said
    audience: Said
    prerequisites: Said


@dataclass(frozen=True)
class EventPage:
    """One event as its page says it. `event` and `course` are loaded without relations."""

    event: Event
    course: Course | None
    areas: tuple[AreaWords, ...]
    texts: EventTexts
    outcomes: tuple[str, ...]
    outcomes_lang: str | None
    required: tuple[tuple[str, str, str | None], ...]  # courses to complete first: slug, title and its language
    binds: bool  # whether that is enforced
    kind: str
    when: str
    slots: tuple[SlotLine, ...]
    where: str
    address: str
    room: str  # when every half-day is in the same one
    local_time: str  # a sentence when the event keeps another time than the cluster
    trainers: tuple[Trainer, ...]
    price: PriceWords | None
    places: Places
    places_words: str
    few: bool
    action: Action
    notice: tuple[str, str, str] | None  # (class, title, sentence)
    facts: tuple[Fact, ...]
    programmes: tuple[StepOf, ...]
    offered: Offer

    @property
    def title(self) -> str:
        return self.texts.title.words


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
WAITING = (
    select(func.count())
    .where(Registration.event_id == Event.id, Registration.status == Status.WAITLISTED)
    .correlate(Event)
)
ASKS_COURSES = exists().where(course_prerequisite.c.course_id == Course.id).correlate(Course)
PAGE = (
    select(
        Event,
        Course,
        ASKS_COURSES,
        AREA_IDS,
        WAITING.scalar_subquery(),
        WAITING.where(Registration.is_member).scalar_subquery(),
    )
    .outerjoin(Course, Course.id == Event.course_id)
    .where(Event.slug == bindparam("slug"))
)


@dataclass(frozen=True)
class Found:
    """What the queries brought, before it is put into words."""

    event: Event
    course: Course | None
    required: Sequence[tuple[str, str, str | None]]  # courses to complete first: slug, title and its language
    area_ids: frozenset[int]
    waiting: Waiting
    slots: Sequence[Any]
    places: Places
    offered: Offer
    mine: tuple[str, str] | None  # status and order code


def event_page(slug: str, reader: Reader, locale: str, at: datetime) -> EventPage | None:
    """The page of the event with this slug, whatever its publication: the view decides who may see a draft. None: no
    such event."""
    row = db.session.execute(PAGE, {"slug": slug}).one_or_none()
    if row is None:
        return None
    event, course, asks_courses, area_ids, waiting, waiting_members = row
    tickets, quotas = sales_of([event.id])
    found = Found(
        event=event,
        course=course,
        required=required_by(course.id, locale) if course and asks_courses else (),
        area_ids=frozenset(int(one) for one in (area_ids or "").split(",") if one),
        waiting=Waiting(waiting, waiting_members),
        slots=plain_rows(SLOTS, event_id=event.id).all(),
        places=quotas.get(event.id, NO_PLACES),
        offered=offer(cast("list[Ticket]", tickets.get(event.id, [])), reader, at),
        mine=mine_of([event.id], reader.person_id).get(event.id),
    )
    return page_of(found, reader, locale, at)


def page_of(found: Found, reader: Reader, locale: str, at: datetime) -> EventPage:
    """The page in words."""
    event, course, places, offered = found.event, found.course, found.places, found.offered
    lines, trainers = programme_of(event, found.slots, locale, at)
    words, few = places_sentence(event, places, at)
    outcomes, outcomes_lang = list_in_language(course.outcomes if course else None, locale)
    return EventPage(
        event=event,
        course=course,
        areas=tuple(area for area in areas_in(locale) if area.id in found.area_ids),
        texts=texts_of(event, course, locale),
        outcomes=outcomes,
        outcomes_lang=outcomes_lang,
        required=tuple(found.required),
        binds=course is not None and course.prerequisite == Prerequisite.ENFORCE,
        kind=note_words(event.kind, event.language, locale),
        when=capital(say_when([(one.starts_at, one.ends_at) for one in lines], locale, event.zone)),
        slots=lines,
        where=place_words(event.venue, event.city, places.onsite, places.online, locale),
        address=address_of(event),
        room=only_room(found.slots),
        local_time=_("Hours are local time.") if event.zone != ZONE else "",
        trainers=trainers,
        price=price_sentence(offered, locale, event.zone),
        places=places,
        places_words=words,
        few=few,
        action=action_of(
            event, places, offered, found.mine, reader, found.waiting, locale, at, line_of(event, found.mine, reader)
        ),
        notice=notice_of(event, locale),
        facts=facts_of(event, course, places, offered, locale, at),
        programmes=programmes_with(course.id, locale) if course else (),
        offered=offered,
    )


def line_of(event: Event, mine: tuple[str, str] | None, reader: Reader) -> int | None:
    """The reader's place in line; None for somebody who does not wait."""
    if mine is None or mine[0] != Status.WAITLISTED:
        return None
    here = Registration.event_id == event.id, Registration.person_id == reader.person_id
    waiting = db.session.scalar(select(Registration).where(*here, Registration.status == Status.WAITLISTED))
    return position(waiting) if waiting is not None else None


def texts_of(event: Event, course: Course | None, locale: str) -> EventTexts:
    """The event's own texts, and its course's where it has none."""
    nothing: Texts = {}
    summary = event.summaries or (course.summaries if course else nothing)
    description = event.descriptions or (course.descriptions if course else nothing)
    audience = course.audiences if course else nothing
    prerequisites = course.prerequisites if course else nothing
    return EventTexts(
        title=said(event.titles, locale),
        summary=said(summary, locale),
        description=said(description, locale),
        audience=said(audience, locale),
        prerequisites=said(prerequisites, locale),
    )


def said(texts: Texts, locale: str) -> Said:
    return Said(in_language(texts, locale), other_language(texts, locale))


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
