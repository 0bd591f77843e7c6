"""What the desk offers to choose from in its forms: courses and trainers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from models.base import db, in_language
from models.courses import Course, Publication
from models.people import Person, Role, StaffRole
from models.search import folded


def course_choices(locale: str) -> list[tuple[str, str]]:
    """Slug and title of every course that is not archived, by title."""
    rows = db.session.execute(select(Course.slug, Course.titles).where(Course.publication != Publication.ARCHIVED))
    choices = [(slug, in_language(titles, locale) or slug) for slug, titles in rows]
    return sorted(choices, key=lambda choice: folded(choice[1]))


def trainer_choices(named: Collection[str] = ()) -> list[tuple[str, str]]:
    """Public id and name of everybody who trains, and of those `named`, by family name."""
    trains = select(StaffRole.person_id).where(StaffRole.role == Role.TRAINER)
    query = select(Person.public_id, Person.given_name, Person.family_name).where(
        or_(Person.id.in_(trains), Person.public_id.in_(named)), Person.erased_at.is_(None)
    )
    rows = sorted(db.session.execute(query), key=lambda row: (folded(row.family_name), folded(row.given_name)))
    return [(row.public_id, f"{row.given_name} {row.family_name}".strip()) for row in rows]
