"""The list of events and its months, filtered by the query string."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.events import blueprint
from blueprints.events.filters import address, chips, facets, read_filters, read_month, read_page
from blueprints.guards import current_person
from blueprints.words import locale
from models.base import now
from services.areas import AreaWords
from services.cards import Card, cards
from services.catalogue import (
    PAGE,
    Filters,
    MonthEntry,
    first_and_last_month,
    listing,
    month_entries,
    next_month,
    previous_month,
)
from services.courses import courses_found
from services.dates import NBSP, ZONE, block_words, month_clock, say_month, today_in, weekday_names
from services.programmes import programmes_found
from services.readers import Reader, reader_for


@dataclass(frozen=True)
class Group:
    """The cards of one month under its name."""

    key: str
    words: str
    cards: list[Card]


@dataclass(frozen=True)
class DayEvent:
    """One event on one day of the month view."""

    href: str
    title: str
    title_lang: str | None
    hour: str
    area: AreaWords | None
    state: str  # cancelled or postponed, in words; else ''


@dataclass(frozen=True)
class Day:
    """One day of the month view."""

    iso: str
    day: str
    weekday: str
    other: bool
    today: bool
    events: list[DayEvent]


@blueprint.get("/events")
def index() -> ResponseReturnValue:
    """The list, or with `view=month` the month, of the events that pass the filters."""
    at = now()
    filters = read_filters(request.args)
    reader = reader_for(current_person(), at)
    if request.args.get("view") == "month":
        return month(filters, reader, at)
    here = locale()
    found = listing(filters, reader, at)
    number = min(read_page(request.args.get("page", "")), found.pages())
    shown = cards(found.page(number), reader, here, at)
    return render_template(
        "events/index.html",
        filters=filters,
        facets=facets(filters, found.counts),
        chips=chips(filters),
        reader=reader,
        groups=grouped(shown, here),
        total=found.total,
        first=(number - 1) * PAGE + 1,
        last=(number - 1) * PAGE + len(shown),
        previous=address(filters, page=number - 1) if number > 1 else None,
        next=address(filters, page=number + 1) if number < found.pages() else None,
        programmes=programmes_found(filters.query, here, at) if filters.query else (),
        courses=courses_found(filters.query, here, at) if filters.query else (),
        month_address=address(filters, view="month"),
        other_time=address(Filters(**{**filters.__dict__, "past": not filters.past})),
    )


def grouped(shown: list[Card], here: str) -> list[Group]:
    """Cards in order, under the months they begin in."""

    def month_of(card: Card) -> str:
        return card.block.iso[:7]

    return [
        Group(key, say_month(date.fromisoformat(f"{key}-01"), here), list(some))
        for key, some in groupby(shown, key=month_of)
    ]


def month(filters: Filters, reader: Reader, at: datetime) -> ResponseReturnValue:
    """A month as a table of weeks."""
    here = locale()
    today = today_in(ZONE)
    first = read_month(request.args.get("month", "")) or today.replace(day=1)
    entries, found = month_entries(first, filters, reader, at)
    known = {card.id: card for card in cards(sorted({entry.event_id for entry in entries}), reader, here, at)}
    bounds = first_and_last_month(at)
    return render_template(
        "events/month.html",
        filters=filters,
        facets=facets(filters, found.counts),
        chips=chips(filters, view="month", month=f"{first:%Y-%m}"),
        title=say_month(first, here, always_year=True),
        weekdays=weekday_names(here),
        weeks=weeks(first, today, entries, known, here),
        total=len({entry.event_id for entry in entries}),
        list_address=address(filters),
        this_month=address(filters, view="month") if first != today.replace(day=1) else None,
        earlier=month_link(filters, previous_month(first), here) if bounds and first > bounds[0] else None,
        later=month_link(filters, next_month(first), here) if bounds and first < bounds[1] else None,
    )


def month_link(filters: Filters, first: date, here: str) -> tuple[str, str]:
    return address(filters, view="month", month=f"{first:%Y-%m}"), say_month(first, here)


def weeks(first: date, today: date, entries: list[MonthEntry], known: dict[int, Card], here: str) -> list[list[Day]]:
    """The weeks that hold a month, Monday first; days of other months stay empty."""
    by_day: dict[date, list[MonthEntry]] = {}
    for entry in entries:
        by_day.setdefault(entry.day, []).append(entry)
    start = first - timedelta(days=first.weekday())
    days = (next_month(first) - start).days
    table = []
    for offset in range(0, days, 7):
        dates = [start + timedelta(days=offset + index) for index in range(7)]
        table.append([day_of(one, first, today, by_day.get(one, []), known, here) for one in dates])
    return table


def day_of(one: date, first: date, today: date, entries: list[MonthEntry], known: dict[int, Card], here: str) -> Day:
    block = block_words(one, here)
    events = [day_event(entry, known[entry.event_id], here) for entry in entries if entry.event_id in known]
    return Day(one.isoformat(), block.day, block.weekday, one.month != first.month, one == today, events)


def day_event(entry: MonthEntry, card: Card, here: str) -> DayEvent:
    title = card.title
    if entry.of > 1:
        title = _("%(title)s, %(number)s of %(of)s", title=title, number=entry.number, of=entry.of)
        name, comma, count = title.rpartition(", ")
        title = name + comma + count.replace(" ", NBSP)
    return DayEvent(
        href=f"{request.script_root}/events/{card.slug}",
        title=title,
        title_lang=card.title_lang,
        hour=month_clock(entry.starts_at, here, card.zone),
        area=card.areas[0] if card.areas else None,
        state=card.places if card.pill.startswith("state-") else "",
    )
