"""The catalogue: which events stand in the public lists, filtered, counted and put into pages.

Lists show published events that are not unlisted; drafts and archived events never. One light query reads every event
that the dates, the price and the switches allow; areas, kinds, languages and cities are then counted in memory, each
with all the other filters applied: the number beside a choice is what choosing it would show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select

from models.base import db
from models.courses import Publication
from models.events import Audience, Event, Modality, Quota, Run, Slot, Ticket, Visibility, event_area
from services.areas import all_areas
from services.dates import ZONE, zone_of
from services.readers import Reader
from services.rows import plain_rows
from services.search import EVENT, find

PAGE = 24
FREE = "free"
SURE = (Run.GUARANTEED, Run.RUNNING, Run.ENDED, Run.CLOSED)
LISTED = (Event.publication == Publication.PUBLISHED, Event.visibility != Visibility.UNLISTED)


@dataclass(frozen=True)
class Filters:
    """What a reader chose. Empty means everything; `price` is FREE or an amount in euros; dates are days in Brussels."""

    areas: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    city: str = ""
    first_day: date | None = None
    last_day: date | None = None
    with_places: bool = False
    sure: bool = False
    online: bool = False
    price: str = ""
    query: str = ""
    past: bool = False


@dataclass
class Counts:
    """How many events each choice would show."""

    areas: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    kinds: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    languages: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    cities: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class Listing:
    """The events found, in order, and the counts beside the filters."""

    ids: tuple[int, ...]
    counts: Counts

    @property
    def total(self) -> int:
        return len(self.ids)

    def page(self, number: int, size: int = PAGE) -> tuple[int, ...]:
        """The ids of one page, counted from 1; the last one when `number` lies beyond it."""
        number = min(max(number, 1), self.pages(size))
        return self.ids[(number - 1) * size : number * size]

    def pages(self, size: int = PAGE) -> int:
        return max(1, -(-self.total // size))


def listing(filters: Filters, reader: Reader, at: datetime) -> Listing:
    """The events that pass `filters`, soonest first (past ones: latest first), and the counts; one query, two with words.

    With words typed, the search decides first; filters apply to what it found.
    """
    conditions = [*LISTED, *conditions_of(filters, reader, at)]
    order = Event.starts_at.desc() if filters.past else Event.starts_at
    index = (
        select(Event.id, Event.kind, Event.language, Event.city, event_area.c.area_id)
        .outerjoin(event_area, event_area.c.event_id == Event.id)
        .where(*conditions)
        .order_by(order, Event.id)
    )
    found = set(find(EVENT, filters.query)) if filters.query else None
    return counted(plain_rows(index).all(), filters, found)


def conditions_of(filters: Filters, reader: Reader, at: datetime) -> Iterable[ColumnElement[bool]]:
    """What the database decides: dates, free places, certainty, price, modality."""
    yield Event.ends_at < at if filters.past else Event.ends_at >= at
    if filters.first_day:
        yield Event.ends_at >= midnight(filters.first_day)
    if filters.last_day:
        yield Event.starts_at < midnight(filters.last_day + timedelta(days=1))
    if filters.with_places:
        yield exists().where(Quota.event_id == Event.id, Quota.taken < Quota.capacity)
        yield Event.run.in_((Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING))
    if filters.sure:
        yield Event.run.in_(SURE)
    if filters.online:
        yield exists().where(Quota.event_id == Event.id, Quota.modality == Modality.ONLINE)
    if filters.price:
        yield affordable(filters.price, reader)


def affordable(price: str, reader: Reader) -> ColumnElement[bool]:
    """Whether a ticket that this reader may buy costs at most `price` before VAT."""
    audiences = [Audience.EVERYONE, *([Audience.MEMBERS] if reader.is_member else [])]
    cents = 0 if price == FREE else int(price) * 100
    return exists().where(
        and_(
            Ticket.event_id == Event.id,
            Ticket.withdrawn_at.is_(None),
            Ticket.audience.in_(audiences),
            Ticket.net_cents <= cents,
        )
    )


def counted(rows: Sequence[Any], filters: Filters, found: set[int] | None) -> Listing:
    """Which events pass every choice, and for each choice how many pass all the others.

    An event of several areas comes in one row for each, one after the other. With `found`, only those events count.
    This loop runs for every event at every page of the list: it is plain on purpose.
    """
    areas = areas_of_events(rows)
    wanted, kinds, languages, city = set(filters.areas), filters.kinds, filters.languages, filters.city
    counts, ids, last = Counts(), [], None
    for event_id, kind, language, place, _area in rows:
        if event_id == last or (found is not None and event_id not in found):
            continue
        last = event_id
        here = areas.get(event_id, ())
        in_area = not wanted or not wanted.isdisjoint(here)
        in_kind = not kinds or kind in kinds
        in_language = not languages or language in languages
        in_city = not city or place == city
        passed = in_area + in_kind + in_language + in_city
        if passed < 3:
            continue
        everything = passed == 4
        if everything:
            ids.append(event_id)
        if everything or not in_area:
            for slug in here:
                counts.areas[slug] += 1
        if everything or not in_kind:
            counts.kinds[kind] += 1
        if everything or not in_language:
            counts.languages[language] += 1
        if place and (everything or not in_city):
            counts.cities[place] += 1
    return Listing(tuple(ids), counts)


def areas_of_events(rows: Iterable[Any]) -> dict[int, list[str]]:
    """The slugs of each event's areas."""
    slugs = {area.id: area.slug for area in all_areas()}
    areas: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if row[4] in slugs:
            areas[row[0]].append(slugs[row[4]])
    return areas


