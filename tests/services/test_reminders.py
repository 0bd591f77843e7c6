"""The reminder of the day before: once, at a decent hour, to whoever has a place and did not register today."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from models.base import db
from models.courses import Publication
from models.events import Event, Run
from models.outbox import OutboxMessage
from models.registrations import Registration
from services.registrations import cancel
from services.reminders import remind_due
from services.transaction import writing
from tests.cast import BRUSSELS, Cast, make_event, morning_in
from tests.services.post import registered


def the_day_before(event: Event, hour: int = 9, minute: int = 0) -> datetime:
    day = event.starts_at.astimezone(BRUSSELS).date() - timedelta(days=1)
    return datetime.combine(day, time(hour, minute), BRUSSELS).astimezone(UTC)


def reminders() -> list[str]:
    db.session.rollback()
    return [row.recipient for row in db.session.query(OutboxMessage).filter_by(template="event_reminder")]


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=0, member_cents=None)


def test_it_works(event: Event, cast: Cast) -> None:
    registered(cast.bob, event)
    assert remind_due(the_day_before(event)) == 1
    assert reminders() == ["bob@lysara.example"]
    assert remind_due(the_day_before(event, 10)) == 0
    assert reminders() == ["bob@lysara.example"]


@pytest.mark.parametrize("hour, minute, mails", [(7, 59, 0), (8, 0, 1), (19, 59, 1), (20, 0, 0)])
def test_only_when_people_read_their_mail(event: Event, cast: Cast, hour: int, minute: int, mails: int) -> None:
    registered(cast.bob, event)
    assert remind_due(the_day_before(event, hour, minute)) == mails


@pytest.mark.parametrize("days", [-2, -1, 1])
def test_neither_earlier_nor_on_the_day_nor_after(event: Event, cast: Cast, days: int) -> None:
    registered(cast.bob, event)
    assert remind_due(the_day_before(event) + timedelta(days=days)) == 0


def test_the_day_is_that_of_the_place(cast: Cast) -> None:
    """Nine in the morning in Montréal is the afternoon in Brussels."""
    event = make_event(public_cents=0, member_cents=None, zone="America/Montreal")
    registered(cast.bob, event)
    assert remind_due(the_day_before(event, 13, 59)) == 0
    assert remind_due(the_day_before(event, 14, 1)) == 1


@pytest.mark.parametrize("run", [Run.TENTATIVE, Run.POSTPONED, Run.CANCELLED, Run.CLOSED])
def test_only_what_takes_place(event: Event, cast: Cast, run: Run) -> None:
    registered(cast.bob, event)
    with writing() as session:
        session.get_one(Event, event.id).run = run
    assert remind_due(the_day_before(event)) == 0


def test_not_an_archived_event(event: Event, cast: Cast) -> None:
    registered(cast.bob, event)
    with writing() as session:
        session.get_one(Event, event.id).publication = Publication.ARCHIVED
    assert remind_due(the_day_before(event)) == 0


def test_only_who_has_a_place(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=2)
    registered(cast.bob, event)
    gone = registered(cast.carol, event)
    cancel(gone.public_id, actor=cast.carol)
    assert remind_due(the_day_before(event)) == 1
    assert reminders() == ["bob@lysara.example"]


def test_who_registered_today_has_todays_mail(app: Flask, cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, starts_at=morning_in(10))
    registration = registered(cast.bob, event)
    with writing() as session:
        session.get_one(Registration, registration.id).created_at = the_day_before(event, 8)
    assert remind_due(the_day_before(event, 12)) == 0
    assert remind_due(the_day_before(event, 13)) == 0
    assert reminders() == []
