"""What is forgotten, and when: the promises of the privacy text and of the pages, kept by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Delete, Update, delete, select, update

from models.base import now
from models.events import Event
from models.outbox import AuditEntry, Export
from models.registrations import Registration, RegistrationDraft
from services import answers, codes, kept_files, sign_ins, throttles
from services.transaction import require_writing, writing

DRAFTS = timedelta(days=1)  # after they expired: a late click on the mailed link still hears why it no longer works
NEEDS = timedelta(
    days=30
)  # after the event: files handed in, diets and access needs (GDPR art. 9.2.a: consent for this event)
GUEST_LISTS = timedelta(days=1)  # after the event
LOG = timedelta(days=365)


def purge_due(at: datetime | None = None) -> dict[str, int]:
    """Forget everything whose time has come. Returns how many rows of each kind; safe to run twice, or late."""
    at = at or now()
    forgotten = {}
    for kind, forget_locked in KINDS.items():
        with writing():
            forgotten[kind] = forget_locked(at)
    return forgotten


def forget_drafts_locked(at: datetime) -> int:
    return run_locked(delete(RegistrationDraft).where(RegistrationDraft.expires_at < at - DRAFTS))


def forget_needs_locked(at: datetime) -> int:
    past = select(Event.id).where(Event.ends_at < at - NEEDS)
    needy = update(Registration).where(Registration.needs != "", Registration.event_id.in_(past))
    return run_locked(needy.values(needs=""))


def close_guest_lists_locked(at: datetime) -> int:
    past = select(Event.id).where(Event.ends_at < at - GUEST_LISTS)
    shown = update(Registration).where(Registration.visible_to_guests, Registration.event_id.in_(past))
    return run_locked(shown.values(visible_to_guests=False))


def forget_log_locked(at: datetime) -> int:
    """Audit entries, and the exports they are about."""
    old = AuditEntry.at < at - LOG
    run_locked(delete(Export).where(Export.audit_entry_id.in_(select(AuditEntry.id).where(old))))
    return run_locked(delete(AuditEntry).where(old))


def run_locked(statement: Delete | Update) -> int:
    """Run it without touching what the session holds; how many rows it changed."""
    answer = require_writing().execute(statement.execution_options(synchronize_session=False))
    return int(getattr(answer, "rowcount", 0))


KINDS: dict[str, Callable[[datetime], int]] = {
    "drafts": forget_drafts_locked,
    "codes": codes.forget_old_locked,
    "throttles": throttles.forget_old_locked,
    "sign-ins": sign_ins.forget_old_locked,
    "needs": forget_needs_locked,
    "answered files": lambda at: answers.forget_files_locked(at - NEEDS),
    "kept files": kept_files.forget_old_locked,
    "guest lists": close_guest_lists_locked,
    "log": forget_log_locked,
}
