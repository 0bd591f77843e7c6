"""The catalogue: which events stand in the public lists, filtered, counted and put into pages.

Lists show published events that are not unlisted; drafts and archived events never. One light query reads every event
that the dates, the price and the switches allow; areas, kinds, languages and cities are then counted in memory, each
with all the other filters applied: the number beside a choice is what choosing it would show.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from models.base import db
from models.courses import Publication
from models.events import Audience, Event, Modality, Quota, Run, Slot, Ticket, VatTreatment, Visibility, event_area
from services.areas import all_areas
from services.dates import ZONE, zone_of
from services.prices import VAT_RATES
from services.readers import Reader
from services.rows import plain_rows
from services.search import EVENT, find

PAGE = 24
FREE = "free"
LISTED = (  # words of the statement, not values: PostgreSQL keeps one plan, and these two decide how many rows it expects
    Event.publication == literal_column(f"'{Publication.PUBLISHED}'"),
    Event.visibility != literal_column(f"'{Visibility.UNLISTED}'"),
)


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

    areas: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    cities: Counter[str] = field(default_factory=Counter)


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
    found = set(find(EVENT, filters.query)) if filters.query else None
    values = values_of(filters, reader, at)
    rows = plain_rows(index_of(filters.past, frozenset(values)), **values).all()
    return counted(rows if found is None else [row for row in rows if row[0] in found], filters)


def values_of(filters: Filters, reader: Reader, at: datetime) -> dict[str, Any]:
    """What fills in the index's statement; the names that are there decide which conditions it has."""
    values: dict[str, Any] = {"at": at}
    if filters.first_day:
        values["first"] = midnight(filters.first_day)
    if filters.last_day:
        values["after"] = midnight(filters.last_day + timedelta(days=1))
    if filters.with_places:
        values["open"] = [Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING]
    if filters.sure:
        values["sure"] = [Run.GUARANTEED, Run.RUNNING, Run.ENDED, Run.CLOSED]
    if filters.online:
        values["online"] = Modality.ONLINE
    if filters.price:
        values["cents"] = 0 if filters.price == FREE else int(filters.price) * 100
        values["net"] = reader.customer.is_business
        values["audiences"] = [Audience.EVERYONE, *([Audience.MEMBERS] if reader.is_member else [])]
    return values


def on_sale_at(at: BindParameter[Any]) -> list[ColumnElement[bool]]:
    """Inside the ticket's sale window: an early price that is over is nobody's price."""
    opened = or_(Ticket.sale_opens_at.is_(None), Ticket.sale_opens_at <= at)
    return [opened, or_(Ticket.sale_closes_at.is_(None), Ticket.sale_closes_at > at)]


VAT_PERCENT = case(
    (bindparam("net", type_=Boolean) | (Ticket.vat != VatTreatment.STANDARD), 0), else_=VAT_RATES[VatTreatment.STANDARD]
)
"""What a reader's first figure adds to the net price, in percent: nothing for a company."""


@lru_cache(maxsize=256)
def index_of(past: bool, named: frozenset[str]) -> Select[int, str, str, str, int]:
    """The index's statement for one set of conditions: dates, free places, certainty, modality, price
    as this reader reads it."""
    conditions = {
        "at": Event.ends_at < bindparam("at") if past else Event.ends_at >= bindparam("at"),
        "first": Event.ends_at >= bindparam("first"),
        "after": Event.starts_at < bindparam("after"),
        "open": and_(
            Event.run.in_(bindparam("open", expanding=True)),
            exists().where(Quota.event_id == Event.id, Quota.taken + Quota.kept < Quota.capacity),
        ),
        "sure": Event.run.in_(bindparam("sure", expanding=True)),
        "online": exists().where(Quota.event_id == Event.id, Quota.modality == bindparam("online")),
        "cents": exists().where(
            Ticket.event_id == Event.id,
            Ticket.withdrawn_at.is_(None),
            Ticket.audience.in_(bindparam("audiences", expanding=True)),
            Ticket.net_cents * (100 + VAT_PERCENT) <= bindparam("cents") * 100,
            *([] if past else on_sale_at(bindparam("at"))),
        ),
    }
    return (
        select(Event.id, Event.kind, Event.language, Event.city, event_area.c.area_id)
        .outerjoin(event_area, event_area.c.event_id == Event.id)
        .where(*LISTED, *(condition for name, condition in conditions.items() if name in named))
        .order_by(Event.starts_at.desc() if past else Event.starts_at, Event.id)
    )


def counted(rows: Sequence[Any], filters: Filters) -> Listing:
    """Which events pass every choice, and for each choice how many pass all the others.

    An event of several areas comes in one row for each, one after the other; (id, kind, language, city, area).
    """
    slugs = {area.id: area.slug for area in all_areas()}
    if not (filters.areas or filters.kinds or filters.languages or filters.city):
        return counted_all(rows, slugs)
    areas: dict[int, list[str]] = defaultdict(list)
    for event_id, _kind, _language, _city, area_id in rows:
        if area_id in slugs:
            areas[event_id].append(slugs[area_id])
    wanted, kinds, languages, city = set(filters.areas), filters.kinds, filters.languages, filters.city
    counts, ids = Counts(), []
    for event_id, kind, language, place in {row[0]: row[:4] for row in rows}.values():
        here = areas.get(event_id, ())
        in_area = not wanted or not wanted.isdisjoint(here)
        in_kind = not kinds or kind in kinds
        in_language = not languages or language in languages
        in_city = not city or place == city
        everything = in_area and in_kind and in_language and in_city
        if everything:
            ids.append(event_id)
        if in_kind and in_language and in_city:
            counts.areas.update(here)
        if in_area and in_language and in_city:
            counts.kinds[kind] += 1
        if in_area and in_kind and in_city:
            counts.languages[language] += 1
        if in_area and in_kind and in_language and place:
            counts.cities[place] += 1
    return Listing(tuple(ids), counts)


def counted_all(rows: Sequence[Any], slugs: dict[int, str]) -> Listing:
    """The same when nothing is chosen, the page most people see: counted without a loop of our own."""
    events = {row[0]: row for row in rows}
    if not events:
        return Listing((), Counts())
    ids, kinds, languages, places, _ = zip(*events.values(), strict=True)
    areas, cities = Counter([row[4] for row in rows]), Counter(places)
    del cities[""]
    found = Counter({slug: areas[area_id] for area_id, slug in slugs.items() if areas[area_id]})
    return Listing(ids, Counts(found, Counter(kinds), Counter(languages), cities))


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
