"""What a mail says of an event, a registration and its order: read with explicit queries, in words of one language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db, in_language, language_of, now
from models.events import Event, Modality, Slot
from models.orders import Order
from models.registrations import Registration, Status
from services.answers import open_questions
from services.dates import days_of, local_day, say_clock, say_day, say_deadline, say_slots, say_span
from services.invoice_parties import is_business
from services.money import say_money
from services.order_links import order_url
from services.positions import position
from services.price_words import line_words

LISTED_DAYS = 6  # a longer run of days is said in one line


@dataclass(frozen=True)
class EventFacts:
    title: str
    lang: str  # of the title: it may be in another language than the mail
    day: str  # of the first slot
    clock: str
    tomorrow: bool
    when: tuple[str, ...]  # one line per day
    place: tuple[str, ...]
    url: str
    area: str
    colours: tuple[str, str]  # light, dark
    contact: str
    notice: str


@dataclass(frozen=True)
class RegistrationFacts:
    given_name: str
    status: str
    position: int | None
    until: str  # until when the place is held
    holds: bool  # whether a place is taken: a request may hold one
    questions: int  # of the organiser that are still to be answered
    answers_url: str


@dataclass(frozen=True)
class OrderFacts:
    code: str
    url: str
    cents: int
    amount: str
    why: str
    price: str  # for whoever ordered both figures, then why; for a colleague why
    reference: str
    until: str
    policy: str
    paid: str  # received and not yet paid back; '' when nothing is


def load_event(event_id: int) -> Event | None:
    """The event with what a mail shows; the slots that take place are read apart."""
    query = select(Event).where(Event.id == event_id).options(selectinload(Event.areas))
    return db.session.scalar(query.execution_options(populate_existing=True))


def load_slots(event_id: int) -> list[Slot]:
    """Every slot in its order, those taken out of the event included, with what a calendar entry shows of them."""
    query = select(Slot).where(Slot.event_id == event_id).order_by(Slot.starts_at)
    return list(db.session.scalars(query.options(selectinload(Slot.trainers))))


def load_registration(registration_id: int) -> Registration | None:
    query = (
        select(Registration)
        .where(Registration.id == registration_id)
        .options(
            joinedload(Registration.quota),
            joinedload(Registration.order).selectinload(Order.lines),
            joinedload(Registration.order).selectinload(Order.ledger),
        )
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def whereabouts(event: Event, slots: Iterable[Slot]) -> dict[str, Any]:
    """When and where an event is, as plain data that two versions of it can be compared by, and that a mail can tell."""
    spans = sorted((slot.starts_at.isoformat(), slot.ends_at.isoformat(), slot.room) for slot in slots)
    return {
        "slots": [list(span) for span in spans],
        "venue": event.venue,
        "address": event.address,
        "city": event.city,
        "zone": event.zone,
        "online_url": event.online_url,
    }


@dataclass(frozen=True)
class Told:
    """When and where, in lines to read: one per day, and the house with its address."""

    when: tuple[str, ...]
    place: tuple[str, ...]


def told(found: dict[str, Any], locale: str) -> Told:
    """`whereabouts` in words. One room for all belongs to the place; several belong to their days."""
    slots = [
        (datetime.fromisoformat(starts), datetime.fromisoformat(ends), room) for starts, ends, room in found["slots"]
    ]
    rooms = list(dict.fromkeys(room for _, _, room in slots if room))
    where = found["address"]
    if found["city"] and found["city"] not in where:
        where = ", ".join(part for part in (where, found["city"]) if part)
    house = tuple(part for part in (found["venue"], where) if part)
    place = (rooms[0], *house) if len(rooms) == 1 and house else house
    return Told(when_lines(slots, locale, found["zone"], say_rooms=len(rooms) > 1), place)


def when_lines(
    slots: list[tuple[datetime, datetime, str]], locale: str, zone: str, *, say_rooms: bool
) -> tuple[str, ...]:
    """One line per day, from its first start to its last end; one line for all when the days are many."""
    pairs = sorted((starts, ends) for starts, ends, _ in slots)
    days = days_of(pairs, zone)
    if len(days) > LISTED_DAYS:
        return (say_slots(pairs, locale, zone),)
    lines = []
    for day, (starts, ends) in days.items():
        rooms = [room for start, _, room in slots if room and local_day(start, zone) == day] if say_rooms else []
        lines.append(", ".join((say_span(starts, ends, locale, zone), *dict.fromkeys(rooms))))
    return tuple(lines)


def event_facts(event: Event, slots: list[Slot], locale: str, home: str) -> EventFacts:
    """The event in words, from the slots that take place."""
    slots = [slot for slot in slots if slot.cancelled_at is None]
    cluster = current_app.extensions["cluster"]
    zone, area = event.zone, event.areas[0] if event.areas else None
    starts = slots[0].starts_at if slots else event.starts_at
    here = ZoneInfo(zone)
    now_told = told(whereabouts(event, slots), locale)
    days_left = (starts.astimezone(here).date() - now().astimezone(here).date()).days
    return EventFacts(
        title=in_language(event.titles, locale),
        lang=language_of(event.titles, locale),
        day=say_day(starts, locale, zone),
        clock=say_clock(starts, locale, zone),
        tomorrow=days_left == 1,
        when=now_told.when,
        place=now_told.place,
        url=f"{home}/events/{event.slug}",
        area=area.name(locale) if area else "",
        colours=(area.colour_light, area.colour_dark) if area else (cluster.accent["light"], cluster.accent["dark"]),
        contact=event.contact_name if event.contact_email else cluster.name,
        notice=in_language(event.notices, locale),
    )


def join_url(event: Event, registration: Registration) -> str:
    """The online link, for whoever has a place and takes part online; '' for everybody else."""
    online = registration.quota.modality == Modality.ONLINE or not (event.venue or event.address)
    return event.online_url if registration.status == Status.CONFIRMED and online else ""


def until_words(moment: datetime, locale: str, zone: str) -> str:
    """A deadline in words; one second before midnight is midnight."""
    return say_deadline(moment + timedelta(seconds=1) if moment.second == 59 else moment, locale, zone)


def registration_facts(registration: Registration, zone: str, locale: str) -> RegistrationFacts:
    holds = registration.status in (Status.AWAITING_PAYMENT, Status.OFFERED) and registration.hold_until
    return RegistrationFacts(
        given_name=registration.given_name,
        status=str(registration.status),
        position=position(registration),
        until=until_words(registration.hold_until, locale, zone) if holds and registration.hold_until else "",
        holds=registration.holds_place,
        questions=open_questions([registration.id], now()).get(registration.id, 0),
        answers_url=f"{order_url(registration.order).partition('?')[0]}/answers/{registration.public_id}",
    )


def order_facts(registration: Registration, zone: str, locale: str, *, for_buyer: bool) -> OrderFacts:
    """The order as this registration's mail tells it: the price is that of its own line. A colleague for whom somebody
    else ordered gets an address that asks them to sign in, and nothing about the money of the order."""
    order = registration.order
    line = next((line for line in order.lines if line.registration_id == registration.id), None)
    cents = line.gross_cents if line else 0
    costs = line_words(line, is_business(order), locale) if line and for_buyer else ""
    paid = sum(entry.cents for entry in order.ledger)
    until = registration.hold_until or order.due_at
    return OrderFacts(
        code=order.code,
        url=order_url(order) if for_buyer else order_url(order).partition("?")[0],
        cents=cents,
        amount=say_money(cents, locale),
        why=line.why if line else "",
        price=" ".join(part for part in (costs, line.why if line else "") if part),
        reference=(order.reference or "") if for_buyer else "",
        until=until_words(until, locale, zone) if until else "",
        policy=order.policy,
        paid=say_money(paid, locale) if paid > 0 and for_buyer else "",
    )
