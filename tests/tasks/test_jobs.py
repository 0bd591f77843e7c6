"""Jobs run to their end, survive a worker that stops, and are run by one worker at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from models.base import db, now
from models.outbox import Job
from services import jobs
from services.jobs import advance, latest_job, lease_job, start_job_locked, waiting_jobs
from services.transaction import writing
from tasks import jobs as running
from tasks.jobs import run_waiting_jobs
from tasks.queue import queue
from tests.cast import Cast, make_event


def start(cast: Cast, total: int = 3) -> Job:
    event = make_event()
    with writing():
        return start_job_locked("issue_certificates", event, cast.alice, total)


def fresh(job: Job) -> Job:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Job, job.id)


def step(job_id: int) -> bool:
    """One unit of work, as a service does it."""
    job = db.session.get_one(Job, job_id, populate_existing=True)
    if job.done >= job.total:
        return False
    advance(job_id, "Bob: no name" if job.done == 1 else None)
    return True


@pytest.fixture
def three_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.STEPS, "issue_certificates", step)


def test_it_works(three_steps: None, cast: Cast) -> None:
    job = start(cast)
    assert waiting_jobs() == [job.id]
    assert run_waiting_jobs() == 1
    done = fresh(job)
    assert (done.done, done.total, done.problems, done.leased_until) == (3, 3, ["Bob: no name"], None)
    assert done.finished_at
    assert waiting_jobs() == []
    assert latest_job("issue_certificates", job.event_id or 0) is done


def test_one_worker_at_a_time(three_steps: None, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(cast)
    assert lease_job(job.id)
    assert lease_job(job.id) is None
    assert run_waiting_jobs() == 0
    monkeypatch.setattr(jobs, "now", lambda: now() + jobs.LEASE + timedelta(seconds=1))
    assert run_waiting_jobs() == 1
    assert fresh(job).finished_at


def test_a_step_that_fails_is_told_once_and_tried_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(job_id: int) -> bool:
        raise RuntimeError("the paper is out")

    monkeypatch.setitem(running.STEPS, "issue_certificates", fails)
    job = start(cast)
    run_waiting_jobs()
    assert fresh(job).problems == ["RuntimeError: the paper is out"]
    assert waiting_jobs() == []
    monkeypatch.setattr(jobs, "now", lambda: now() + running.RETRY + timedelta(seconds=1))
    run_waiting_jobs()
    assert fresh(job).problems == ["RuntimeError: the paper is out"]
    assert fresh(job).finished_at is None


@pytest.fixture
def kept_queue(app: Flask) -> Iterator[None]:
    """The memory queue keeps its tasks for a worker instead of running them at once."""
    queue._immediate = False
    queue.storage.flush_all()
    yield
    queue.storage.flush_all()
    queue._immediate = True


def test_a_commit_wakes_the_worker(kept_queue: None, three_steps: None, cast: Cast) -> None:
    job = start(cast)
    [task] = queue.pending()
    assert task.args == (job.id,)
    queue.execute(task)
    assert fresh(job).finished_at


def test_a_long_job_leaves_turns_to_others(
    kept_queue: None, three_steps: None, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TURN", 0.0)
    job = start(cast)
    for done in (1, 2, 3):
        [task] = queue.pending()
        queue.storage.flush_queue()
        queue.execute(task)
        assert (fresh(job).done, fresh(job).finished_at, fresh(job).leased_until) == (done, None, None)
    [task] = queue.pending()
    queue.storage.flush_queue()
    queue.execute(task)
    assert fresh(job).finished_at
    assert queue.pending() == []


def test_a_rollback_wakes_nobody(kept_queue: None, cast: Cast) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        start_job_locked("issue_certificates", None, cast.alice, 1)
        1 / 0  # noqa: B018
    assert queue.pending() == []
