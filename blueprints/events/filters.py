"""The filters of /events: from the query string to what the catalogue understands, and back. Nonsense is ignored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from blueprints.words import day, locale
from models.events import EventKind
from services.areas import AreaWords, all_areas, areas_in
from services.cards import capital, kind_words, language_name
from services.catalogue import FREE, Counts, Filters, next_month
from services.dates import ZONE, today_in
from services.money import say_money

KINDS = tuple(kind.value for kind in EventKind)
LANGUAGES = ("fr", "en", "nl", "de")
CEILINGS = ("100", "250", "500", "1000")
SPANS = ("week", "month", "next-month", "quarter")
LONGEST_QUERY = 120
LAST_PAGE = 9999


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of the form."""

    value: str
    label: str
    checked: bool
    count: int = 0
    area: AreaWords | None = None


@dataclass(frozen=True)
class Chip:
    """One filter that is set, and the address without it."""

    label: str
    href: str


def read_filters(args: MultiDict[str, str]) -> Filters:
    """What the query string asks for. Unknown areas, kinds, languages and dates are left out; reversed dates are turned."""
    areas = {area.slug for area in all_areas()}
    span = args.get("dates", "")
    first, last = read_day(args.get("from", "")), read_day(args.get("to", ""))
    if not (first or last) and span in SPANS:
        first, last = days_of(span, today_in(ZONE))
    if first and last and last < first:
        first, last = last, first
    price = args.get("price", "")
    return Filters(
        areas=known(args.getlist("area"), areas),
        kinds=known(args.getlist("kind"), set(EventKind)),
        languages=known(args.getlist("language"), set(LANGUAGES)),
        city=args.get("city", "")[:100].strip(),
        first_day=first,
        last_day=last,
        with_places=bool(args.get("places")),
        sure=bool(args.get("sure")),
        online=bool(args.get("online")),
        price=price if price == FREE or price in CEILINGS else "",
        query=args.get("q", "")[:LONGEST_QUERY].strip(),
        past=args.get("when") == "past",
    )


def known(values: list[str], allowed: set[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value in allowed))


