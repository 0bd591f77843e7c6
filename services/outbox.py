"""The outbox: mails written in the transaction of their cause; services/delivery.py sends them after the commit.

Who queues says which template, to whom, in which language, and gives the rows it is about; the words are made when the
mail leaves (services/letters.py), from the rows as they are then. `context` holds only what no row keeps:

    sign_in_code, registration_code, order_code, prove_address   code, link (a path or an address), expires_at (ISO)
    order_code                                                    order (its code), when no registration is given
    registration_confirmed                                        from_waiting_list (true: a place became free)
    registration_cancelled                                        by_organiser (true or false)
    registration_expired                                          was_offer (true: an offer, false: a payment)
    registration_cancelled, event_cancelled, event_postponed      reason (words of the organiser; may be missing)
    event_changed                                                 before (services/letters.py: whereabouts, before it)
    payment_received                                              cents
    team_order                                                    left_out (names; may be missing)
    decision_due, decision_moved                                  decides (ISO: until when it is decided)
    exemption_asked                                               exemptions (public ids of the requests)
    refund_paid                                                   cents, by_card (true: it returns to the card)
    refund_account                                                order (its code): where shall the money go?
    payment_partly                                                cents (what came), missing (what is still to come)
    order_due                                                     step (notice, first, second), cents, due (in words)
    certificate_ready                                             certificate (its public id)
    invoice_issued                                                invoice (its public id)
    withdrawal_received                                           received_at (ISO)
    address_changed                                               address (the new one)
    affiliation_*, membership_*                                   organisation; claimant or membership (public ids);
                                                                  decision (services/letter_companies.py), reason

All but the codes, address_changed and those of organisations and invoices need an event; all registration_*, place_*, payment_*, event_* and certificate_ready
a registration too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from models.base import Base, db, now
from models.events import Event
from models.outbox import Delivery, OutboxMessage
from models.people import Person
from models.registrations import Registration
from services.audit import record_locked
from services.many_rows import insert_many_locked
from services.transaction import require_writing, writing

WRITTEN = "mails written"  # the key in Session.info of the ids that wait for the commit (tasks/delivery.py)
TOGETHER = "mails together"  # the key of the mails that mails_together_locked will write
CODES = frozenset({"sign_in_code", "registration_code", "order_code", "prove_address"})


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
    if unique_key is not None:
        return once_locked(message)
    session.add(message)
    return message


@contextmanager
def mails_together_locked() -> Iterator[None]:
    """The mails gathered inside (gather_mail_locked) are written with one statement at its end, and leave after the commit
    like any other."""
    session = require_writing()
    gathered: list[dict[str, Any]] = []
    session.info[TOGETHER] = gathered
    try:
        yield
    finally:
        del session.info[TOGETHER]
    if gathered:
        at = now()
        rows = [{**mail, "due_at": at, "created_at": at} for mail in gathered]
        session.info.setdefault(WRITTEN, []).extend(insert_many_locked(OutboxMessage, rows))


def gather_mail_locked(
    template: str, recipient: str, *, locale: str, name: str, person: int | None, event: int, registration: int,
    context: dict[str, Any],
) -> bool:  # fmt: skip
    """Leave a mail that is due at once to mails_together_locked; False when that is not open."""
    gathered = require_writing().info.get(TOGETHER)
    if gathered is None:
        return False
    gathered.append(
        {"template": template, "recipient": recipient.strip(), "recipient_name": name[:250], "person_id": person,
         "event_id": event, "registration_id": registration, "locale": locale, "context": context}
    )  # fmt: skip
    return True


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


def revive(message_id: str, actor: Person) -> OutboxMessage:
    """Try a dead mail again, from the beginning; `message_id` is its public id. Raises NoResultFound, CannotRevive."""
    with writing() as session:
        message = session.execute(
            select(OutboxMessage).where(OutboxMessage.public_id == message_id).with_for_update()
        ).scalar_one()
        if message.delivery != Delivery.DEAD or message.template in CODES:
            raise CannotRevive(message.template)
        message.delivery, message.attempts, message.due_at = Delivery.QUEUED, 0, now()
        record_locked("mail.revived", actor, subject_kind="mail", subject_id=message.id)
        return message


def counts() -> dict[Delivery, int]:
    """How many mails stand where: queued, sent, dead."""
    rows = db.session.execute(select(OutboxMessage.delivery, func.count()).group_by(OutboxMessage.delivery))
    found = {Delivery(delivery): number for delivery, number in rows}
    return {delivery: found.get(delivery, 0) for delivery in Delivery}


def troubled(delivery: Delivery, limit: int = 100) -> list[OutboxMessage]:
    """The latest mails that stand there and had trouble on the way, newest first: what staff should look at."""
    query = select(OutboxMessage).where(OutboxMessage.delivery == delivery, OutboxMessage.last_error != "")
    return list(db.session.scalars(query.order_by(OutboxMessage.id.desc()).limit(limit)))
