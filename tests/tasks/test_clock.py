"""The clock calls what is due, and calling twice does no harm."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from models.base import now
from services.retention import purge_due
from tasks.clock import ENTRIES
from tasks.queue import queue
from tests.cast import Cast, make_event


def due(name: str, at: datetime) -> bool:
    """Whether the scheduler would put the entry of that name into the queue at that minute."""
    return any(task.name == name for task in queue.read_periodic(at))


def test_every_entry_runs_twice_on_an_empty_database(app: Flask) -> None:
    for _ in range(2):
        for entry in ENTRIES:
            entry.call_local()  # type: ignore[attr-defined]


def test_every_entry_runs_on_a_full_one(app: Flask, cast: Cast) -> None:
    make_event()
    for entry in ENTRIES:
        entry.call_local()  # type: ignore[attr-defined]


@pytest.mark.pure
def test_mails_each_minute_and_forgetting_once_a_night() -> None:
    midnight = datetime(2026, 11, 24)  # noqa: DTZ001 (the scheduler's own clock is naive UTC)
    minutes = [midnight + timedelta(minutes=number) for number in range(24 * 60)]
    assert sum(due("deliver_mails", at) for at in minutes) == 1440
    assert sum(due("remind", at) for at in minutes) == 144
    assert [at.strftime("%H:%M") for at in minutes if due("forget", at)] == ["02:20"]


def test_nothing_is_forgotten_before_its_time(app: Flask, cast: Cast) -> None:
    assert set(purge_due(now()).values()) == {0}