def read_day(typed: str) -> date | None:
    """A day such as 2026-12-01 between 2000 and 2100; None for anything else."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def read_month(typed: str) -> date | None:
    """The first day of a month such as 2026-12; None for anything else."""
    return read_day(f"{typed}-01")


def read_page(typed: str) -> int:
    """A page number from 1; anything else is 1."""
    return min(int(typed), LAST_PAGE) if typed.isascii() and typed.isdigit() and int(typed) > 0 else 1


def days_of(span: str, today: date) -> tuple[date, date]:
    """The first and last day of “this week”, “this month”…, from today on."""
    first = today.replace(day=1)
    after = next_month(first)
    if span == "week":
        return today, today + timedelta(days=6 - today.weekday())
    if span == "next-month":
        return after, next_month(after) - timedelta(days=1)
    if span == "quarter":
        return today, next_month(next_month(after)) - timedelta(days=1)
    return today, after - timedelta(days=1)


def span_words(span: str) -> str:
    return {
        "week": _("This week"),
        "month": _("This month"),
        "next-month": _("Next month"),
        "quarter": _("The next three months"),
    }[span]


def pairs(filters: Filters, args: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    """The query string of `filters`, always in the same order; the page and the view are not part of it."""
    if filters.query:
        yield "q", filters.query
    yield from (("area", slug) for slug in filters.areas)
    yield from (("kind", kind) for kind in filters.kinds)
    yield from (("language", code) for code in filters.languages)
    if filters.city:
        yield "city", filters.city
    if args.get("dates") in SPANS and not (read_day(args.get("from", "")) or read_day(args.get("to", ""))):
        if filters.first_day:
            yield "dates", args["dates"]
    else:
        if filters.first_day:
            yield "from", filters.first_day.isoformat()
        if filters.last_day:
            yield "to", filters.last_day.isoformat()
    for name, chosen in (("places", filters.with_places), ("sure", filters.sure), ("online", filters.online)):
        if chosen:
            yield name, "1"
    if filters.price:
        yield "price", filters.price
    if filters.past:
        yield "when", "past"


def address(filters: Filters, **extra: str | int | None) -> str:
    """The address of /events with these filters and, say, a page, a view or a month."""
    asked = [*pairs(filters, request.args), *((key, str(value)) for key, value in extra.items() if value)]
    if request.args.get("lang"):
        asked.append(("lang", request.args["lang"]))
    return f"{request.script_root}/events" + (f"?{urlencode(asked)}" if asked else "")


def chips(filters: Filters, **extra: str | int | None) -> list[Chip]:
    """Every filter that is set, each with the address that takes it away."""
    names = {area.slug: area.name(locale()) for area in all_areas()}
    found = []
    if filters.query:
        found.append((_("“%(words)s”", words=filters.query), replace(filters, query="")))
    found += [(names[slug], replace(filters, areas=without(filters.areas, slug))) for slug in filters.areas]
    found += [(kind_words(kind), replace(filters, kinds=without(filters.kinds, kind))) for kind in filters.kinds]
    found += [
        (capital(language_name(code)), replace(filters, languages=without(filters.languages, code)))
        for code in filters.languages
    ]
    if filters.city:
        found.append((filters.city, replace(filters, city="")))
    if filters.first_day or filters.last_day:
        found.append((days_words(filters), replace(filters, first_day=None, last_day=None)))
    if filters.with_places:
        found.append((_("With places left"), replace(filters, with_places=False)))
    if filters.sure:
        found.append((_("Sure to take place"), replace(filters, sure=False)))
    if filters.online:
        found.append((_("Online"), replace(filters, online=False)))
    if filters.price:
        found.append((price_words(filters.price), replace(filters, price="")))
    return [Chip(label, address(rest, **extra)) for label, rest in found]


def without(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(one for one in values if one != value)


def days_words(filters: Filters) -> str:
    span = request.args.get("dates", "")
    if span in SPANS and not (request.args.get("from") or request.args.get("to")):
        return span_words(span)
    if filters.first_day and filters.last_day:
        return _("%(first)s to %(last)s", first=day(filters.first_day), last=day(filters.last_day))
    if filters.first_day:
        return _("From %(day)s", day=day(filters.first_day))
    return _("Until %(day)s", day=day(filters.last_day or today_in(ZONE)))


def price_words(price: str) -> str:
    return _("Free") if price == FREE else _("Up to %(amount)s", amount=say_money(int(price) * 100, locale(), True))


@dataclass(frozen=True)
class Facets:
    """Everything the filter form offers, with the counts beside it."""

    areas: list[Option]
    kinds: list[Option]
    languages: list[Option]
    cities: list[Option]
    dates: tuple[Option, ...]
    prices: tuple[Option, ...]
    first_day: str  # as typed into the form; '' when a named span was chosen instead
    last_day: str

    def selects(self, filters: Filters) -> list[tuple[str, str, Sequence[Option]]]:
        """The lists to choose one from: name, label, options. Past events have no price any more."""
        found: list[tuple[str, str, Sequence[Option]]] = []
        if len(self.cities) > 2:
            found.append(("city", _("Place"), self.cities))
        found.append(("dates", _("Dates"), self.dates))
        if not filters.past:
            found.append(("price", _("Price"), self.prices))
        return found


def facets(filters: Filters, counts: Counts) -> Facets:
    """The choices of the form: those that exist now, and those that are chosen."""
    here = locale()
    typed = bool(request.args.get("from") or request.args.get("to"))
    cities = sorted({*counts.cities, *([filters.city] if filters.city else [])}, key=str.casefold)
    return Facets(
        areas=[
            Option(area.slug, area.name, area.slug in filters.areas, counts.areas[area.slug], area)
            for area in areas_in(here)
        ],
        kinds=[
            Option(kind, kind_words(kind), kind in filters.kinds, counts.kinds[kind])
            for kind in KINDS
            if counts.kinds[kind] or kind in filters.kinds
        ],
        languages=[
            Option(code, capital(language_name(code)), code in filters.languages, counts.languages[code])
            for code in LANGUAGES
            if counts.languages[code] or code in filters.languages
        ],
        cities=[Option("", _("Everywhere"), not filters.city)]
        + [Option(city, city, city == filters.city) for city in cities],
        dates=date_options("" if typed else request.args.get("dates", ""), here),
        prices=price_options(filters.price, here),
        first_day=filters.first_day.isoformat() if typed and filters.first_day else "",
        last_day=filters.last_day.isoformat() if typed and filters.last_day else "",
    )


@lru_cache(maxsize=64)
def date_options(span: str, here: str) -> tuple[Option, ...]:
    spans = (Option(one, span_words(one), one == span) for one in SPANS)
    return (Option("", _("Any date"), span not in SPANS), *spans)


@lru_cache(maxsize=64)
def price_options(price: str, here: str) -> tuple[Option, ...]:
    prices = (Option(one, price_words(one), one == price) for one in (FREE, *CEILINGS))
    return (Option("", _("Any price"), not price), *prices)
