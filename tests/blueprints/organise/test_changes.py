"""Publishing, postponing, resuming, deciding and cancelling an event from the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.courses import Publication
from models.events import Event, Run
from models.outbox import OutboxMessage
from models.registrations import Registration
from services.events import load_plan
from tests.blueprints.organise.desk import enrol, form_of
from tests.cast import Cast, make_event, morning_in, post_form, sign_in, words


def path_of(event: Event, page: str = "") -> str:
    return f"/organise/events/{event.slug}{'/' if page else ''}{page}"


def fresh(event: Event) -> Event:
    return load_plan(event.id)[0]


def templates() -> list[str]:
    return list(db.session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.id)))


def test_publishing(cast: Cast, client: FlaskClient) -> None:
    event = make_event(publication=Publication.DRAFT)
    sign_in(client, cast.alice)
    assert "Ready to be published" in words(client.get(path_of(event, "publish")))
    page = words(post_form(client, path_of(event, "publish"), follow_redirects=True))
    assert "“Aseptic techniques” is published." in page
    assert fresh(event).publication == Publication.PUBLISHED


def test_what_blocks_is_said_and_leads_to_its_field(cast: Cast, client: FlaskClient) -> None:
    event = make_event(publication=Publication.DRAFT, policies={}, venue="")
    sign_in(client, cast.alice)
    page = client.get(path_of(event, "publish"))
    assert "2 things are missing" in words(page)
    assert f"{path_of(event, 'edit')}#policies-0" in page.get_data(as_text=True)
    assert f"{path_of(event, 'edit')}#venue" in page.get_data(as_text=True)
    assert "Publish it" not in words(page)
    answer = post_form(client, path_of(event, "publish"), page=path_of(event, "walk-in"), follow_redirects=True)
    assert "It cannot be published yet." in words(answer)
    assert fresh(event).publication == Publication.DRAFT


def test_cancelling_previews_asks_and_tells(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    enrol(cast.carol, event)
    sign_in(client, cast.alice)
    assert "Cancel it, and tell 2 people?" in words(client.get(path_of(event, "cancel")))
    wrong = post_form(client, path_of(event, "cancel"), {"title": "Aseptic", "notices-1": "Kept as typed"})
    assert wrong.status_code == 422
    assert "This is not its title." in words(wrong)
    assert "Kept as typed" in wrong.get_data(as_text=True)
    assert fresh(event).run == Run.GUARANTEED
    answer = post_form(
        client, path_of(event, "cancel"), {"title": "Aseptic techniques", "notices-1": "Ill."}, follow_redirects=True
    )
    assert "The event is cancelled. Everybody registered is told by mail." in words(answer)
    assert db.session.scalars(select(Registration.status)).all() == ["cancelled", "cancelled"]
    assert templates()[-2:] == ["event_cancelled", "event_cancelled"]
    again = post_form(client, path_of(event, "cancel"), {"title": "Aseptic techniques"}, follow_redirects=True)
    assert "This is no longer possible" in words(again)


def test_postponing_and_new_dates(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None, slots=1)
    enrol(cast.bob, event)
    sign_in(client, cast.alice)
    post_form(
        client, path_of(event, "postpone"), {"notices-0": "", "notices-1": "The room is flooded.", "notices-2": ""}
    )
    assert (fresh(event).run, fresh(event).notices) == (Run.POSTPONED, {"en": "The room is flooded."})
    path = path_of(event, "resume")
    past = client.post(path, data={**form_of(client, path, "slots-0-day"), "slots-0-day": "2020-01-01"})
    assert past.status_code == 422
    assert "This is in the past. Choose a day ahead." in words(past)
    day = morning_in(60).date().isoformat()
    row = client.post(path, data={**form_of(client, path, "slots-0-day"), "act": "add:slots"})
    assert (row.status_code, fresh(event).run) == (200, Run.POSTPONED)
    answer = client.post(path, data={**form_of(client, path, "slots-0-day"), "slots-0-day": day}, follow_redirects=True)
    assert "The new dates stand." in words(answer)
    assert (fresh(event).run, fresh(event).starts_at) == (Run.GUARANTEED, morning_in(60))
    assert templates() == ["registration_confirmed", "event_postponed", "event_changed"]
    assert client.get(path).status_code == 303


def test_deciding(cast: Cast, client: FlaskClient) -> None:
    event = make_event(run=Run.TENTATIVE, minimum=8, decides_at=morning_in(3))
    sign_in(client, cast.alice)
    assert "0 of 8 people are confirmed." in words(client.get(path_of(event)))
    page = words(post_form(client, path_of(event, "guarantee"), page=path_of(event, "decide"), follow_redirects=True))
    assert "It takes place. Its page says so from now on, and everybody registered is told by mail." in page
    assert fresh(event).run == Run.GUARANTEED


def test_archiving(cast: Cast, client: FlaskClient) -> None:
    event = make_event(publication=Publication.DRAFT)
    sign_in(client, cast.alice)
    post_form(client, path_of(event, "archive"), page=path_of(event))
    assert fresh(event).publication == Publication.ARCHIVED
    assert "Aseptic techniques" not in words(client.get("/organise/events?show=all"))
    assert "Aseptic techniques" in words(client.get("/organise/events?show=archived"))


def test_the_overview_draws_how_it_filled(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=16)
    sign_in(client, cast.alice)
    assert "Nobody has registered yet" in words(client.get(path_of(event)))
    enrol(cast.bob, event)
    page = client.get(path_of(event))
    assert "1 of 16 places taken" in words(page)
    assert 'class="chart"' in page.get_data(as_text=True)


def test_today(cast: Cast, client: FlaskClient) -> None:
    soon = morning_in(0)
    today = make_event(
        slots=[(soon, soon + timedelta(hours=3))],
        title="Happening",
        trainers=[cast.emil],
        public_cents=0,
        member_cents=None,
    )
    make_event(title="Undecided", run=Run.TENTATIVE, minimum=4, decides_at=morning_in(3))
    make_event(title="Over", run=Run.ENDED, slots=[(morning_in(-5), morning_in(-5) + timedelta(hours=3))])
    make_event(title="Unfinished", publication=Publication.DRAFT, policies={})
    sign_in(client, cast.alice)
    page = words(client.get("/organise"))
    for expected in (
        "One event today, two decisions", "Namur, with Emil Vasseur", "0 of 4 confirmed. Decide by",
        "It ended on", "Cancellation terms are missing.",
    ):  # fmt: skip
        assert expected in page
    sign_in(client, cast.emil)
    page = words(client.get("/organise"))
    assert "Happening" in page
    assert "Undecided" not in page
    assert today.slug in client.get("/organise").get_data(as_text=True)


@pytest.mark.parametrize("query, found", [("aseptic", True), ("ASÉPTIC", True), ("namur", True), ("gand", False)])
def test_the_list_is_searched(cast: Cast, client: FlaskClient, query: str, found: bool) -> None:
    make_event()
    sign_in(client, cast.alice)
    assert ("Aseptic techniques" in words(client.get(f"/organise/events?q={query}"))) is found


def test_the_list_is_paged(cast: Cast, client: FlaskClient) -> None:
    for number in range(31):
        make_event(title=f"Evening {number:02}", starts_at=morning_in(10 + number))
    sign_in(client, cast.alice)
    assert "1 to 30 of 31" in words(client.get("/organise/events"))
    assert "Evening 30" in words(client.get("/organise/events?page=2"))


def test_the_history_says_who_did_what(cast: Cast, client: FlaskClient) -> None:
    event = make_event()
    sign_in(client, cast.alice)
    data = form_of(client, path_of(event, "edit"), "texts-0-title")
    client.post(path_of(event, "edit"), data={**data, "venue": "La Meuse", "minimum": "3"})
    client.get(path_of(event, "attendees"))
    page = words(client.get(path_of(event, "history")))
    assert "Alice Renard changed: minimum, venue" in page
    assert "attendee list" not in page
    assert "read 0 lines of the attendee list" in words(client.get(path_of(event, "history?reads=1")))
