"""What must leave the system, written in the transaction of its cause; and what was done, for whoever must account for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now, random_id


class Delivery(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"  # gave up after the last try; shown to staff, who may try again


class OutboxMessage(Base):
    """One mail to be sent. A crash loses none; a crash between the server's 250 and our commit may repeat one,
    with the same Message-ID."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_due", "delivery", "due_at"),)

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)  # local part of the Message-ID
    template: Mapped[str] = mapped_column(String(60))  # templates/emails/<template>.*
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(250), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"), index=True)
    locale: Mapped[str] = mapped_column(String(5))
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)  # references and facts the template needs
    unique_key: Mapped[str | None] = mapped_column(String(200), unique=True)  # the same cause writes one mail only
    delivery: Mapped[Delivery] = mapped_column(String(10), default=Delivery.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=now)
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditEntry(Base):
    """Who did what, on whom, when, from where. Append-only."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"),)

    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    action: Mapped[str] = mapped_column(String(60))  # event.cancelled, attendees.exported, …
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    subject_kind: Mapped[str] = mapped_column(String(30), default="")
    subject_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ip: Mapped[str] = mapped_column(String(45), default="")


class Export(Base):
    """One list that left the system: purpose, columns, rows, and the hash of the file."""

    __tablename__ = "export"

    audit_entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(5))
    columns: Mapped[list[str]]
    rows: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class CalendarFeed(Base):
    """A person's private calendar link. Only the hash of its token is kept; revoking it ends the link."""

    __tablename__ = "calendar_feed"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    fetched_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Job(Base):
    """Long work with visible progress, such as issuing an event's certificates. Run by the worker, safe to repeat."""

    __tablename__ = "job"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    kind: Mapped[str] = mapped_column(String(30))  # issue_certificates
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[str]] = mapped_column(default=list)
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
