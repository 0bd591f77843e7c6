"""The outbox: one cause, one mail, in the transaction of its cause; and what staff can do about a dead one."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import NoResultFound

from models.base import db, now
from models.outbox import AuditEntry, Delivery, OutboxMessage
from services.audit import record, record_locked
from services.outbox import CannotRevive, counts, due_messages, queue_mail_locked, revive, troubled
from services.transaction import writing
from tests.cast import Cast, make_event


def queue(template: str = "sign_in_code", **changes: object) -> OutboxMessage:
    with writing():
        return queue_mail_locked(template, "bob@lysara.example", locale="en", **changes)  # type: ignore[arg-type]


def test_it_works(cast: Cast) -> None:
    event = make_event()
    with writing():
        message = queue_mail_locked(
            "event_reminder", " bob@lysara.example ", locale="fr", name="Bob Lambert", person=cast.bob, event=event.id
        )
    assert (message.recipient, message.recipient_name) == ("bob@lysara.example", "Bob Lambert")
    assert (message.person_id, message.event_id, message.registration_id) == (cast.bob.id, event.id, None)
    assert message.delivery == Delivery.QUEUED
    assert due_messages() == [message.id]


def test_it_needs_an_open_transaction(app: Flask) -> None:
    with pytest.raises(RuntimeError):
        queue_mail_locked("sign_in_code", "bob@lysara.example", locale="en")


def test_a_cause_that_is_rolled_back_sends_nothing(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        queue_mail_locked("sign_in_code", "bob@lysara.example", locale="en")
        1 / 0  # noqa: B018
    assert db.session.query(OutboxMessage).count() == 0


def test_one_key_one_mail(app: Flask) -> None:
    first = queue(unique_key="reminder:1")
    second = queue(unique_key="reminder:1", name="Somebody else")
    assert first.id == second.id
    assert queue(unique_key="reminder:2").id != first.id
    assert db.session.query(OutboxMessage).count() == 2


def test_one_key_one_mail_in_one_transaction_and_the_rest_of_it_stands(cast: Cast) -> None:
    with writing():
        record_locked("event.edited", cast.alice)
        for _ in range(2):
            queue_mail_locked("sign_in_code", "bob@lysara.example", locale="en", unique_key="once")
        record_locked("event.edited", cast.alice)
    assert db.session.query(OutboxMessage).count() == 1
    assert db.session.query(AuditEntry).count() == 2


def test_one_key_one_mail_when_two_write_it_at_once(app: Flask) -> None:
    """On PostgreSQL both look before either has written; the second then meets the index."""
    inside = threading.Barrier(2, timeout=5)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with app.app_context(), writing():
                if db.engine.dialect.name == "postgresql":
                    inside.wait()
                queue_mail_locked("sign_in_code", "bob@lysara.example", locale="en", unique_key="once")
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert db.session.query(OutboxMessage).count() == 1


def test_later_is_not_due_yet(app: Flask) -> None:
    later = queue(due_at=now() + timedelta(hours=1))
    soon = queue()
    assert due_messages() == [soon.id]
    assert due_messages(now() + timedelta(hours=2)) == [soon.id, later.id]


def dead(**changes: object) -> OutboxMessage:
    message = queue(**changes)  # type: ignore[arg-type]
    with writing() as session:
        row = session.get_one(OutboxMessage, message.id)
        row.delivery, row.attempts, row.last_error = Delivery.DEAD, 12, "550 no such person"
    return message


def test_staff_try_a_dead_mail_again(cast: Cast) -> None:
    message = dead(template="event_reminder")
    assert counts() == {Delivery.QUEUED: 0, Delivery.SENT: 0, Delivery.DEAD: 1}
    assert [row.id for row in troubled(Delivery.DEAD)] == [message.id]
    revived = revive(message.public_id, cast.alice)
    assert (revived.delivery, revived.attempts) == (Delivery.QUEUED, 0)
    assert due_messages() == [message.id]
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.actor_id, entry.subject_id) == ("mail.revived", cast.alice.id, message.id)


def test_what_is_not_dead_or_carried_a_code_stays(cast: Cast) -> None:
    with pytest.raises(CannotRevive):
        revive(queue("event_reminder").public_id, cast.alice)
    with pytest.raises(CannotRevive):
        revive(dead().public_id, cast.alice)
    with pytest.raises(NoResultFound):
        revive("nothing", cast.alice)
    assert db.session.query(AuditEntry).count() == 0


def test_an_audit_entry_stands_with_what_it_tells_of(cast: Cast) -> None:
    event = make_event()
    with pytest.raises(ZeroDivisionError), writing():
        record_locked("event.cancelled", cast.alice, event=event)
        1 / 0  # noqa: B018
    entry = record("attendees.exported", cast.alice, event=event, details={"rows": 12}, ip="192.0.2.7")
    assert db.session.query(AuditEntry).one() is entry
    assert (entry.event_id, entry.details, entry.ip) == (event.id, {"rows": 12}, "192.0.2.7")
    assert record("event.running", None).actor_id is None
