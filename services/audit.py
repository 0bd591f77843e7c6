"""The audit: who did what, on whom, when, from where. Rows are only ever added."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from models.base import Base
from models.events import Event
from models.outbox import AuditEntry
from models.people import Person
from services.transaction import require_writing, writing


def record_locked(
    action: str,
    actor: Person | None,
    *,
    event: Event | None = None,
    subject_kind: str = "",
    subject_id: int | None = None,
    details: dict[str, Any] | None = None,
    ip: str = "",
) -> AuditEntry:
    """Add one entry to the open transaction: it stands exactly when what it tells of stands.

    `action` is a noun and a past participle, such as `event.cancelled`; `actor` None is the clock or a guest.
    `details` are facts for whoever must account for it later, never a secret.
    """
    session = require_writing()
    entry = AuditEntry(
        action=action,
        actor_id=id_of(actor),
        event_id=id_of(event),
        subject_kind=subject_kind,
        subject_id=subject_id,
        details=details or {},
        ip=ip,
    )
    session.add(entry)
    session.flush()
    return entry


def id_of(row: Base | None) -> int | None:
    """The id of a row without reading the row again: `writing()` has forgotten all but its identity."""
    if row is None:
        return None
    identity = inspect(row).identity
    return identity[0] if identity else row.id


def record(
    action: str,
    actor: Person | None,
    *,
    event: Event | None = None,
    subject_kind: str = "",
    subject_id: int | None = None,
    details: dict[str, Any] | None = None,
    ip: str = "",
) -> AuditEntry:
    """The same in a short transaction of its own: for reads and exports, after the answer is built."""
    with writing():
        return record_locked(
            action, actor, event=event, subject_kind=subject_kind, subject_id=subject_id, details=details, ip=ip
        )