@dataclass(frozen=True)
class MonthEntry:
    """One event on one day of a month: its first hour that day, and which of its days it is."""

    event_id: int
    day: date
    starts_at: datetime
    number: int
    of: int


def month_entries(first: date, filters: Filters, reader: Reader, at: datetime) -> tuple[list[MonthEntry], Listing]:
    """What happens on each day of the month that begins on `first`, past days too, by hour; two queries, three with words."""
    after = next_month(first)
    within = Filters(**{**filters.__dict__, "first_day": first, "last_day": after - timedelta(days=1), "past": False})
    shown = listing(within, reader, datetime.combine(first, time(0), zone_of(ZONE)))
    rows = plain_rows(
        select(Slot.event_id, Slot.starts_at, Event.zone)
        .join(Event, Event.id == Slot.event_id)
        .where(Slot.event_id.in_(shown.ids), Slot.cancelled_at.is_(None))
        .order_by(Slot.starts_at)
    )
    days: dict[int, dict[date, datetime]] = {}
    for event_id, starts_at, zone in rows:
        days.setdefault(event_id, {}).setdefault(starts_at.astimezone(zone_of(zone)).date(), starts_at)
    entries = [
        MonthEntry(event_id, day, starts_at, number, len(held))
        for event_id, held in days.items()
        for number, (day, starts_at) in enumerate(held.items(), 1)
        if first <= day < after
    ]
    return sorted(entries, key=lambda entry: (entry.starts_at, entry.event_id)), shown


def first_and_last_month(at: datetime) -> tuple[date, date] | None:
    """The months between which the month view has something to show; None when nothing is listed."""
    earliest, latest = db.session.execute(
        select(func.min(Event.starts_at), func.max(Event.ends_at)).where(*LISTED)
    ).one()
    tz = zone_of(ZONE)
    if not (earliest and latest):
        return None
    return earliest.astimezone(tz).date().replace(day=1), latest.astimezone(tz).date().replace(day=1)


def midnight(day: date) -> datetime:
    """The beginning of a day in Brussels."""
    return datetime.combine(day, time(0), zone_of(ZONE))


def next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def previous_month(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)
