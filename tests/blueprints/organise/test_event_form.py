"""The one form of an event: made, changed, rows without scripts, problems at their fields, two organisers at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from models.base import db
from models.courses import Publication
from models.events import Event, EventKind, Slot
from models.outbox import OutboxMessage
from services.events import load_plan
from tests.blueprints.organise.desk import enrol, form_in, form_of
from tests.cast import Cast, make_event, morning_in, sign_in, words

NEW = "/organise/events/new"


def path_of(event: Event, page: str) -> str:
    return f"/organise/events/{event.slug}/{page}"


def send(client: FlaskClient, path: str, data: dict[str, Any]) -> TestResponse:
    return client.post(path, data=data)


def new_event(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    """The new event's form filled in, with some answers changed."""
    day = morning_in(30).date().isoformat()
    data: dict[str, Any] = form_of(client, NEW, "texts-0-title")
    data |= {
        "texts-1-title": "Été à Gand",
        "slots-0-day": day,
        "slots-0-starts": "17:30",
        "slots-0-ends": "20:00",
        "venue": "Le Delta",
        "city": "Namur",
        "places_onsite": "30",
        "tickets-0-price": "0",
    }
    return {**data, **changes}


def event_called(slug: str) -> Event:
    return db.session.execute(select(Event).where(Event.slug == slug)).scalar_one()


