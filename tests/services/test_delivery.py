"""Delivery against a real SMTP server: taken, put off, refused, away; and workers that die or meet."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask, current_app

from integrations import mail as integration
from models.base import db, now
from models.outbox import Delivery, OutboxMessage
from services import delivery
from services.delivery import LEASE, MAX_ATTEMPTS, deliver, lease_message, wait_after
from services.letters import compose
from services.outbox import due_messages, queue_mail_locked
from services.transaction import writing
from tests.cast import Cast
from tests.integrations.post_office import PostOffice, post_office  # noqa: F401  (a fixture)
from tests.services.post import mail

AWAY = "smtp://127.0.0.1:9"  # nobody listens on the discard port


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Send to `url` for the rest of the test."""
    monkeypatch.setitem(app.extensions, "atrium", replace(app.extensions["atrium"], mail_url=url))


@pytest.fixture
def office(app: Flask, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> PostOffice:  # noqa: F811
    use(app, monkeypatch, post_office.url)
    return post_office


def row(message: OutboxMessage) -> OutboxMessage:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(OutboxMessage, message.id)


def queue_code() -> OutboxMessage:
    with writing():
        return queue_mail_locked(
            "sign_in_code",
            "bob@lysara.example",
            locale="en",
            context={
                "code": "123456",
                "link": "/sign-in/link/x",
                "expires_at": (now() + timedelta(minutes=15)).isoformat(),
            },
        )


def test_it_works(office: PostOffice, cast: Cast) -> None:
    message = mail("registration_confirmed", cast, "fr", name="Bob Lambert")
    assert deliver(message.id) is Delivery.SENT
    [letter] = office.taken
    assert letter["Message-ID"] == f"<{message.public_id}@mosan.example>"
    assert letter["To"] == "Bob Lambert <bob@lysara.example>"
    sent = row(message)
    assert (sent.delivery, sent.attempts, sent.leased_until, sent.last_error) == (Delivery.SENT, 1, None, "")
    assert sent.sent_at
    assert deliver(message.id) is None
    assert len(office.taken) == 1


def test_a_code_is_wiped_once_it_has_left(office: PostOffice, app: Flask) -> None:
    message = queue_code()
    deliver(message.id)
    assert "123\N{NO-BREAK SPACE}456" in office.taken[0]["Subject"]
    assert set(row(message).context) == {"expires_at"}


def test_a_code_that_is_over_is_not_sent(office: PostOffice, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    message = queue_code()
    monkeypatch.setattr(delivery, "now", lambda: now() + timedelta(minutes=16))
    assert deliver(message.id) is None
    assert row(message).delivery == Delivery.DEAD
    assert "code" not in row(message).context
    assert not office.taken


def test_a_busy_server_is_asked_again(office: PostOffice, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    message = queue_code()
    office.to_recipient.append("451 4.7.1 Come back later")
    assert deliver(message.id) is Delivery.QUEUED
    late = row(message)
    assert "Come back later" in late.last_error
    assert timedelta(seconds=50) < late.due_at - now() <= timedelta(minutes=1)
    assert due_messages() == []
    assert deliver(message.id) is None  # not due yet
    monkeypatch.setattr(delivery, "now", lambda: now() + timedelta(minutes=2))
    assert deliver(message.id) is Delivery.SENT
    assert len(office.taken) == 1


def test_a_refused_recipient_is_dead_at_once(office: PostOffice, app: Flask) -> None:
    message = queue_code()
    office.to_recipient.append("550 5.1.1 No such person here")
    assert deliver(message.id) is Delivery.DEAD
    gone = row(message)
    assert (gone.delivery, gone.attempts, gone.leased_until) == (Delivery.DEAD, 1, None)
    assert "No such person here" in gone.last_error
    assert "code" not in gone.context


def test_a_dead_server_delays_and_never_loses(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    message = mail("registration_confirmed", cast)
    use(app, monkeypatch, AWAY)
    at = now()
    waits = []
    for attempt in range(1, MAX_ATTEMPTS):
        monkeypatch.setattr(delivery, "now", lambda at=at: at)
        assert deliver(message.id) is Delivery.QUEUED, attempt
        waits.append(row(message).due_at - at)
        at = row(message).due_at
    assert waits[0] == timedelta(minutes=1)
    assert waits == sorted(waits)
    assert max(waits) == timedelta(hours=6)
    assert timedelta(days=1) < sum(waits, timedelta()) < timedelta(days=3)
    monkeypatch.setattr(delivery, "now", lambda: at)
    assert deliver(message.id) is Delivery.DEAD
    assert "ConnectionRefusedError" in row(message).last_error


def test_killed_between_the_250_and_our_commit_it_repeats_with_the_same_message_id(
    office: PostOffice, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = mail("registration_confirmed", cast)
    lease_message(message.id)
    integration.send(compose(row(message)), current_app.extensions["atrium"].mail_url)  # and here the power went out
    db.session.rollback()
    assert deliver(message.id) is None  # the dead worker's lease still stands
    assert message.id not in due_messages()
    monkeypatch.setattr(delivery, "now", lambda: now() + LEASE + timedelta(seconds=1))
    assert message.id in due_messages(now() + LEASE + timedelta(seconds=1))
    assert deliver(message.id) is Delivery.SENT
    assert [letter["Message-ID"] for letter in office.taken] == [f"<{message.public_id}@mosan.example>"] * 2
    assert row(message).attempts == 2


def test_a_mail_that_kills_its_worker_each_time_ends(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing():
        message = queue_mail_locked("sign_in_code", "bob@lysara.example", locale="en")
    at = now()
    for _ in range(MAX_ATTEMPTS):
        monkeypatch.setattr(delivery, "now", lambda at=at: at)
        assert lease_message(message.id)
        at += LEASE + timedelta(seconds=1)
    monkeypatch.setattr(delivery, "now", lambda: at)
    assert lease_message(message.id) is None
    assert row(message).delivery == Delivery.DEAD
    assert row(message).last_error


def test_a_worker_that_wakes_up_too_late_does_not_undo_another(office: PostOffice, app: Flask) -> None:
    message = queue_code()
    old = lease_message(message.id)
    assert old
    with writing() as session:
        session.get_one(OutboxMessage, message.id).leased_until = old - LEASE * 2
    assert deliver(message.id) is Delivery.SENT
    assert delivery.postpone(message.id, old, "timed out") is None
    assert delivery.give_up(message.id, old, "refused") is None
    assert row(message).delivery == Delivery.SENT


def test_two_workers_at_once_deliver_once(office: PostOffice, app: Flask, cast: Cast) -> None:
    messages = [queue_code().id for _ in range(6)]
    start = threading.Barrier(3, timeout=10)
    answers: list[Delivery | None] = []

    def work() -> None:
        start.wait()
        for message_id in messages:
            with app.app_context():
                answers.append(deliver(message_id))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(Delivery.SENT) == len(messages)
    assert len({letter["Message-ID"] for letter in office.taken}) == len(office.taken) == len(messages)


def test_no_transaction_is_open_while_the_server_is_spoken_to(
    office: PostOffice, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queue_code()
    seen = []
    send = integration.send

    def watched(letter: integration.Letter, url: str) -> None:
        seen.append(db.session().in_transaction())
        send(letter, url)

    monkeypatch.setattr(integration, "send", watched)
    assert deliver(message.id) is Delivery.SENT
    assert seen == [False]


def test_a_fault_of_ours_stops_one_mail_and_is_tried_again(
    office: PostOffice, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with writing():
        broken = queue_mail_locked("no_such_template", "bob@lysara.example", locale="en")
    assert deliver(broken.id) is Delivery.QUEUED
    assert "TemplateNotFound" in row(broken).last_error
    assert "could not be made" in caplog.text
    assert deliver(queue_code().id) is Delivery.SENT


def test_what_is_no_address_dies_at_once(office: PostOffice, app: Flask) -> None:
    with writing():
        message = queue_mail_locked("sign_in_unknown", "bob@lysara.example\nBcc: evil@kelvin.example", locale="en")
    assert deliver(message.id) is Delivery.DEAD
    assert not office.taken


def test_the_waits_grow_from_a_minute_to_six_hours() -> None:
    minutes = [wait_after(attempt) // timedelta(minutes=1) for attempt in range(1, 8)]
    assert minutes == [1, 4, 16, 64, 256, 360, 360]


def test_a_mail_that_is_not_there_is_passed_over(app: Flask) -> None:
    assert deliver(4711) is None
