"""What a course asks to be known first, as organisers change it: in words, as courses to complete, told or binding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from models.base import Texts, db, in_language, now
from models.courses import Course, Prerequisite, Publication, course_prerequisite
from models.events import Event
from models.people import Person
from models.search import folded
from services.audit import record_locked
from services.event_plans import PlanRefused, Problem
from services.places import FRESH
from services.transaction import require_writing, writing


class CourseUnknown(LookupError):
    """There is no such course."""


@dataclass(frozen=True)
class PrerequisitePlan:
    """What is asked: how it binds, the words (proof from elsewhere, experience), and slugs of courses that come first."""

    kind: Prerequisite
    texts: Texts = field(default_factory=dict)
    courses: tuple[str, ...] = ()


@dataclass(frozen=True)
class CourseRow:
    """One course of the desk's list. `asks`: how many courses it asks for; `dates`: how many are ahead."""

    slug: str
    titles: Texts
    publication: str
    kind: Prerequisite
    asks: int
    dates: int


def course_rows(locale: str, at: datetime) -> list[CourseRow]:
    """Every course that is not archived, by title; one query."""
    asks = select(func.count()).where(course_prerequisite.c.course_id == Course.id).correlate(Course)
    dates = (
        select(func.count())
        .where(Event.course_id == Course.id, Event.publication == Publication.PUBLISHED, Event.starts_at > at)
        .correlate(Course)
    )
    rows = db.session.execute(
        select(
            Course.slug, Course.titles, Course.publication, Course.prerequisite, asks.scalar_subquery(),
            dates.scalar_subquery(),
        ).where(Course.publication != Publication.ARCHIVED)
    )  # fmt: skip
    found = [
        CourseRow(slug, titles, state, Prerequisite(kind), asked, ahead)
        for slug, titles, state, kind, asked, ahead in rows
    ]
    return sorted(found, key=lambda row: folded(in_language(row.titles, locale) or row.slug))


def course_to_change(slug: str) -> Course | None:
    """The course, whatever its publication but archived."""
    return db.session.scalar(select(Course).where(Course.slug == slug, Course.publication != Publication.ARCHIVED))


def plan_of(course: Course) -> PrerequisitePlan:
    """What the course asks now."""
    return PrerequisitePlan(Prerequisite(course.prerequisite), dict(course.prerequisites), tuple(slugs_of(course.id)))


def slugs_of(course_id: int) -> list[str]:
    query = select(Course.slug).join(course_prerequisite, course_prerequisite.c.required_id == Course.id)
    return list(db.session.scalars(query.where(course_prerequisite.c.course_id == course_id).order_by(Course.slug)))


def change_prerequisites(slug: str, plan: PrerequisitePlan, actor: Person, at: datetime | None = None) -> Course:
    """Make the course ask what `plan` says. Whoever is registered stays; it binds whoever registers from now on.

    Raises CourseUnknown, and PlanRefused with what is wrong, field by field; then nothing is changed.
    """
    with writing() as session:
        session.execute(
            select(Course.id).order_by(Course.id).with_for_update()
        ).all()  # a circle is made by two courses
        course = session.scalar(select(Course).where(Course.slug == slug).execution_options(**FRESH))
        if course is None:
            raise CourseUnknown(slug)
        required = {one.slug: one.id for one in session.scalars(select(Course).where(Course.slug.in_(plan.courses)))}
        refuse_locked(course, plan, required)
        before = plan_of(course)
        course.prerequisite, course.prerequisites = plan.kind, dict(plan.texts)
        course.updated_at = at or now()
        session.execute(delete(course_prerequisite).where(course_prerequisite.c.course_id == course.id))
        if required:
            rows = [{"course_id": course.id, "required_id": one} for one in sorted(required.values())]
            session.execute(insert(course_prerequisite), rows)
        changed = [name for name in ("kind", "texts", "courses") if getattr(before, name) != getattr(plan, name)]
        facts = {"changed": changed, "kind": plan.kind, "courses": list(plan.courses)}
        record_locked("course.prerequisites", actor, subject_kind="course", subject_id=course.id, details=facts)
        return course


def refuse_locked(course: Course, plan: PrerequisitePlan, required: dict[str, int]) -> None:
    """Raise PlanRefused for what no course may ask."""
    problems = []
    if len(required) < len(set(plan.courses)):
        problems.append(Problem("courses", "course_gone"))
    if course.id in required.values():
        problems.append(Problem("courses", "itself"))
    elif circle := circle_locked(course.id, required.values()):
        problems.append(Problem("courses", "circle", {"titles": circle}))
    if plan.kind is Prerequisite.ENFORCE and not required:
        problems.append(Problem("courses", "nothing_to_enforce"))
    if plan.kind is Prerequisite.CONFIRM and not any(plan.texts.values()):
        problems.append(Problem("texts", "nothing_to_confirm"))
    if problems:
        raise PlanRefused(problems)


def circle_locked(course_id: int, required: Iterable[int]) -> Texts:
    """The titles of one of the `required` courses that itself asks, perhaps by way of others, for this course; {} for none."""
    session = require_writing()
    asks: dict[int, set[int]] = {}
    for one, first in session.execute(select(course_prerequisite)):
        asks.setdefault(one, set()).add(first)
    for start in required:
        seen, waiting = {start}, [start]
        while waiting:
            for first in asks.get(waiting.pop(), set()) - seen:
                seen.add(first)
                waiting.append(first)
        if course_id in seen:
            return session.scalars(select(Course.titles).where(Course.id == start)).one()
    return {}