def test_it_works(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    response = send(client, NEW, new_event(client))
    assert (response.status_code, response.location) == (303, "/organise/events/ete-a-gand")
    event, plan = load_plan(event_called("ete-a-gand").id)
    assert (event.publication, event.venue, event.zone) == (Publication.DRAFT, "Le Delta", "Europe/Brussels")
    assert event.starts_at.astimezone(event.tz).strftime("%H:%M") == "17:30"
    assert event.ends_at - event.starts_at == timedelta(hours=2, minutes=30)
    assert plan.tickets[0].names == {"fr": "Everyone", "en": "Everyone", "nl": "Everyone"} or set(plan.tickets[0].names)
    assert set(plan.policies) == {"fr", "en", "nl"}


def test_an_evening_may_pass_midnight(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    send(client, NEW, new_event(client, **{"slots-0-ends": "01:00"}))
    event = event_called("ete-a-gand")
    assert event.ends_at - event.starts_at == timedelta(hours=7, minutes=30)


@pytest.mark.parametrize(
    "field, value, sentence",
    [
        ("texts-1-title", "", "Give it a title in at least one language."),
        ("slots-0-ends", "17:00", "It ends before it begins."),
        ("slots-0-ends", "", "This is still empty."),
        ("tickets-0-price", "much", "This is not an amount."),
        ("places_onsite", "many", "This is not a number."),
        ("zone", "Europe/Brussel", "We do not know this time zone."),
        ("online_url", "namur", "This is no web address."),
        ("contact_email", "alice", "There is no @ in this address."),
        ("minimum", "31", "31 people are needed and there are 30 places."),
        ("kind", "training", "A training follows a course. Choose which."),
        ("tickets-0-modality", "online", "There are no such places."),
    ],
)
def test_a_problem_stands_at_its_field_and_keeps_what_was_typed(
    cast: Cast, client: FlaskClient, field: str, value: str, sentence: str
) -> None:
    sign_in(client, cast.alice)
    response = send(client, NEW, new_event(client, **{field: value, "venue": "Where it was typed"}))
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert sentence in words(response)
    assert "<title>Error:" in page
    assert "Where it was typed" in page
    if field != "texts-1-title":
        assert form_in(response, "texts-0-title")[field] == [value]
    problem = page.index("invalid-feedback")
    assert sentence.split()[0] in page[problem : problem + 300]
    assert db.session.scalar(select(func.count()).select_from(Event)) == 0


def test_a_spring_hour_that_does_not_exist_is_told_at_its_field(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    night = {"slots-0-day": "2027-03-28", "slots-0-starts": "02:30", "slots-0-ends": "04:30"}
    response = send(client, NEW, new_event(client, **night))
    assert response.status_code == 422
    assert "The clocks jump over this time" in words(response)


def test_rows_are_added_and_removed_without_scripts(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    data = new_event(client, act="add:slots", venue="Kept")
    response = send(client, NEW, data)
    assert response.status_code == 200
    more = form_in(response, "texts-0-title")
    day = (morning_in(31)).date().isoformat()
    assert (more["slots-1-day"], more["slots-1-starts"], more["venue"]) == ([day], ["17:30"], ["Kept"])
    assert "has-error" not in response.get_data(as_text=True)
    response = send(client, NEW, {**more, "act": "remove:slots-0"})
    fewer = form_in(response, "texts-0-title")
    assert "slots-0-day" not in fewer
    assert fewer["slots-1-day"] == [day]
    response = send(client, NEW, {**fewer, "act": "add:tickets"})
    assert form_in(response, "texts-0-title")["tickets-1-audience"] == ["members"]
    assert db.session.scalar(select(func.count()).select_from(Event)) == 0
    assert send(client, NEW, {**fewer, "act": "save"}).status_code == 303
    assert event_called("ete-a-gand").starts_at.astimezone(event_called("ete-a-gand").tz).date().isoformat() == day


def test_an_unchanged_form_changes_nothing(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    event = make_event(trainers=[cast.emil], public_cents=42050, minimum=5, decides_at=morning_in(5))
    before = load_plan(event.id)
    response = send(client, path_of(event, "edit"), form_of(client, path_of(event, "edit"), "texts-0-title"))
    assert response.status_code == 303
    after = load_plan(event.id)
    assert after[1] == before[1]
    assert after[0].version == 1


def test_a_new_time_is_kept_and_told(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    event = make_event(public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    data = form_of(client, path_of(event, "edit"), "texts-0-title")
    response = send(client, path_of(event, "edit"), {**data, "slots-1-starts": "10:00", "slots-1-ends": "13:00"})
    page = client.get(response.location)
    assert "Everybody registered is told about the new time or place by mail." in words(page)
    assert db.session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.id)).all() == [
        "registration_confirmed",
        "event_changed",
    ]


def test_fewer_places_than_taken_is_refused_with_the_numbers(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    event = make_event(public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    enrol(cast.carol, event)
    data = form_of(client, path_of(event, "edit"), "texts-0-title")
    response = send(client, path_of(event, "edit"), {**data, "places_onsite": "1"})
    assert response.status_code == 422
    assert "You ask for 1 places and 2 are taken already." in words(response)


def test_the_second_organiser_is_told_and_keeps_what_was_typed(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    event = make_event()
    path = path_of(event, "edit")
    mine = form_of(client, path, "texts-0-title")
    assert send(client, path, {**mine, "venue": "La Meuse"}).status_code == 303
    response = send(client, path, {**mine, "venue": "Le Grognon"})
    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "Somebody else saved this event while you were writing" in page
    assert "La Meuse" in page
    again = form_in(response, "texts-0-title")
    assert (again["venue"], again["version"]) == (["Le Grognon"], ["2"])
    assert send(client, path, again).status_code == 303
    assert load_plan(event.id)[0].venue == "Le Grognon"


def test_a_slot_can_be_removed_from_a_published_event(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    event = make_event(slots=2)
    path = path_of(event, "edit")
    fewer = form_in(
        send(client, path, {**form_of(client, path, "texts-0-title"), "act": "remove:slots-1"}), "texts-0-title"
    )
    assert send(client, path, fewer).status_code == 303
    assert db.session.scalars(select(Slot.cancelled_at.is_(None)).order_by(Slot.starts_at)).all() == [True, False]


def test_a_token_that_failed_loses_nothing(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    response = send(client, NEW, new_event(client, csrf_token="old", venue="Kept"))
    assert response.status_code == 422
    assert form_in(response, "texts-0-title")["venue"] == ["Kept"]


def test_duplicating_moves_the_dates(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    event = make_event(kind=EventKind.NETWORKING, title="Breakfast")
    path = path_of(event, "duplicate")
    data = form_of(client, path, "first_day")
    response = send(client, path, {**data, "first_day": morning_in(100).date().isoformat()})
    assert (response.status_code, response.location) == (303, "/organise/events/breakfast/edit")
    assert event_called("breakfast").starts_at == morning_in(100)
    response = send(client, path, {**data, "first_day": ""})
    assert response.status_code == 422
    assert send(client, path, {**data, "dates": "empty", "first_day": ""}).status_code == 303
    assert load_plan(event_called("breakfast-2").id)[1].slots == ()
