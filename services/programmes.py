"""Programme pages: learning paths, and when each of their courses can be followed next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import select

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


def programmes(
    locale: str, at: datetime, *, area_id: int | None = None, most: int | None = None
) -> list[ProgrammePage]:
    """The published programmes by area and title, of one area when given; three queries."""
    chosen = select(Programme).where(Programme.publication == Publication.PUBLISHED).order_by(Programme.slug)
    if area_id is not None:
        chosen = chosen.where(Programme.area_id == area_id)
    if most is not None:
        chosen = chosen.limit(most)
    return pages_of(db.session.scalars(chosen).all(), locale, at)


def programme_page(slug: str, locale: str, at: datetime) -> ProgrammePage | None:
    """The page of a published programme, or None; three queries."""
    found = db.session.scalars(
        select(Programme).where(Programme.slug == slug, Programme.publication == Publication.PUBLISHED)
    ).all()
    return next(iter(pages_of(found, locale, at)), None)


def programmes_found(query: str, locale: str, at: datetime, most: int = 3) -> list[ProgrammePage]:
    """The published programmes that the words of `query` find."""
    ids = find(PROGRAMME, query)
    if not ids:
        return []
    found = db.session.scalars(
        select(Programme).where(Programme.id.in_(ids), Programme.publication == Publication.PUBLISHED).limit(most)
    ).all()
    return pages_of(found, locale, at)


def pages_of(found: Sequence[Programme], locale: str, at: datetime) -> list[ProgrammePage]:
    """Programmes with their steps; a course that is not published yet is left out of the path. Two queries."""
    if not found:
        return []
    rows = db.session.execute(
        select(
            ProgrammeStep.programme_id, ProgrammeStep.is_mandatory, Course.id, Course.slug, Course.titles,
            Course.summaries, Course.minutes,
        )
        .join(Course, Course.id == ProgrammeStep.course_id)
        .where(
            ProgrammeStep.programme_id.in_([one.id for one in found]), Course.publication == Publication.PUBLISHED
        )
        .order_by(ProgrammeStep.position)
    ).all()  # fmt: skip
    dates = next_dates([row.id for row in rows], at)
    steps: dict[int, list[Step]] = defaultdict(list)
    minutes: dict[int, int] = defaultdict(int)
    for row in rows:
        coming = dates.get(row.id, [])
        steps[row.programme_id].append(
            Step(
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
        )
        minutes[row.programme_id] += row.minutes
    pages = [page_of(one, tuple(steps[one.id]), minutes[one.id], locale) for one in found]
    order = {area.id: number for number, area in enumerate(areas_in(locale))}
    return sorted(pages, key=lambda page: (order.get(page.area.id, 99) if page.area else 99, page.title.casefold()))


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
