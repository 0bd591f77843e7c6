"""Asking for the names of places that have none: ten days and three days before, once each, to whoever ordered."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from models.base import db, now
from models.events import Event, Run
from models.outbox import OutboxMessage
from models.registrations import Registration
from services.placeholders import name_place
from services.registrations import cancel
from services.substitutions import Colleague
from services.transaction import writing
from services.unnamed_places import ask_for_names
from tests.cast import BRUSSELS, Cast, make_event, morning_in
from tests.services.post import registered


def days_before(event: Event, days: int, hour: int = 8) -> datetime:
    day = event.starts_at.astimezone(BRUSSELS).date() - timedelta(days=days)
    return datetime.combine(day, time(hour), BRUSSELS).astimezone(UTC)


def mails() -> list[str]:
    db.session.rollback()
    return [row.recipient for row in db.session.query(OutboxMessage).filter_by(template="names_wanted")]


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=0, member_cents=None, starts_at=morning_in(30))


@pytest.fixture
def unnamed(event: Event, cast: Cast) -> Registration:
    """A place that Bob ordered for somebody he names later."""
    registration = registered(cast.bob, event)
    with writing() as session:
        row = session.get_one(Registration, registration.id)
        row.person_id, row.given_name, row.family_name, row.email = None, "", "", ""
    return registration


def test_it_works(event: Event, unnamed: Registration) -> None:
    assert ask_for_names(days_before(event, 10, 7)) == 0
    assert ask_for_names(days_before(event, 10)) == 1
    assert ask_for_names(days_before(event, 9)) == 0
    assert ask_for_names(days_before(event, 3)) == 1
    assert ask_for_names(days_before(event, 1)) == 0
    assert mails() == ["bob@lysara.example"] * 2


def test_late_it_asks_once(event: Event, unnamed: Registration) -> None:
    assert ask_for_names(days_before(event, 2)) == 1
    assert ask_for_names(days_before(event, 1)) == 0


def test_who_ordered_since_has_the_mail_of_the_order(event: Event, unnamed: Registration) -> None:
    with writing() as session:
        session.get_one(Registration, unnamed.id).created_at = days_before(event, 5)
    assert ask_for_names(days_before(event, 4)) == 0
    assert ask_for_names(days_before(event, 3)) == 1


def test_what_is_named_or_given_back_is_not_asked_for(event: Event, unnamed: Registration, cast: Cast) -> None:
    name_place(unnamed.public_id, Colleague("Dora", "Wouters", "dora@lysara.example"), actor=cast.bob)
    assert ask_for_names(days_before(event, 3)) == 0
    other = make_event(title="Other", public_cents=0, member_cents=None, starts_at=morning_in(30))
    gone = registered(cast.carol, other)
    with writing() as session:
        session.get_one(Registration, gone.id).person_id = None
    cancel(gone.public_id, actor=cast.carol)
    assert ask_for_names(days_before(other, 3)) == 0


@pytest.mark.parametrize("run", [Run.POSTPONED, Run.CANCELLED])
def test_only_of_what_takes_place(event: Event, unnamed: Registration, run: Run) -> None:
    with writing() as session:
        session.get_one(Event, event.id).run = run
    assert ask_for_names(days_before(event, 3)) == 0


def test_new_dates_ask_again(event: Event, unnamed: Registration) -> None:
    assert ask_for_names(days_before(event, 3)) == 1
    with writing() as session:
        session.get_one(Event, event.id).starts_at = morning_in(90)
        session.get_one(Event, event.id).ends_at = morning_in(90) + timedelta(hours=3)
    moved = db.session.get_one(Event, event.id)
    assert ask_for_names(days_before(moved, 10)) == 1


def test_a_place_without_a_name_stays_when_it_begins(event: Event, unnamed: Registration) -> None:
    assert ask_for_names(event.starts_at + timedelta(minutes=1)) == 0
    db.session.rollback()
    assert db.session.get_one(Registration, unnamed.id).is_live
    assert now() < event.starts_at
