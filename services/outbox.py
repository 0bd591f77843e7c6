"""The outbox: mails written in the transaction of their cause, then delivered until the server takes them.

Who queues says which template, to whom, in which language, and gives the rows it is about; the words are made when the
mail leaves (services/letters.py), from the rows as they are then. `context` holds only what no row keeps:

    sign_in_code, registration_code, order_code, prove_address   code, link (a path or an address), expires_at (ISO)
    place_offered                                                 until (ISO), when not the registration's hold_until
    registration_confirmed                                        from_waiting_list (true): a place became free
    registration_cancelled, event_cancelled, event_postponed      reason (free words of the organiser; may be missing)
    event_changed                                                 before (services/letters.py: whereabouts of the event)
    payment_received                                              cents
    certificate_ready                                             certificate (its public id)
    address_changed                                               address (the new one)
    registration_*, payment_received, order_code                  order (its code), when no registration is given

A crash loses no mail. A crash between the server's 250 and our commit may repeat one, with the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from integrations.mail import Letter, Refused, Unsent
from models.base import Base, db, now
from models.events import Event
from models.outbox import Delivery, OutboxMessage
from models.people import Person
from models.registrations import Registration
from services.letters import NothingToSay, compose
from services.transaction import require_writing, writing

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than the slowest SMTP conversation: the timeouts of integrations/mail.py add up
MAX_ATTEMPTS = 12  # with the waits below: a day and a half of trying
LONGEST_WAIT = timedelta(hours=6)
SECRETS = ("code", "link")  # wiped from the context once they have left, or can no longer be of use
CODES = frozenset({"sign_in_code", "registration_code", "order_code", "prove_address"})

Send = Callable[[Letter], None]


class CannotRevive(ValueError):
    """The mail is not dead, or carried a code that is used up: the person asks for a new one."""


def queue_mail_locked(
    template: str,
    recipient: str,
    *,
    locale: str,
    name: str = "",
    person: Person | int | None = None,
    event: Event | int | None = None,
    registration: Registration | int | None = None,
    context: dict[str, Any] | None = None,
    unique_key: str | None = None,
    due_at: datetime | None = None,
) -> OutboxMessage:
    """Write one mail to be sent after the commit. Rows may be given as objects or by id.

    With a `unique_key` that is already there nothing is written and the first mail is returned: one cause, one mail.
    """
    session = require_writing()
    if any(isinstance(row, Base) and row.id is None for row in (person, event, registration)):
        session.flush()
    message = OutboxMessage(
        template=template,
        recipient=recipient.strip(),
        recipient_name=name[:250],
        person_id=id_of(person),
        event_id=id_of(event),
        registration_id=id_of(registration),
        locale=locale,
        context=context or {},
        unique_key=unique_key,
        due_at=due_at or now(),
    )
    if unique_key is None:
        session.add(message)
        return message
    return once_locked(message)


def once_locked(message: OutboxMessage) -> OutboxMessage:
    """Add the message, or return the one that has its key. Two transactions may write the same key at once: the
    savepoint keeps the work of the second."""
    session = require_writing()
    same = select(OutboxMessage).where(OutboxMessage.unique_key == message.unique_key)
    if first := session.scalar(same):
        return first
    try:
        with session.begin_nested():
            session.add(message)
    except IntegrityError:
        return session.execute(same).scalar_one()
    return message


def id_of(row: Base | int | None) -> int | None:
    return row.id if isinstance(row, Base) else row


def due_messages(at: datetime | None = None, limit: int = 200) -> list[int]:
    """The ids of the mails that are due and that no worker holds, oldest first."""
    at = at or now()
    query = (
        select(OutboxMessage.id)
        .where(OutboxMessage.delivery == Delivery.QUEUED, OutboxMessage.due_at <= at)
        .where(or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= at))
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    )
    found = list(db.session.scalars(query))
    db.session.rollback()  # a worker waits between rounds: it holds no read transaction meanwhile
    return found


def deliver(message_id: int, send: Send) -> Delivery | None:
    """Try once to send one mail. Returns where it stands now; None when it is not due, sent already, or another
    worker holds it. Never raises for a mail that cannot be sent: its row says why, and when the next try is.
    """
    lease = lease_message(message_id)
    if lease is None:
        return None
    try:
        letter = compose(db.session.get_one(OutboxMessage, message_id))
        db.session.rollback()  # no transaction stays open while the server is spoken to
        send(letter)
    except (Refused, NothingToSay) as error:
        return give_up(message_id, lease, str(error))
    except Unsent as error:
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


def revive(message_id: str) -> OutboxMessage:
    """Try a dead mail again, from the beginning; `message_id` is its public id. Raises NoResultFound, CannotRevive."""
    with writing() as session:
        message = session.execute(
            select(OutboxMessage).where(OutboxMessage.public_id == message_id).with_for_update()
        ).scalar_one()
        if message.delivery != Delivery.DEAD or message.template in CODES:
            raise CannotRevive(message.template)
        message.delivery, message.attempts, message.due_at = Delivery.QUEUED, 0, now()
        return message


def counts() -> dict[Delivery, int]:
    """How many mails stand where: queued, sent, dead."""
    rows = db.session.execute(select(OutboxMessage.delivery, func.count()).group_by(OutboxMessage.delivery))
    found = {Delivery(delivery): number for delivery, number in rows}
    return {delivery: found.get(delivery, 0) for delivery in Delivery}


def recent(delivery: Delivery, limit: int = 100) -> list[OutboxMessage]:
    """The latest mails that stand there, newest first."""
    query = select(OutboxMessage).where(OutboxMessage.delivery == delivery)
    return list(db.session.scalars(query.order_by(OutboxMessage.id.desc()).limit(limit)))
