"""Signed-in browsers: a random key, 30 days, revocable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from models.base import db, now
from models.credentials import SignIn
from models.people import Person
from services.sign_ins import (
    forget_old_locked,
    is_fresh,
    live_sign_ins,
    mark_seen,
    open_sign_in_locked,
    revoke,
    revoke_others,
    sign_in_of,
)
from services.transaction import writing
from tests.cast import Cast

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def enter(person: Person, method: str = "code") -> str:
    with writing():
        return open_sign_in_locked(person, method, browser="Firefox", ip="192.0.2.1")


def row_of(key: str) -> SignIn:
    db.session.rollback()
    row = sign_in_of(key)
    assert row is not None
    return row


def test_it_works(cast: Cast) -> None:
    key = enter(cast.bob)
    assert row_of(key).person is cast.bob
    assert key not in str([getattr(row_of(key), column.key) for column in SignIn.__table__.columns])
    assert sign_in_of(key + "x") is None
    assert sign_in_of("") is None


def test_thirty_days(cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key = enter(cast.bob)
        clock.move_to(NOON + timedelta(days=30, seconds=-1))
        assert sign_in_of(key)
        clock.move_to(NOON + timedelta(days=30))
        assert sign_in_of(key) is None
        clock.move_to(NOON + timedelta(days=60, seconds=1))
        with writing():
            assert forget_old_locked(now()) == 1


def test_revoked(cast: Cast) -> None:
    key, other = enter(cast.bob), enter(cast.bob)
    assert not revoke(cast.carol.id, row_of(key).public_id), "Carol cannot sign Bob out"
    assert sign_in_of(key)
    assert revoke(cast.bob.id, row_of(key).public_id)
    assert sign_in_of(key) is None
    assert sign_in_of(other)


def test_revoke_all_others(cast: Cast) -> None:
    keys = [enter(cast.bob) for _ in range(3)]
    carols = enter(cast.carol)
    assert revoke_others(cast.bob, row_of(keys[1]).id) == 2
    assert [sign_in_of(key) is not None for key in (*keys, carols)] == [False, True, False, True]
    assert len(live_sign_ins(cast.bob)) == 1


def test_an_erased_person_is_signed_out(cast: Cast) -> None:
    key = enter(cast.bob)
    with writing():
        cast.bob.erased_at = now()
    assert sign_in_of(key) is None


def test_seen_once_an_hour(app: Flask, cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key = enter(cast.bob)
        for minutes, seen in ((59, 0), (60, 60), (70, 60), (121, 121)):
            clock.move_to(NOON + timedelta(minutes=minutes))
            mark_seen(row_of(key).id)
            assert row_of(key).seen_at == NOON + timedelta(minutes=seen)


def test_fresh_after_a_mail_only(cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        code, password = enter(cast.bob), enter(cast.bob, "password")
        assert is_fresh(row_of(code))
        assert not is_fresh(row_of(password))
        clock.move_to(NOON + timedelta(minutes=15))
        assert not is_fresh(row_of(code))


def test_newest_seen_first(cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = enter(cast.bob)
        clock.move_to(NOON + timedelta(hours=2))
        second = enter(cast.bob)
        assert [row.id for row in live_sign_ins(cast.bob)] == [row_of(second).id, row_of(first).id]
        clock.move_to(NOON + timedelta(hours=4))
        mark_seen(row_of(first).id)
        assert [row.id for row in live_sign_ins(cast.bob)] == [row_of(first).id, row_of(second).id]
    assert db.session.scalars(select(SignIn)).all()
