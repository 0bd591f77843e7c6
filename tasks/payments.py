"""Web hooks are worked off at once after the commit that kept them, and again by the clock when that failed.

With the `memory://` queue of the tests nothing is worked off by itself: a test calls `work_off_due()`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from models.base import db
from models.payments import ProviderEvent
from services.payment_inbox import work_off
from tasks.queue import queue

KEPT = "notices kept"  # the key in Session.info of the ids that wait for the commit


@queue.task()
def work_off_notice(event_id: int) -> None:
    """Work off one notice. Repeating is harmless."""
    work_off(event_id)


@event.listens_for(db.session, "after_flush")
def collect(session: Session, context: Any) -> None:
    """Remember the new rows of the inbox."""
    found = [row.id for row in session.new if isinstance(row, ProviderEvent)]
    session.info.setdefault(KEPT, []).extend(found)


@event.listens_for(db.session, "after_commit")
def wake(session: Session) -> None:
    """Hand them to the workers once they are really there."""
    if session.in_nested_transaction():
        return
    ids = session.info.pop(KEPT, ())
    if not queue.immediate:
        for event_id in ids:
            work_off_notice(event_id)


@event.listens_for(db.session, "after_soft_rollback")
def forget(session: Session, ended: SessionTransaction) -> None:
    """What was rolled back never was."""
    if not ended.nested and not session.in_nested_transaction():
        session.info.pop(KEPT, None)
