"""After the commit the worker is woken, never before, and never for what was rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.outbox import Delivery, OutboxMessage
from models.registrations import Registration
from services.notices import tell_locked
from services.outbox import mails_together_locked, queue_mail_locked
from services.transaction import require_writing, writing
from tasks.delivery import AT_ONCE, MOST_TASKS, deliver_due
from tasks.queue import queue
from tests.cast import Cast, make_event
from tests.services.post import mail, registered


@pytest.fixture
def kept_queue(app: Flask) -> Iterator[None]:
    """The memory queue keeps its tasks for a worker, as the other engines do, instead of running them at once."""
    queue._immediate = False
    queue.storage.flush_all()
    yield
    queue.storage.flush_all()
    queue._immediate = True


def woken() -> list[list[int]]:
    """The ids in the waiting tasks, in order."""
    return [task.args[0] for task in queue.pending()]


def add(**changes: object) -> OutboxMessage:
    return queue_mail_locked("sign_in_unknown", "bob@lysara.example", locale="en", **changes)  # type: ignore[arg-type]


def test_a_commit_wakes_the_worker(kept_queue: None) -> None:
    with writing():
        message = add()
        require_writing().flush()
        assert woken() == []
    assert woken() == [[message.id]]


def test_many_mails_are_a_few_tasks(kept_queue: None) -> None:
    with writing():
        for _ in range(AT_ONCE + 1):
            add()
    assert [len(ids) for ids in woken()] == [AT_ONCE, 1]


def test_very_many_mails_are_not_many_more(kept_queue: None) -> None:
    """A chunk of a bank's file: each task costs the queue a write of its own."""
    with writing():
        for _ in range(AT_ONCE * MOST_TASKS + 80):
            add()
    lots = woken()
    assert (len(lots), sum(map(len, lots))) == (MOST_TASKS, AT_ONCE * MOST_TASKS + 80)


def test_a_rollback_wakes_nobody(kept_queue: None) -> None:
    with pytest.raises(ZeroDivisionError), writing() as session:
        add()
        session.flush()
        1 / 0  # noqa: B018
    with writing():
        add(unique_key="other")
    assert len(woken()) == 1
    assert len(woken()[0]) == 1


def test_a_key_that_was_there_forgets_nothing_else(kept_queue: None) -> None:
    with writing():
        add(unique_key="once")
    with writing() as session:
        message = add()
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(OutboxMessage(template="x", recipient="x", locale="en", unique_key="once"))
        assert len(woken()) == 1  # a savepoint is no commit
    assert woken()[1:] == [[message.id]]


def test_what_is_for_later_wakes_nobody(kept_queue: None) -> None:
    with writing():
        add(due_at=now() + timedelta(hours=1))
    assert woken() == []


def test_mails_written_together_wake_the_worker_too(kept_queue: None, cast: Cast) -> None:
    asked = select(Registration).where(Registration.id == registered(cast.bob, make_event()).id)
    waking = woken()
    with writing() as session:
        registration = session.scalars(asked.options(joinedload(Registration.order))).one()
        with mails_together_locked():
            for _ in range(2):
                tell_locked("event_reminder", registration)
        assert woken() == waking
        ids = list(session.scalars(select(OutboxMessage.id).order_by(OutboxMessage.id.desc()).limit(2)))
    assert woken() == [*waking, sorted(ids)]


def test_a_worker_delivers_what_it_was_woken_for(kept_queue: None, cast: Cast) -> None:
    message = mail("registration_confirmed", cast)
    for task in queue.pending():
        queue.execute(task)
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(OutboxMessage, message.id).delivery == Delivery.SENT


def test_nothing_leaves_by_itself_in_tests(app: Flask) -> None:
    with writing():
        message = add()
    assert message.delivery == Delivery.QUEUED
    assert deliver_due() == 1
    assert deliver_due() == 0
    folder = app.extensions["atrium"].instance / "mail"
    assert [path.name for path in folder.iterdir()] == [f"{message.public_id}.eml"]


def test_the_clock_goes_on_after_a_mail_that_fails(app: Flask) -> None:
    with writing():
        queue_mail_locked("no_such_template", "bob@lysara.example", locale="en")
        add()
    assert deliver_due() == 1
