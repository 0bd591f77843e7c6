"""What a mail says of an event, a registration and its order: read with explicit queries, in words of one language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db, in_language, language_of, now
from models.events import Event, Modality, Slot
from models.orders import Order, OrderLine
from models.registrations import Registration, Status
from services.dates import days_of, say_clock, say_day, say_deadline, say_slots, say_span
from services.money import say_money
from services.order_links import order_url
from services.positions import position

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
    online_url: str
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
    online: bool


@dataclass(frozen=True)
class OrderFacts:
    code: str
    url: str
    cents: int
    amount: str
    why: str
    reference: str
    until: str
    policy: str
    paid: str  # received and not yet paid back; '' when nothing is


def load_event(event_id: int) -> Event | None:
    """The event with what a mail shows; the slots that take place are read apart."""
    query = select(Event).where(Event.id == event_id).options(selectinload(Event.areas))
    return db.session.scalar(query.execution_options(populate_existing=True))


def load_slots(event_id: int) -> list[Slot]:
    """The slots that take place, in their order, with what a calendar entry shows of them."""
    query = select(Slot).where(Slot.event_id == event_id, Slot.cancelled_at.is_(None)).order_by(Slot.starts_at)
    return list(db.session.scalars(query.options(selectinload(Slot.trainers))))


def load_registration(registration_id: int) -> Registration | None:
    query = (
        select(Registration)
        .where(Registration.id == registration_id)
        .options(
            joinedload(Registration.quota),
            joinedload(Registration.order).selectinload(Order.lines).joinedload(OrderLine.registration),
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


def when_lines(spans: Iterable[tuple[datetime, datetime]], locale: str, zone: str) -> tuple[str, ...]:
    """One line per day from its first start to its last end; one line for all when the days are many."""
    pairs = sorted(spans)
    days = days_of(pairs, zone)
    if len(days) > LISTED_DAYS:
        return (say_slots(pairs, locale, zone),)
    return tuple(say_span(starts, ends, locale, zone) for starts, ends in days.values())


def place_lines(venue: str, address: str, city: str) -> tuple[str, ...]:
    """“Le Delta”, “avenue Fernand Golenvaux 18, 5000 Namur”: the name of the house, then where it stands."""
    where = address if not city or city in address else ", ".join(part for part in (address, city) if part)
    return tuple(part for part in (venue, where) if part)


def whereabouts_lines(found: dict[str, Any], locale: str, online: str) -> tuple[str, ...]:
    """The lines of `whereabouts`, as they were; `online` is the word for an event without a place."""
    spans = [(datetime.fromisoformat(span[0]), datetime.fromisoformat(span[1])) for span in found["slots"]]
    place = place_lines(found["venue"], found["address"], found["city"]) or (online,)
    return when_lines(spans, locale, found["zone"]) + place


def event_facts(event: Event, slots: list[Slot], locale: str, home: str) -> EventFacts:
    cluster = current_app.extensions["cluster"]
    zone, area = event.zone, event.areas[0] if event.areas else None
    starts = slots[0].starts_at if slots else event.starts_at
    here = ZoneInfo(zone)
    days_left = (starts.astimezone(here).date() - now().astimezone(here).date()).days
    return EventFacts(
        title=in_language(event.titles, locale),
        lang=language_of(event.titles, locale),
        day=say_day(starts, locale, zone),
        clock=say_clock(starts, locale, zone),
        tomorrow=days_left == 1,
        when=when_lines([(slot.starts_at, slot.ends_at) for slot in slots], locale, zone),
        place=place_lines(event.venue, event.address, event.city),
        url=f"{home}/events/{event.slug}",
        online_url=event.online_url,
        area=area.name(locale) if area else "",
        colours=(area.colour_light, area.colour_dark) if area else (cluster.accent["light"], cluster.accent["dark"]),
        contact=event.contact_name if event.contact_email else cluster.name,
        notice=in_language(event.notices, locale),
    )


def registration_facts(registration: Registration, zone: str, locale: str) -> RegistrationFacts:
    holds = registration.status in (Status.AWAITING_PAYMENT, Status.OFFERED) and registration.hold_until
    return RegistrationFacts(
        given_name=registration.given_name,
        status=str(registration.status),
        position=position(registration),
        until=say_deadline(registration.hold_until, locale, zone) if holds and registration.hold_until else "",
        online=registration.quota.modality == Modality.ONLINE,
    )


def order_facts(order: Order, registration: Registration, zone: str, locale: str) -> OrderFacts:
    """The order as this registration's mail tells it: the price is that of its own line."""
    line = next((line for line in order.lines if line.registration_id == registration.id), None)
    cents = line.gross_cents if line else 0
    paid = sum(entry.cents for entry in order.ledger)
    until = registration.hold_until or order.due_at
    return OrderFacts(
        code=order.code,
        url=order_url(order),
        cents=cents,
        amount=say_money(cents, locale),
        why=line.why if line else "",
        reference=order.reference or "",
        until=say_deadline(until, locale, zone) if until else "",
        policy=order.policy,
        paid=say_money(paid, locale) if paid > 0 else "",
    )
