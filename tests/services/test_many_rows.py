"""Many rows with one statement are the same rows as one by one: same types, same defaults, same refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from models.base import db
from models.outbox import Delivery, OutboxMessage
from services.many_rows import among, insert_many_locked, update_many_locked
from services.transaction import writing

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
BRUSSELS = timezone(timedelta(hours=1))
COLUMNS = "template, recipient, recipient_name, locale, context, delivery, attempts, due_at, created_at, last_error"


def mail(number: int, **changes: object) -> dict[str, object]:
    facts = {"template": "event_reminder", "recipient": f"guest{number}@example.org", "locale": "fr", "due_at": AT,
             "created_at": AT.astimezone(BRUSSELS), "context": {"of": number, "said": "« 100 % 'é' »"}}  # fmt: skip
    return facts | changes


def kept() -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def test_they_are_as_the_session_writes_them(app: Flask) -> None:
    """Compared as the database keeps them: the engine's own text of a moment, of JSON, of a default."""
    with writing() as session:
        insert_many_locked(OutboxMessage, [mail(1), mail(2)])
        session.add(OutboxMessage(**mail(1)))
    together, _, alone = db.session.execute(text(f"SELECT {COLUMNS} FROM outbox_message ORDER BY id"))
    assert together == alone
    first, second, _ = kept()
    assert (first.due_at, first.delivery, first.attempts) == (AT, Delivery.QUEUED, 0)
    assert first.context == {"of": 1, "said": "« 100 % 'é' »"}
    assert len({first.public_id, second.public_id}) == 2
    assert len(first.public_id) == 26


def test_the_ids_come_in_the_order_of_the_rows(app: Flask) -> None:
    with writing():
        insert_many_locked(OutboxMessage, [mail(9)])
        ids = insert_many_locked(OutboxMessage, [mail(number) for number in range(30)])
    assert [row.id for row in kept()[1:]] == ids
    assert [row.context["of"] for row in kept()[1:]] == list(range(30))


def test_no_row_is_no_statement(app: Flask) -> None:
    with writing():
        assert insert_many_locked(OutboxMessage, []) == []
        update_many_locked([], {"attempts": 1})


def test_what_is_there_already_is_left_when_so_asked(app: Flask) -> None:
    with writing():
        insert_many_locked(OutboxMessage, [mail(1, unique_key="one")])
        again = [mail(2, unique_key="one"), mail(3, unique_key="three")]
        assert len(insert_many_locked(OutboxMessage, again, unless="unique_key")) == 1
    assert [row.context["of"] for row in kept()] == [1, 3]


def test_else_it_is_an_error_and_nothing_is_kept(app: Flask) -> None:
    with pytest.raises(IntegrityError), writing():
        insert_many_locked(OutboxMessage, [mail(1, unique_key="one"), mail(2, unique_key="one")])
    assert kept() == []


def test_a_naive_moment_is_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="naive"), writing():
        insert_many_locked(OutboxMessage, [mail(1, due_at=AT.replace(tzinfo=None))])


def test_an_update_of_many_is_known_to_what_is_loaded(app: Flask) -> None:
    with writing():
        insert_many_locked(OutboxMessage, [mail(1), mail(2), mail(3)])
        rows = kept()
        update_many_locked(rows[:2], {"attempts": 4, "sent_at": AT})
        assert [row.attempts for row in rows] == [4, 4, 0]
        assert not db.session.dirty
    db.session.expire_all()
    assert [(row.attempts, row.sent_at) for row in kept()] == [(4, AT), (4, AT), (0, None)]


@pytest.mark.parametrize("numbers", [[], [1], [1, 3, 9]])
def test_among(app: Flask, numbers: list[int]) -> None:
    with writing():
        insert_many_locked(OutboxMessage, [mail(1), mail(2), mail(3)])
    wanted = [f"guest{number}@example.org" for number in numbers]
    found = db.session.scalars(select(OutboxMessage.recipient).where(among(OutboxMessage.recipient, wanted)))
    assert set(found) == set(wanted) - {"guest9@example.org"}
