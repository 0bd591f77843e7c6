"""Delivery: a mail of the outbox is tried until the server takes it, or says that it never will.

A crash loses no mail: the row is the truth, the queue only wakes the worker. A crash between the server's 250 and our
commit may repeat one mail, with the same Message-ID.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from integrations import mail
from models.base import db, now
from models.outbox import Delivery, OutboxMessage
from services.letters import NothingToSay, compose
from services.transaction import require_writing, writing

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than the slowest SMTP conversation: the timeouts of integrations/mail.py add up
MAX_ATTEMPTS = 12  # with the waits below: nearly two days of trying
LONGEST_WAIT = timedelta(hours=6)
SECRETS = ("code", "link")  # wiped from the context once they have left, or can no longer be of use


def deliver(message_id: int) -> Delivery | None:
    """Try once to send one mail. Returns where it stands now; None when it is not due, sent already, or another
    worker holds it. Never raises for a mail that cannot be sent: its row says why, and when the next try is.
    """
    lease = lease_message(message_id)
    if lease is None:
        return None
    try:
        letter = compose(db.session.get_one(OutboxMessage, message_id))
        db.session.rollback()  # no transaction stays open while the server is spoken to
        mail.send(letter, current_app.extensions["atrium"].mail_url)
    except (mail.Refused, NothingToSay) as error:
        return give_up(message_id, lease, str(error))
    except mail.Unsent as error:
        return postpone(message_id, lease, str(error))
    except Exception as error:  # a fault of ours must not stop the mails behind it; it is logged and tried again
        log.exception("mail %s could not be made", message_id)
        return postpone(message_id, lease, f"{type(error).__name__}: {error}")
    finally:
        db.session.rollback()
    return mark_sent(message_id)


def lease_message(message_id: int) -> datetime | None:
    """Take the mail for LEASE and count the try; None when it is not to be sent now. A worker that dies keeps the
    lease until it ends; a mail that kills its worker each time ends as dead, not in a circle."""
    with writing() as session:
        message = locked(message_id)
        at = now()
        if message is None or message.delivery != Delivery.QUEUED or message.due_at > at:
            return None
        if message.leased_until and message.leased_until > at:
            return None
        expires = message.context.get("expires_at")
        if message.attempts >= MAX_ATTEMPTS:
            bury(message, message.last_error or "every worker that tried to send it stopped")
            return None
        if expires and datetime.fromisoformat(expires) <= at:
            bury(message, "its code expired before it could be sent")
            return None
        message.attempts += 1
        message.leased_until = at + LEASE
        session.flush()
        return message.leased_until


def locked(message_id: int) -> OutboxMessage | None:
    """The row as it is now, locked until the end of the transaction."""
    query = select(OutboxMessage).where(OutboxMessage.id == message_id).with_for_update()
    return require_writing().scalar(query.execution_options(populate_existing=True))


def mark_sent(message_id: int) -> Delivery:
    """The server took it: true whoever holds the lease by now."""
    with writing():
        message = locked(message_id)
        if message:
            message.delivery, message.sent_at = Delivery.SENT, now()
            message.leased_until, message.last_error = None, ""
            message.context = without_secrets(message.context)
    return Delivery.SENT


def postpone(message_id: int, lease: datetime, error: str) -> Delivery | None:
    """Try again later, each time after a longer wait; dead after the last try."""
    with writing():
        message = held(message_id, lease)
        if message is None:
            return None
        if message.attempts >= MAX_ATTEMPTS:
            bury(message, error)
        else:
            message.due_at = now() + wait_after(message.attempts)
            message.leased_until, message.last_error = None, error[:2000]
        return Delivery(message.delivery)


def give_up(message_id: int, lease: datetime, error: str) -> Delivery | None:
    """The server will never take it: dead at once."""
    with writing():
        message = held(message_id, lease)
        if message:
            bury(message, error)
        return Delivery.DEAD if message else None


def held(message_id: int, lease: datetime) -> OutboxMessage | None:
    """The row, when this worker's lease is still the one written there."""
    message = locked(message_id)
    return message if message and message.leased_until == lease else None


def bury(message: OutboxMessage, error: str) -> None:
    message.delivery, message.leased_until = Delivery.DEAD, None
    message.last_error = error[:2000]
    message.context = without_secrets(message.context)


def without_secrets(context: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in context.items() if key not in SECRETS}


def wait_after(attempts: int) -> timedelta:
    """The wait after the try of that number: 1 min, 4 min, 16 min, 64 min, 4 h 16, then 6 h each time."""
    return min(timedelta(minutes=4 ** (attempts - 1)), LONGEST_WAIT)
