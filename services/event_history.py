"""What happened to an event: its audit entries with who did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from models.base import db
from models.outbox import AuditEntry
from models.people import Person

PAGE = 50
QUIET = ("attendees.read", "registration.read")


@dataclass(frozen=True)
class Entry:
    """One act: when, who ('' is the clock), what, and its facts."""

    at: datetime
    actor: str
    action: str
    details: dict[str, Any]


def history(event_id: int, page: int = 1, *, reads: bool = False) -> tuple[list[Entry], int, int]:
    """A page of the event's acts, latest first, how many there are, and the page that it is; `reads` includes who
    looked at the personal lists."""
    here = [AuditEntry.event_id == event_id] + ([] if reads else [AuditEntry.action.not_in(QUIET)])
    total = db.session.scalar(select(func.count()).select_from(AuditEntry).where(*here)) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    rows = db.session.execute(
        select(AuditEntry.at, Person.given_name, Person.family_name, AuditEntry.action, AuditEntry.details)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(*here)
        .order_by(AuditEntry.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    entries = [
        Entry(at, f"{given or ''} {family or ''}".strip(), action, facts) for at, given, family, action, facts in rows
    ]
    return entries, total, page


def acts_on(subject_kind: str, subject_id: int) -> list[Entry]:
    """What was done to one thing that is no event, such as a voucher or a course: latest first."""
    rows = db.session.execute(
        select(AuditEntry.at, Person.given_name, Person.family_name, AuditEntry.action, AuditEntry.details)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == subject_kind, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id.desc())
        .limit(PAGE)
    )
    return [
        Entry(at, f"{given or ''} {family or ''}".strip(), action, facts) for at, given, family, action, facts in rows
    ]
