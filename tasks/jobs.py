"""Jobs run: one step after the other, as long as there are any, by the worker that holds the lease."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from models.base import db, now
from models.outbox import Job
from services.jobs import finish, hand_on, lease_job, release, waiting_jobs
from tasks.queue import queue

log = logging.getLogger(__name__)


def issue_certificates(job_id: int) -> bool:
    from services.certificates import issue_next  # what prints documents is loaded by the worker, not by the web

    return issue_next(job_id)


def issue_certificates_quietly(job_id: int) -> bool:
    from services.certificates import issue_next_quietly

    return issue_next_quietly(job_id)


def refund_event(job_id: int) -> bool:
    from services.event_refunds import refund_next

    return refund_next(job_id)


STEPS: dict[str, Callable[[int], bool]] = {
    "issue_certificates": issue_certificates,
    "issue_certificates_quietly": issue_certificates_quietly,  # the sample season: dated in the past, without a mail
    "refund_event": refund_event,
}
"""Kind → one step: it takes the job's id, does one short piece of work in its own transactions, calls
`services.jobs.advance`, and answers whether there was anything to do."""

RETRY = timedelta(minutes=2)
TURN = 0.3  # seconds of work before others in the queue have theirs: a mailed code waits for no hundred papers
STARTED = "jobs started"


@queue.task()
def run_job(job_id: int) -> None:
    """Run one job to its end, turn by turn. A worker that is killed leaves the rest to the clock, once the lease has ended."""
    job = lease_job(job_id)
    if job is None:
        return
    step, turn_ends = STEPS[job.kind], time.monotonic() + TURN
    try:
        while step(job_id):
            if time.monotonic() > turn_ends and not queue.immediate:
                hand_on(job_id)
                run_job(job_id)
                return
    except Exception as error:  # shown on the page of the job, logged, and tried again by the clock
        log.exception("job %s stopped", job_id)
        db.session.rollback()
        release(job_id, f"{type(error).__name__}: {error}", now() + RETRY)
        return
    finish(job_id)


def run_waiting_jobs() -> int:
    """Run every job that no worker holds; how many. The clock calls it every minute; tests call it to run a job."""
    waiting = waiting_jobs()
    for job_id in waiting:
        run_job.call_local(job_id)
    return len(waiting)


@event.listens_for(db.session, "after_flush")
def collect(session: Session, context: Any) -> None:
    started = [row.id for row in session.new if isinstance(row, Job)]
    session.info.setdefault(STARTED, []).extend(started)


@event.listens_for(db.session, "after_commit")
def wake(session: Session) -> None:
    """Begin at once; with the `memory://` queue of the tests nothing begins by itself."""
    if session.in_nested_transaction():
        return
    for job_id in session.info.pop(STARTED, ()):
        if not queue.immediate:
            run_job(job_id)


@event.listens_for(db.session, "after_soft_rollback")
def forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested and not session.in_nested_transaction():
        session.info.pop(STARTED, None)
