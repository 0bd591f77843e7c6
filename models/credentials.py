"""What proves that a person is who they say: one-time codes, passwords, sign-ins; and the rows that throttle guessing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, random_id
from models.people import Person


class Password(Base):
    """An optional password, kept as an argon2id hash (RFC 9106)."""

    __tablename__ = "password"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    hash: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=now)


class SignIn(Base):
    """One signed-in browser; revoking the row signs that browser out at its next request."""

    __tablename__ = "sign_in"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the random key in the cookie
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    method: Mapped[str] = mapped_column(String(20))  # code, link, password, demo, registration
    browser: Mapped[str] = mapped_column(String(200), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class CodePurpose(StrEnum):
    SIGN_IN = "sign_in"
    REGISTER = "register"  # confirms a guest's draft
    PROVE_ADDRESS = "prove_address"  # a further address of a signed-in person
    ORDER = "order"  # opens cancelling, renaming and documents on an order page


class OneTimeCode(Base):
    """A six-digit code and a link, mailed together; 15 minutes, single use, five tries."""

    __tablename__ = "one_time_code"

    purpose: Mapped[CodePurpose] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(254))
    key: Mapped[str] = mapped_column(String(254), index=True)
    browser_hash: Mapped[str] = mapped_column(
        String(64), index=True
    )  # SHA-256 of the random handle kept by the browser that asked
    code_hash: Mapped[str] = mapped_column(String(64))  # keyed hash of the six digits: useless without SECRET_KEY
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the random token in the link
    context: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # what it opens: {"draft": …}, {"order": …}, {"next": …}
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    MAX_TRIES = 5

    def is_usable(self, at: datetime) -> bool:
        """Not used, not expired, and fewer than five wrong tries."""
        return self.used_at is None and at < self.expires_at and self.tries < self.MAX_TRIES


class Throttle(Base):
    """One counted act (a code asked for, a wrong password, a guest's form) under one key; limits count rows in a window."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_kind_key_at", "kind", "key", "at"),)

    kind: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(default=now)
