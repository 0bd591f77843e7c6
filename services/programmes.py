"""Programme pages: learning paths, and when each of their courses can be followed next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import Select, and_, select

from models.base import db, in_language
from models.courses import Course, Programme, ProgrammeStep, Publication
from services.areas import AreaWords, areas_in
from services.cards import language_words, other_language
from services.courses import NextDate, next_dates
from services.dates import say_minutes, say_short_day
from services.markdown import rendered
from services.search import PROGRAMME, find

DATES_SHOWN = 3


@dataclass(frozen=True)
class StepDate:
    """A coming event of a step: its page, and the words of the link."""

    slug: str
    day: str
    place: str


@dataclass(frozen=True)
class Step:
    """One course of a path."""

    slug: str
    title: str
    title_lang: str | None
    summary: str
    summary_lang: str | None
    minutes: str
    is_mandatory: bool
    dates: tuple[StepDate, ...]
    more_dates: int


@dataclass(frozen=True)
class ProgrammePage:
    """A programme with its path."""

    slug: str
    title: str
    title_lang: str | None
    summary: str
    summary_lang: str | None
    description: Markup
    description_lang: str | None
    area: AreaWords | None
    steps: tuple[Step, ...]
    minutes: str
    total_minutes: int
    mandatory: int
    updated_at: datetime


PUBLISHED = Programme.publication == Publication.PUBLISHED


def programmes(
    locale: str, at: datetime, *, area_id: int | None = None, most: int | None = None
) -> list[ProgrammePage]:
    """The published programmes by area and title, of one area when given, without the dates of their courses; one query."""
    chosen = select(Programme.id).where(PUBLISHED).order_by(Programme.slug)
    if area_id is not None:
        chosen = chosen.where(Programme.area_id == area_id)
    return pages_of(chosen.limit(most), locale, at)


def programme_page(slug: str, locale: str, at: datetime) -> ProgrammePage | None:
    """The page of a published programme with the next dates of its courses, or None; two queries."""
    chosen = select(Programme.id).where(PUBLISHED, Programme.slug == slug)
    return next(iter(pages_of(chosen, locale, at, with_dates=True)), None)


def programmes_found(query: str, locale: str, at: datetime, most: int = 3) -> list[ProgrammePage]:
    """The published programmes that the words of `query` find; two queries."""
    ids = find(PROGRAMME, query)
    return pages_of(select(Programme.id).where(PUBLISHED, Programme.id.in_(ids)).limit(most), locale, at) if ids else []


def pages_of(chosen: Select[int], locale: str, at: datetime, *, with_dates: bool = False) -> list[ProgrammePage]:
    """Programmes with their steps; a course that is not published yet is left out of the path."""
    rows = db.session.execute(
        select(
            Programme,
            ProgrammeStep.is_mandatory,
            Course.id,
            Course.slug,
            Course.titles,
            Course.summaries,
            Course.minutes,
        )
        .outerjoin(ProgrammeStep, ProgrammeStep.programme_id == Programme.id)
        .outerjoin(Course, and_(Course.id == ProgrammeStep.course_id, Course.publication == Publication.PUBLISHED))
        .where(Programme.id.in_(chosen.subquery().select()))
        .order_by(Programme.id, ProgrammeStep.position)
    ).all()
    dates = next_dates([row.id for row in rows if row.id], at) if with_dates else {}
    found: dict[Programme, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0], []).extend([row] if row.id else [])
    pages = [
        page_of(
            one,
            tuple(step_of(row, dates.get(row.id, []), locale) for row in held),
            sum(row.minutes for row in held),
            locale,
        )
        for one, held in found.items()
    ]
    order = {area.id: number for number, area in enumerate(areas_in(locale))}
    return sorted(pages, key=lambda page: (order.get(page.area.id, 99) if page.area else 99, page.title.casefold()))


def step_of(row: Any, coming: Sequence[NextDate], locale: str) -> Step:
    return Step(
        slug=row.slug,
        title=in_language(row.titles, locale),
        title_lang=other_language(row.titles, locale),
        summary=in_language(row.summaries, locale),
        summary_lang=other_language(row.summaries, locale),
        minutes=say_minutes(row.minutes, locale),
        is_mandatory=row.is_mandatory,
        dates=tuple(step_date(one, locale) for one in coming[:DATES_SHOWN]),
        more_dates=max(0, len(coming) - DATES_SHOWN),
    )


def page_of(programme: Programme, steps: tuple[Step, ...], minutes: int, locale: str) -> ProgrammePage:
    return ProgrammePage(
        slug=programme.slug,
        title=in_language(programme.titles, locale),
        title_lang=other_language(programme.titles, locale),
        summary=in_language(programme.summaries, locale),
        summary_lang=other_language(programme.summaries, locale),
        description=rendered(in_language(programme.descriptions, locale)),
        description_lang=other_language(programme.descriptions, locale),
        area=next((area for area in areas_in(locale) if area.id == programme.area_id), None),
        steps=steps,
        minutes=say_minutes(minutes, locale),
        total_minutes=minutes,
        mandatory=sum(step.is_mandatory for step in steps),
        updated_at=programme.updated_at,
    )


def step_date(coming: NextDate, locale: str) -> StepDate:
    place = ", ".join(part for part in (coming.city, language_words(coming.language)) if part)
    return StepDate(coming.slug, say_short_day(coming.starts_at, locale, coming.zone), place)
