"""Persons, their e-mail addresses and their roles at the cluster."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, random_id


class Role(StrEnum):
    """What a person may do at the cluster; organiser and trainer may be limited to one event."""

    ORGANISER = "organiser"
    TRAINER = "trainer"
    FINANCE = "finance"
    ADMIN = "admin"


class Person(Base):
    """A human, with or without a way to sign in."""

    __tablename__ = "person"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    given_name: Mapped[str] = mapped_column(String(120))
    family_name: Mapped[str] = mapped_column(String(120))
    certificate_name: Mapped[str | None] = mapped_column(String(250))
    job_title: Mapped[str | None] = mapped_column(String(160))
    phone: Mapped[str | None] = mapped_column(String(40))
    locale: Mapped[str] = mapped_column(String(5), default="en")
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Brussels")
    biography: Mapped[str | None] = mapped_column(String(600))  # trainers: one or two sentences on the event page
    created_at: Mapped[datetime] = mapped_column(default=now)
    erased_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def name(self) -> str:
        """Given and family name as the person is addressed."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def printed_name(self) -> str:
        """The name as printed on certificates."""
        return self.certificate_name or self.name

    # Flask-Login reads these four; they carry no session state.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.erased_at is None and self.merged_into_id is None

    def get_id(self) -> str:
        return self.public_id


class EmailAddress(Base):
    """One address of a person. People change employers and keep their history."""

    __tablename__ = "email_address"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    key: Mapped[str] = mapped_column(String(254), unique=True)  # the address in lower case: unique whatever the case
    proven_at: Mapped[datetime | None]
    is_primary: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        Index(
            "uq_email_address_primary",
            "person_id",
            unique=True,
            sqlite_where=text("is_primary"),
            postgresql_where=text("is_primary"),
        ),
    )

    @property
    def domain(self) -> str:
        return self.key.rpartition("@")[2]


def address_key(address: str) -> str:
    """The form in which two spellings of one address are equal: trimmed, lower case (RFC 5321 leaves the local part
    to the receiver; no provider in use distinguishes case)."""
    return address.strip().casefold()


class StaffRole(Base):
    """A role at the cluster, for everything or (`event_id` set) for one event."""

    __tablename__ = "staff_role"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "event_id"),
        CheckConstraint("event_id IS NULL OR role IN ('organiser', 'trainer')", name="scoped_role"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
