"""Calendar feeds: the cluster's, an area's, an event's and a person's own. Byte-identical while nothing has changed.

The revision of a feed (how many slots, the last change, the window) is one cheap query: from it come the ETag, the 304
and the body kept in this process. A slot that ended more than 90 days ago has left the feed; a cancelled one stays in
it until then, because a program that never saw the cancelling would keep the old hour for ever.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager

from integrations.ical import (
    CONTENT_TYPE as CONTENT_TYPE,  # for the view that answers
    CalendarEntry,
    calendar_bytes,
    entry_bytes,
    google_subscription,
    outlook_subscription,
    webcal_link,
)
from models.areas import Area
from models.base import db, now
from models.courses import Publication
from models.events import Event, Slot, Visibility, event_area
from models.outbox import CalendarFeed
from models.people import Person
from models.registrations import Registration, Status
from services.calendars import entry_of
from services.codes import sha256
from services.transaction import writing

KEPT = timedelta(days=90)
PRIVATE = (Status.CONFIRMED, Status.AWAITING_PAYMENT)
BODIES = 64  # feeds kept in this process
FETCH_NOTED_EVERY = timedelta(hours=1)
FORM = "1"  # of the bytes below: raise it when they change, and every ETag changes with them


@dataclass(frozen=True)
class Feed:
    """A feed's revision: its ETag, its last change, and how to build the body."""

    etag: str
    modified: datetime | None
    body: Callable[[], bytes]


_kept: OrderedDict[str, bytes] = OrderedDict()
_lock = Lock()


def kept(etag: str, build: Callable[[], bytes]) -> bytes:
    """The body with this ETag, built at most once while it is among the last used."""
    with _lock:
        if etag in _kept:
            _kept.move_to_end(etag)
            return _kept[etag]
    body = build()
    with _lock:
        _kept[etag] = body
        while len(_kept) > BODIES:
            _kept.popitem(last=False)
    return body


def public_slots(*where: ColumnElement[bool]) -> Select[Slot]:
    """The slots that the public sees: published, listed, and not over for more than 90 days."""
    return (
        select(Slot)
        .join(Event, Event.id == Slot.event_id)
        .where(Event.publication == Publication.PUBLISHED, *where)
        .options(contains_eager(Slot.event))
        .order_by(Slot.starts_at, Slot.id)
    )


