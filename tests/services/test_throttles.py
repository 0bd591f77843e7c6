"""Limits are rows: so many in a window, then a time to come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from models.base import db
from models.credentials import Throttle
from services.throttles import TooMany, allow, count_locked, forget_old_locked, forgive_locked, network_key
from services.transaction import writing

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def once(key: str = "carol") -> None:
    with writing():
        allow("code", key, 3, HOUR)
        count_locked("code", key)


def test_it_works(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for minutes in (0, 10, 20):
            clock.move_to(NOON + timedelta(minutes=minutes))
            once()
        with pytest.raises(TooMany) as limit:
            once()
        assert limit.value.retry_at == NOON + HOUR, "when the oldest of the three leaves the window"
        clock.move_to(NOON + HOUR - timedelta(seconds=1))
        with pytest.raises(TooMany):
            once()
        clock.move_to(NOON + HOUR)
        once()
        with pytest.raises(TooMany) as limit:
            once()
        assert limit.value.retry_at == NOON + HOUR + timedelta(minutes=10)


def test_a_refusal_is_not_counted(app: Flask) -> None:
    for _ in range(3):
        once()
    for _ in range(5):
        with pytest.raises(TooMany):
            once()
    assert db.session.scalar(select(func.count()).select_from(Throttle)) == 3


def test_keys_and_kinds_are_apart(app: Flask) -> None:
    for _ in range(3):
        once("carol")
    once("bob")
    allow("password", "carol", 1, HOUR)


def test_forgiven(app: Flask) -> None:
    for _ in range(3):
        once()
    with writing():
        forgive_locked("code", "carol")
    once()


def test_old_rows_go(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        once()
        clock.move_to(NOON + timedelta(days=2, seconds=1))
        once()
        with writing():
            assert forget_old_locked(NOON + timedelta(days=2, seconds=1)) == 1


@pytest.mark.pure
@pytest.mark.parametrize(
    "ip, key",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_one_household_is_one_visitor(ip: str, key: str) -> None:
    assert network_key(ip) == key
