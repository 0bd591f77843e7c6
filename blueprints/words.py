"""The words of dates, money and areas for every template, in the language the page is written in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from flask import Flask
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from blueprints import escaping, translations
from blueprints.translations import domain
from models.base import Texts, in_language, language_of
from services import dates
from services.areas import AreaWords, all_areas, areas_in
from services.money import say_money
from services.price_words import amount_words, vat_note, vat_sentence
from services.prices import Price

ZONE = dates.ZONE
CHIP = Markup('<span class="area{}" data-area="{}">{}{}</span>')
DRAWING = Markup(
    '<svg class="emblem{}" viewBox="0 0 48 48" aria-hidden="true"><path fill-rule="evenodd" d="{}"/></svg>'
)


def locale() -> str:
    """The language of the page or mail being written."""
    return domain.language()


def day(moment: datetime | date, zone: str = ZONE) -> str:
    return dates.say_day(moment, locale(), zone)


def short_day(moment: datetime | date, zone: str = ZONE) -> str:
    return dates.say_short_day(moment, locale(), zone)


def clock(moment: datetime, zone: str = ZONE) -> str:
    return dates.say_clock(moment, locale(), zone)


def hours(starts: datetime, ends: datetime, zone: str = ZONE) -> str:
    return dates.say_hours(starts, ends, locale(), zone)


def span(starts: datetime, ends: datetime, zone: str = ZONE) -> str:
    return dates.say_span(starts, ends, locale(), zone)


def slots_words(slots: Iterable[Any], zone: str = ZONE) -> str:
    return dates.say_slots(slots, locale(), zone)


def deadline(moment: datetime, zone: str = ZONE) -> str:
    return dates.say_deadline(moment, locale(), zone)


def ago(moment: datetime, zone: str = ZONE) -> str:
    return dates.say_ago(moment, locale(), zone)


def minutes(count: int) -> str:
    return dates.say_minutes(count, locale())


def date_block(moment: datetime | date, zone: str = ZONE) -> dates.DayBlock:
    return dates.day_block(moment, locale(), zone)


def money(cents: int) -> str:
    return say_money(cents, locale())


def short_money(cents: int) -> str:
    return say_money(cents, locale(), short=True)


def price_amount(price: Price) -> str:
    """The figure this reader reads first."""
    return amount_words(price, locale())


def price_vat(price: Price) -> str:
    """The other figure, and whether VAT is in the first."""
    return vat_sentence(price, locale())


def price_note(price: Price) -> str:
    """The same in a few words."""
    return vat_note(price, locale())


def text(texts: Texts | None) -> str:
    return in_language(texts, locale())


def text_lang(texts: Texts | None) -> str | None:
    """The language of a text when it is not the page's, for its `lang` attribute; else None."""
    found = language_of(texts, locale())
    return None if found == locale() else found


def sentence(words: str) -> str:
    """The same words with a capital at the start."""
    return words[:1].upper() + words[1:]


@lru_cache(maxsize=256)
def area_chip(area: AreaWords, named: bool = True) -> Markup:
    """The emblem of an area and its name, which only screen readers get when `named` is False."""
    name = area.name if named else Markup('<span class="visually-hidden">{}</span>').format(area.name)
    return CHIP.format("" if named else " area-mark", area.slug, DRAWING.format("", area.emblem), name)


def emblem(slug: str, large: bool = False) -> Markup:
    """The drawing of an area, hidden from screen readers: its name stands beside it. '' for an unknown area."""
    size = " emblem-large" if large else ""
    return next((DRAWING.format(size, area.emblem) for area in all_areas() if area.slug == slug), Markup(""))


WORDS = (
    day, short_day, clock, hours, span, slots_words, deadline, ago, minutes, date_block, money, short_money, price_amount,
    price_note, price_vat, text, text_lang, sentence,
)  # fmt: skip


def install(app: Flask) -> None:
    """Give every template the words above, both as filters and as functions, and the variable `areas`."""
    escaping.install(app)
    translations.install(app)
    for word in WORDS:
        app.jinja_env.filters[word.__name__] = word
        app.jinja_env.globals[word.__name__] = word
    app.jinja_env.globals["emblem"] = emblem
    app.jinja_env.globals["area_chip"] = area_chip

    @app.context_processor
    def area_words() -> dict[str, Any]:
        try:
            return {"areas": areas_in(locale())}
        except SQLAlchemyError:  # the page that says the database is away must still be drawn
            return {"areas": ()}
