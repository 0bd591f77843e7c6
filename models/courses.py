"""Courses: the undated description of a training; programmes: learning paths made of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.areas import Area
from models.base import Base, Texts, now


class Publication(StrEnum):
    """The publication axis shared by courses, programmes and events."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Prerequisite(StrEnum):
    """How a course's prerequisites bind: told, confirmed by the person, or enforced."""

    INFORM = "inform"
    CONFIRM = "confirm"
    ENFORCE = "enforce"


course_area = Table(
    "course_area",
    Base.metadata,
    Column("course_id", ForeignKey("course.id"), primary_key=True),
    Column("area_id", ForeignKey("area.id"), primary_key=True, index=True),
)


course_prerequisite = Table(
    "course_prerequisite",
    Base.metadata,
    Column("course_id", ForeignKey("course.id"), primary_key=True),
    Column("required_id", ForeignKey("course.id"), primary_key=True, index=True),
    CheckConstraint("course_id <> required_id", name="not_itself"),
)


class Course(Base):
    """The undated description of a training."""

    __tablename__ = "course"
    __table_args__ = (
        CheckConstraint("minimum_attendance BETWEEN 0 AND 100", name="minimum_attendance_percent"),
        CheckConstraint("minutes > 0", name="minutes_positive"),
    )

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    publication: Mapped[Publication] = mapped_column(String(10), default=Publication.DRAFT)
    titles: Mapped[Texts]
    summaries: Mapped[Texts]
    descriptions: Mapped[Texts] = mapped_column(default=dict)  # Markdown
    outcomes: Mapped[dict[str, list[str]]] = mapped_column(default=dict)  # language → what one will be able to do
    audiences: Mapped[Texts] = mapped_column(default=dict)
    prerequisites: Mapped[Texts] = mapped_column(default=dict)
    prerequisite: Mapped[Prerequisite] = mapped_column(String(10), default=Prerequisite.INFORM)
    minutes: Mapped[int]
    level: Mapped[str] = mapped_column(String(20), default="foundation")  # foundation, intermediate, advanced
    languages: Mapped[list[str]]
    minimum_attendance: Mapped[int] = mapped_column(default=80)  # percent of planned minutes
    validity_months: Mapped[int | None]  # of its certificate; None: for ever
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    areas: Mapped[list[Area]] = relationship(secondary=course_area, lazy="raise_on_sql", order_by=Area.position)
    required: Mapped[list[Course]] = relationship(
        secondary=course_prerequisite,
        primaryjoin=lambda: Course.id == course_prerequisite.c.course_id,
        secondaryjoin=lambda: Course.id == course_prerequisite.c.required_id,
        lazy="raise_on_sql",
    )


class Programme(Base):
    """A learning path: ordered courses, some elective."""

    __tablename__ = "programme"

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    publication: Mapped[Publication] = mapped_column(String(10), default=Publication.DRAFT)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    titles: Mapped[Texts]
    summaries: Mapped[Texts]
    descriptions: Mapped[Texts] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    area: Mapped[Area] = relationship(lazy="raise_on_sql")
    steps: Mapped[list[ProgrammeStep]] = relationship(
        lazy="raise_on_sql", order_by="ProgrammeStep.position", back_populates="programme"
    )


class ProgrammeStep(Base):
    """One course of a programme, at its place in the order."""

    __tablename__ = "programme_step"
    __table_args__ = (UniqueConstraint("programme_id", "course_id"), UniqueConstraint("programme_id", "position"))

    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    position: Mapped[int]
    is_mandatory: Mapped[bool] = mapped_column(default=True)

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql", back_populates="steps")
    course: Mapped[Course] = relationship(lazy="raise_on_sql")
