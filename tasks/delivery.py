"""Mails leave: at once after the commit that wrote them, and again whenever the clock finds one that is due.

With the `memory://` queue of the tests nothing leaves by itself: a test that wants mails sent calls `deliver_due()`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from models.base import db, now
from models.outbox import Delivery, OutboxMessage
from services.delivery import deliver
from services.outbox import WRITTEN, due_messages
from tasks.queue import queue

AT_ONCE, MOST_TASKS = (
    25,
    8,
)  # mails per task, and tasks per commit: 300 people are eight tasks, each of which is a write


@queue.task()
def deliver_messages(message_ids: list[int]) -> None:
    """Try each of these mails once. Repeating is harmless: one that was sent, or is held, is passed over."""
    for message_id in message_ids:
        deliver(message_id)


def deliver_due(limit: int = 500) -> int:
    """Try every mail that is due once, oldest first; how many were sent. The clock calls it every minute."""
    return sum(deliver(message_id) is Delivery.SENT for message_id in due_messages(limit=limit))


@event.listens_for(db.session, "after_flush")
def collect(session: Session, context: Any) -> None:
    """Remember the mails of this flush that may leave now: new ones, and dead ones brought back."""
    found = [row for row in (*session.new, *session.dirty) if isinstance(row, OutboxMessage)]
    ready = [
        row.id for row in found if row.delivery == Delivery.QUEUED and not row.leased_until and row.due_at <= now()
    ]
    session.info.setdefault(WRITTEN, []).extend(ready)


@event.listens_for(db.session, "after_commit")
def wake(session: Session) -> None:
    """Hand them to the workers once they are really there: a savepoint's release is no commit yet."""
    if session.in_nested_transaction():
        return
    ids = list(dict.fromkeys(session.info.pop(WRITTEN, ())))
    if queue.immediate:
        return
    size = max(AT_ONCE, -(-len(ids) // MOST_TASKS))
    for first in range(0, len(ids), size):
        deliver_messages(ids[first : first + size])


@event.listens_for(db.session, "after_soft_rollback")
def forget(session: Session, ended: SessionTransaction) -> None:
    """What was rolled back never was. After a savepoint alone the rest still waits; a mail that went with it is no row,
    and passed over."""
    if not ended.nested and not session.in_nested_transaction():
        session.info.pop(WRITTEN, None)
