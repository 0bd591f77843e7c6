"""Course pages: the undated description of a training, and where it is in the programmes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _, ngettext
from markupsafe import Markup
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from models.base import db, in_language
from models.courses import (
    Course,
    Prerequisite,
    Programme,
    ProgrammeStep,
    Publication,
    course_area,
    course_prerequisite,
)
from models.events import Event, Run
from services.areas import AreaWords, areas_in
from services.cards import capital, language_name, other_language
from services.catalogue import LISTED
from services.dates import say_minutes, say_short_day
from services.markdown import rendered
from services.rows import plain_rows
from services.search import COURSE, find


@dataclass(frozen=True)
class CourseLine:
    """A course in a list."""

    slug: str
    title: str
    title_lang: str | None
    summary: str
    summary_lang: str | None
    minutes: str
    level: str
    languages: str
    areas: tuple[AreaWords, ...]
    next_date: str  # '' when none is planned
    dates: int


@dataclass(frozen=True)
class StepOf:
    """Where a course stands in a programme."""

    slug: str
    title: str
    title_lang: str | None
    position: int
    of: int


@dataclass(frozen=True)
class CoursePage:
    """Everything the page of a course says."""

    id: int
    line: CourseLine
    description: Markup
    description_lang: str | None
    outcomes: tuple[str, ...]
    outcomes_lang: str | None
    audience: str
    audience_lang: str | None
    prerequisites: str
    prerequisites_lang: str | None
    required: tuple[tuple[str, str, str | None], ...]  # slug, title and its language of what comes first
    binds: bool  # whether that is enforced
    certificate: str
    programmes: tuple[StepOf, ...]
    event_ids: tuple[int, ...]
    updated_at: datetime
    minutes: int
    language_codes: tuple[str, ...]


def course_page(slug: str, locale: str, at: datetime) -> CoursePage | None:
    """The page of a published course, or None; five queries."""
    course = db.session.scalar(select(Course).where(Course.slug == slug, Course.publication == Publication.PUBLISHED))
    if course is None:
        return None
    [line] = course_lines([course], locale, at)
    outcomes, outcomes_lang = list_in_language(course.outcomes, locale)
    ids = db.session.scalars(
        select(Event.id).where(*LISTED, Event.course_id == course.id, Event.ends_at >= at).order_by(Event.starts_at)
    )
    return CoursePage(
        id=course.id,
        line=line,
        description=rendered(in_language(course.descriptions, locale)),
        description_lang=other_language(course.descriptions, locale),
        outcomes=outcomes,
        outcomes_lang=outcomes_lang,
        audience=in_language(course.audiences, locale),
        audience_lang=other_language(course.audiences, locale),
        prerequisites=in_language(course.prerequisites, locale),
        prerequisites_lang=other_language(course.prerequisites, locale),
        required=required_by(course.id, locale),
        binds=course.prerequisite == Prerequisite.ENFORCE,
        certificate=certificate_words(course.minimum_attendance, course.validity_months),
        programmes=programmes_with(course.id, locale),
        event_ids=tuple(ids),
        updated_at=course.updated_at,
        minutes=course.minutes,
        language_codes=tuple(course.languages),
    )


def required_by(course_id: int, locale: str) -> tuple[tuple[str, str, str | None], ...]:
    """The published courses to complete first: slug, title, and its language when it is another."""
    rows = plain_rows(
        select(Course.slug, Course.titles)
        .join(course_prerequisite, course_prerequisite.c.required_id == Course.id)
        .where(course_prerequisite.c.course_id == course_id, Course.publication == Publication.PUBLISHED)
        .order_by(Course.slug)
    )
    return tuple((slug, in_language(titles, locale), other_language(titles, locale)) for slug, titles in rows)


def courses_of_area(area_id: int, locale: str, at: datetime) -> list[CourseLine]:
    """The published courses of an area, those with a date first."""
    found = db.session.scalars(
        select(Course)
        .join(course_area, course_area.c.course_id == Course.id)
        .where(course_area.c.area_id == area_id, Course.publication == Publication.PUBLISHED)
    ).all()
    return course_lines(found, locale, at, with_areas=False)


def courses_found(query: str, locale: str, at: datetime, most: int = 4) -> list[CourseLine]:
    """The published courses that the words of `query` find."""
    ids = find(COURSE, query)
    if not ids:
        return []
    found = db.session.scalars(
        select(Course).where(Course.id.in_(ids), Course.publication == Publication.PUBLISHED).limit(most)
    ).all()
    return course_lines(found, locale, at)


def course_lines(courses: Sequence[Course], locale: str, at: datetime, *, with_areas: bool = True) -> list[CourseLine]:
    """Courses as lines of a list, with their next date: those that have one first, then by title; one query, and one
    more for their areas."""
    if not courses:
        return []
    ids = [course.id for course in courses]
    dates = next_dates(ids, at)
    areas: dict[int, set[int]] = defaultdict(set)
    if with_areas:
        chosen = select(course_area.c.course_id, course_area.c.area_id).where(course_area.c.course_id.in_(ids))
        for course_id, area_id in plain_rows(chosen):
            areas[course_id].add(area_id)
    lines = [course_line(course, areas[course.id], dates.get(course.id, []), locale) for course in courses]
    return sorted(lines, key=lambda line: (not line.next_date, line.title.casefold()))


def course_line(course: Course, area_ids: set[int], dates: Sequence[NextDate], locale: str) -> CourseLine:
    return CourseLine(
        slug=course.slug,
        title=in_language(course.titles, locale),
        title_lang=other_language(course.titles, locale),
        summary=in_language(course.summaries, locale),
        summary_lang=other_language(course.summaries, locale),
        minutes=say_minutes(course.minutes, locale),
        level=level_words(course.level),
        languages=capital(", ".join(language_name(code) for code in course.languages)),
        areas=tuple(area for area in areas_in(locale) if area.id in area_ids),
        next_date=say_short_day(dates[0].starts_at, locale, dates[0].zone) if dates else "",
        dates=len(dates),
    )


@dataclass(frozen=True)
class NextDate:
    """A coming event of a course."""

    slug: str
    starts_at: datetime
    zone: str
    city: str
    language: str


def next_dates(course_ids: Sequence[int], at: datetime) -> dict[int, list[NextDate]]:
    """The coming listed events of each course, soonest first, cancelled and postponed ones left out; one query."""
    found: dict[int, list[NextDate]] = defaultdict(list)
    if not course_ids:
        return found
    rows: Any = db.session.execute(
        select(Event.course_id, Event.slug, Event.starts_at, Event.zone, Event.city, Event.language)
        .where(
            *LISTED,
            Event.course_id.in_(course_ids),
            Event.starts_at >= at,
            Event.run.not_in((Run.CANCELLED, Run.POSTPONED)),
        )
        .order_by(Event.starts_at, Event.id)
    )
    for course_id, *facts in rows:
        found[course_id].append(NextDate(*facts))
    return found


OTHER = aliased(ProgrammeStep)
STEPS = select(func.count()).where(OTHER.programme_id == Programme.id)
PROGRAMMES = (
    select(
        Programme.slug,
        Programme.titles,
        STEPS.where(OTHER.position <= ProgrammeStep.position).scalar_subquery(),
        STEPS.scalar_subquery(),
    )
    .join(ProgrammeStep, ProgrammeStep.programme_id == Programme.id)
    .where(ProgrammeStep.course_id == bindparam("course_id"), Programme.publication == Publication.PUBLISHED)
    .order_by(Programme.slug)
)


def programmes_with(course_id: int, locale: str) -> tuple[StepOf, ...]:
    """The published programmes that contain a course, and at which step; one query."""
    return tuple(
        StepOf(slug, in_language(titles, locale), other_language(titles, locale), position, steps)
        for slug, titles, position, steps in plain_rows(PROGRAMMES, course_id=course_id)
    )


def list_in_language(lists: dict[str, list[str]] | None, locale: str) -> tuple[tuple[str, ...], str | None]:
    """The list in `locale` or the first language that has one, and that language when it is another."""
    for code in (locale, "en", "fr", *(lists or {})):
        if lists and lists.get(code):
            return tuple(lists[code]), None if code == locale else code
    return (), None


def level_words(level: str) -> str:
    return {
        "foundation": _("Foundation"),
        "intermediate": _("Intermediate"),
        "advanced": _("Advanced"),
    }.get(level, level)


def validity_words(months: int | None) -> str:
    """How long a certificate is valid: “three years” in figures; '' for ever."""
    if not months:
        return ""
    years, rest = divmod(months, 12)
    if rest:
        return str(ngettext("%(num)s month", "%(num)s months", months))
    return str(ngettext("%(num)s year", "%(num)s years", years))


def certificate_words(percent: int, months: int | None) -> str:
    """“From 80 % attendance, valid for 3 years”."""
    if months:
        time = validity_words(months)
        return str(_("From %(percent)s %% attendance, valid for %(time)s", percent=percent, time=time))
    return str(_("From %(percent)s %% attendance", percent=percent))
