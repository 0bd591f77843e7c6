"""Long work with visible progress. A job is a row; the worker runs it one short step at a time (tasks/jobs.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from models.base import db, now
from models.events import Event
from models.outbox import Job
from models.people import Person
from models.registrations import Registration
from services.transaction import require_writing, writing

LEASE = timedelta(minutes=2)  # renewed at every step; a step is one certificate, not one job


def start_job_locked(kind: str, event: Event | None, actor: Person | None, total: int) -> Job:
    """Write a job of `total` steps; the worker begins it after the commit. `kind` is a key of tasks/jobs.py: STEPS."""
    session = require_writing()
    job = Job(kind=kind, event_id=event.id if event else None, actor_id=actor.id if actor else None, total=total)
    session.add(job)
    session.flush()
    return job


def lease_job(job_id: int) -> Job | None:
    """Take the job for one worker; None when it is finished or another worker has it."""
    with writing():
        job = locked(job_id)
        at = now()
        if job is None or job.finished_at or (job.leased_until and job.leased_until > at):
            return None
        job.leased_until = at + LEASE
        return job


def advance(job_id: int, problem: str | None = None) -> None:
    """One step is done, well or with a problem that the organiser should read. Renews the lease."""
    with writing():
        advance_locked(job_id, problem)


def advance_locked(job_id: int, problem: str | None = None) -> None:
    """The same in the transaction of the step: what is done and what is counted never differ."""
    job = locked(job_id)
    if job is None or job.finished_at:
        return
    job.done += 1
    job.total = max(job.total, job.done)
    job.leased_until = now() + LEASE
    if problem:
        job.problems = [*job.problems, problem]


def release(job_id: int, problem: str, retry_at: datetime) -> None:
    """The worker stops here because of `problem`; the clock takes the job up again at `retry_at`."""
    with writing():
        job = locked(job_id)
        if job is None or job.finished_at:
            return
        job.leased_until = retry_at
        if problem not in job.problems:
            job.problems = [*job.problems, problem]


def hand_on(job_id: int) -> None:
    """The worker stops here for others to have their turn; whoever comes next may take the job up."""
    with writing():
        job = locked(job_id)
        if job and job.finished_at is None:
            job.leased_until = None


def finish(job_id: int) -> None:
    """Every step is done."""
    with writing():
        job = locked(job_id)
        if job and job.finished_at is None:
            job.finished_at, job.leased_until = now(), None


def locked(job_id: int) -> Job | None:
    query = select(Job).where(Job.id == job_id).with_for_update()
    return require_writing().scalar(query.execution_options(populate_existing=True))


def waiting_jobs(at: datetime | None = None) -> list[int]:
    """The ids of the jobs that are not finished and that no worker holds, oldest first."""
    free = or_(Job.leased_until.is_(None), Job.leased_until <= (at or now()))
    found = list(db.session.scalars(select(Job.id).where(Job.finished_at.is_(None), free).order_by(Job.id)))
    db.session.rollback()
    return found


def job_by_public_id(public_id: str) -> Job | None:
    """The job with this id, for its page."""
    return db.session.scalar(select(Job).where(Job.public_id == public_id))


def names_of_problems(job: Job) -> dict[str, str]:
    """Public id → name of the registrations that the job's problems begin with; those of its own event only."""
    ids = [problem.partition(" ")[0] for problem in job.problems]
    query = select(Registration.public_id, Registration.given_name, Registration.family_name)
    rows = db.session.execute(query.where(Registration.event_id == job.event_id, Registration.public_id.in_(ids)))
    return {row.public_id: f"{row.given_name} {row.family_name}".strip() for row in rows}


def latest_job(kind: str, event_id: int) -> Job | None:
    """The latest job of a kind on an event, for the page that shows its progress."""
    query = select(Job).where(Job.kind == kind, Job.event_id == event_id).order_by(Job.id.desc()).limit(1)
    return db.session.scalar(query)
