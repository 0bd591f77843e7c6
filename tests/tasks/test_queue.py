"""The queue on every engine: what goes in comes out, runs in the application, and is ours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, current_app
from huey.storage import SqliteStorage

from tasks.queue import UnknownQueue, engine_of, queue
from tests.conftest import make_settings, postgres_url

pytestmark = pytest.mark.slow
seen: list[tuple[str, str]] = []


@queue.task()
def note(words: str) -> None:
    seen.append((words, current_app.name))


@pytest.fixture
def bound(app: Flask, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Binds the queue to the application with another QUEUE_URL, for this test."""
    own = app.extensions["atrium"]

    def bind(url: str) -> None:
        app.extensions["atrium"] = make_settings(tmp_path, own.database_url, queue_url=url)
        queue.bind(app)

    seen.clear()
    yield bind
    if not queue.immediate and isinstance(queue._storage, SqliteStorage):
        queue.storage.close()
    app.extensions["atrium"] = own
    queue.bind(app)


@pytest.fixture(params=["sqlite", "redis", "postgresql"])
def queue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'queue.db'}"
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    name = f"queue_{request.getfixturevalue('worker_id')}"
    return postgres_url(request.getfixturevalue("postgres"), name)


def test_what_goes_in_comes_out(bound: Callable[[str], None], queue_url: str) -> None:
    bound(queue_url)
    note("first")
    note("second")
    assert seen == []
    while task := queue.dequeue():
        queue.execute(task)
    assert seen == [("first", "app"), ("second", "app")]
    queue.storage.close()


def test_what_others_wrote_into_it_is_not_run(bound: Callable[[str], None], tmp_path: Path) -> None:
    bound(f"sqlite:///{tmp_path / 'queue.db'}")
    note("ours")
    data = queue.storage.dequeue()
    queue.storage.enqueue(data.replace(b"ours", b"them"))
    with pytest.raises(ValueError, match="mismatch"):
        queue.dequeue()


def test_a_queue_out_of_reach_stops_nobody(bound: Callable[[str], None], caplog: pytest.LogCaptureFixture) -> None:
    bound("redis://127.0.0.1:1/0")
    with caplog.at_level(logging.ERROR):
        note("later")
    assert "cannot be reached" in caplog.text


def test_in_memory_it_runs_at_once(bound: Callable[[str], None]) -> None:
    bound("memory://")
    note("now")
    assert seen == [("now", "app")]


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UnknownQueue, match="amqp"):
        engine_of("amqp://somewhere")
