"""The demo as a visitor meets it: the season fills an empty database, and there is something to join."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db
from models.certificates import Certificate
from models.events import Event
from models.orders import Order
from models.outbox import Job
from models.registrations import Status
from services.orders import load_order
from services.registrations import register
from services.sample import load_sample
from services.soundness import violations
from services.wishes import Wish
from tasks.jobs import STEPS, run_job
from tests.services.test_sample import DAYS, begin_on, midnight, person, row_counts


def test_it_fills_an_empty_database(app: Flask) -> None:
    begun = time.process_time()
    loaded = load_sample(DAYS[1])
    assert time.process_time() - begun < 5
    assert loaded is not None
    counts = row_counts()
    assert counts["organisation"] == loaded.organisations == 24
    assert counts["person"] == loaded.people > 160
    assert counts["event"] == loaded.events == 45
    assert counts["registration"] == counts["order"] == counts["order_line"] == loaded.registrations
    assert loaded.registrations == pytest.approx(700, abs=50)
    assert counts["course"] == 14
    assert counts["programme"] == 4
    assert counts["area"] == 4


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_bob_and_carol_have_something_to_join(app: Flask, engine_name: str, day: date) -> None:
    """A free evening in the next days at the member price, and a training in some two weeks to pay for."""
    begin_on(day, app, engine_name)
    at = midnight(day) + timedelta(hours=12)
    evening = book("bob@lysara.example", "from-bench-to-bedside", at)
    assert timedelta(days=2) < evening.registrations[0].event.starts_at - at < timedelta(days=8)
    assert evening.registrations[0].status == Status.CONFIRMED
    assert evening.lines[0].gross_cents == 0
    assert evening.lines[0].why.startswith("Free, because Lysara Biologics was a member on")
    training = book("carol@kelvin-home.example", "annex-1-in-practice", at)
    assert timedelta(days=7) < training.registrations[0].event.starts_at - at < timedelta(days=28)
    assert training.registrations[0].status == Status.AWAITING_PAYMENT
    assert training.lines[0].gross_cents == 71390
    assert violations() == []


def book(address: str, slug: str, at: datetime) -> Order:
    """Register the person of an address, through the real service."""
    who = person(address)
    wish = Wish(given_name=who.given_name, family_name=who.family_name, email=address)
    event_id = db.session.scalars(select(Event.id).where(Event.slug == slug)).one()
    order = load_order(register(who, event_id, wish, locale="en", at=at).code)
    assert order is not None
    return order


def test_the_worker_issues_the_certificates_as_of_their_day_and_tells_nobody(app: Flask, engine_name: str) -> None:
    """One of the jobs, run to its end: Bob’s first training."""
    loaded = begin_on(DAYS[1], app, engine_name)
    jobs = db.session.execute(select(Job.id, Job.kind, Job.total, Job.event_id).order_by(Job.id)).all()
    assert sum(job.total for job in jobs) == loaded.certificates > 100
    assert {job.kind for job in jobs} <= STEPS.keys()
    db.session.rollback()  # the worker writes in a session of its own: read what it wrote
    run_job.call_local(jobs[0].id)
    certificates = db.session.scalars(
        select(Certificate).options(joinedload(Certificate.registration)).order_by(Certificate.serial)
    ).all()
    assert len(certificates) == jobs[0].total
    bob = person("bob@lysara.example")
    assert bob.id in {certificate.registration.person_id for certificate in certificates}
    event = db.session.scalars(select(Event).where(Event.id == jobs[0].event_id)).one()
    for certificate in certificates:
        assert event.ends_at < certificate.issued_at < event.ends_at + timedelta(days=3)
        assert certificate.printed["title"] in event.titles.values()
        assert certificate.pdf_sha256
    assert row_counts()["outbox_message"] == 0