def listed(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Listed for everybody, within the window of the day of `at`."""
    edge = (at - KEPT).replace(hour=0, minute=0, second=0, microsecond=0)
    return Event.visibility != Visibility.UNLISTED, Slot.ends_at >= edge


def revision(slots: Select[Slot], *of: object) -> tuple[str, datetime | None]:
    """The ETag of these slots and their last change. The count is in it: a slot that left is a change too."""
    narrow = slots.with_only_columns(
        func.count(Slot.id), func.max(Slot.updated_at), func.max(Event.updated_at), func.sum(Slot.id)
    ).order_by(None)
    number, slot_change, event_change, total = db.session.execute(narrow).one()
    modified = max((moment for moment in (slot_change, event_change) if moment), default=None)
    seed = "|".join(str(part) for part in (FORM, *of, number, slot_change, event_change, total))
    return hashlib.sha256(seed.encode()).hexdigest()[:32], modified


def events_feed(name: str, source: str, locale: str, *, area: Area | None = None, at: datetime | None = None) -> Feed:
    """All listed events, or those of one area; in `locale`. `source` is the feed's own address."""
    where = list(listed(at or now()))
    if area is not None:
        where.append(Event.id.in_(select(event_area.c.event_id).where(event_area.c.area_id == area.id)))
    slots = public_slots(*where)
    etag, modified = revision(slots, source, name, locale)
    colour = area.colour_light if area else None

    def build() -> bytes:
        found = list(db.session.scalars(slots))
        return feed_bytes(name, source, [entry_of(slot.event, slot, locale) for slot in found], colour)

    return Feed(etag, modified, lambda: kept(etag, build))


def area_of(slug: str) -> Area | None:
    """The area with this slug."""
    return db.session.scalar(select(Area).where(Area.slug == slug))


def event_file(slug: str, locale: str) -> Feed | None:
    """The file of one published event: every half-day with its own UID. None when there is no such event."""
    slots = public_slots(Event.slug == slug)
    etag, modified = revision(slots, "event", slug, locale)
    if modified is None:
        return None

    def build() -> bytes:
        found = list(db.session.scalars(slots))
        name = entry_of(found[0].event, found[0], locale).summary
        entries = [entry_of(slot.event, slot, locale) for slot in found]
        return calendar_bytes(name, map(entry_bytes, entries), zones={entry.zone for entry in entries})

    return Feed(etag, modified, lambda: kept(etag, build))


def feed_bytes(name: str, source: str, entries: Sequence[CalendarEntry], colour: str | None = None) -> bytes:
    """A feed of these entries."""
    zones = {entry.zone for entry in entries}
    return calendar_bytes(name, map(entry_bytes, entries), zones=zones, source_url=source, colour=colour)


def personal_feed(person: Person, name: str, source: str) -> Feed:
    """The person's own places, with the links to join online; a place not yet paid stands as tentative."""
    edge = now() - KEPT
    query = (
        select(Slot, Registration.status, Registration.updated_at)
        .join(Event, Event.id == Slot.event_id)
        .join(Registration, Registration.event_id == Event.id)
        .where(Registration.person_id == person.id, Registration.status.in_(PRIVATE))
        .where(Event.publication == Publication.PUBLISHED, Slot.ends_at >= edge)
        .options(contains_eager(Slot.event))
        .order_by(Slot.starts_at, Slot.id)
    )
    entries = [mine(slot, status, changed, person.locale) for slot, status, changed in db.session.execute(query)]
    body = feed_bytes(name, source, entries)
    modified = max((entry.last_modified for entry in entries), default=None)
    return Feed(hashlib.sha256(body).hexdigest()[:32], modified, lambda: body)


def mine(slot: Slot, status: Status, changed: datetime, locale: str) -> CalendarEntry:
    """One slot in the calendar of somebody who has a place, or holds one that is still to be paid."""
    entry = entry_of(slot.event, slot, locale, private=status == Status.CONFIRMED)
    entry = replace(entry, last_modified=max(entry.last_modified, changed))
    if status == Status.AWAITING_PAYMENT and entry.status == "CONFIRMED":
        return replace(entry, status="TENTATIVE")
    return entry


def open_feed(person: Person) -> str:
    """Make the person a new private link and end the one before; returns its token, which is kept nowhere."""
    token = secrets.token_urlsafe(24)
    with writing() as session:
        close_locked(person)
        session.add(CalendarFeed(person_id=person.id, token_hash=sha256(token)))
    return token


def close_feed(person: Person) -> None:
    """End the person's private link: whoever has it gets nothing any more."""
    with writing():
        close_locked(person)


def close_locked(person: Person) -> None:
    live = select(CalendarFeed).where(CalendarFeed.person_id == person.id, CalendarFeed.revoked_at.is_(None))
    for feed in db.session.scalars(live):
        feed.revoked_at = now()


def live_feed(person: Person) -> CalendarFeed | None:
    """The person's private link, when they have one."""
    query = select(CalendarFeed).where(CalendarFeed.person_id == person.id, CalendarFeed.revoked_at.is_(None))
    return db.session.scalar(query.order_by(CalendarFeed.id.desc()).limit(1))


def owner_of(token: str) -> tuple[CalendarFeed, Person] | None:
    """The link with this token and its person; None for a token that is unknown or revoked."""
    row = db.session.execute(
        select(CalendarFeed, Person)
        .join(Person, Person.id == CalendarFeed.person_id)
        .where(CalendarFeed.token_hash == sha256(token), CalendarFeed.revoked_at.is_(None))
    ).first()
    return (row[0], row[1]) if row is not None and row[1].is_active else None


def note_fetch(feed: CalendarFeed) -> None:
    """Note that a calendar program was here, at most once an hour, so that the person sees the link at work."""
    if feed.fetched_at is None or feed.fetched_at <= now() - FETCH_NOTED_EVERY:
        with writing() as session:
            session.get_one(CalendarFeed, feed.id).fetched_at = now()


def subscriptions(address: str, name: str) -> dict[str, str]:
    """The ways to subscribe to a feed: any program (webcal), Google, Outlook."""
    return {
        "webcal": webcal_link(address),
        "google": google_subscription(address),
        "outlook": outlook_subscription(address, name),
    }
