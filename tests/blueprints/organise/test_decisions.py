"""Deciding whether a tentative event takes place: first on today's page, three choices on one page."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.base import db, now
from models.events import Event, Run
from models.outbox import OutboxMessage
from services.event_changes import guarantee
from services.events import load_plan
from tests.blueprints.organise.desk import enrol, form_of
from tests.cast import Cast, make_event, morning_in, post_form, sign_in, words


@pytest.fixture
def event(cast: Cast) -> Event:
    made = make_event(
        run=Run.TENTATIVE, minimum=8, public_cents=0, member_cents=None, starts_at=morning_in(20), decides_at=morning_in(1)
    )  # fmt: skip
    enrol(cast.bob, made)
    return made


def path_of(event: Event, page: str = "decide") -> str:
    return f"/organise/events/{event.slug}/{page}"


def told(template: str) -> list[str]:
    db.session.rollback()
    return [row.recipient for row in db.session.query(OutboxMessage).filter_by(template=template)]


def fresh(event: Event) -> Event:
    return load_plan(event.id)[0]


def test_it_stands_first_on_todays_page(event: Event, cast: Cast, client: FlaskClient) -> None:
    make_event(title="Closing waits", run=Run.ENDED, starts_at=morning_in(-3))
    sign_in(client, cast.alice)
    page = client.get("/organise").get_data(as_text=True)
    assert f'href="{path_of(event)}"' in page
    waiting = page[page.index('id="decide"') :]
    assert waiting.index("Aseptic techniques") < waiting.index("Closing waits")


def test_three_choices_and_how_many_each_tells(event: Event, cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    page = words(client.get(path_of(event)))
    assert "1 of 8 people are confirmed. It is to be decided by" in page
    for choice in ("It takes place", "Decide later", "Cancel the event…"):
        assert choice in page
    assert page.count("Told by mail 1 person") == 3
    assert "To pay back, 0 orders €0" in page


def test_deciding_later(event: Event, cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.alice)
    empty = post_form(client, path_of(event), {"decides": ""})
    assert empty.status_code == 422
    late = post_form(client, path_of(event), {"decides": "2199-01-01T09:00"})
    assert "Decide before it begins. Choose an earlier day." in words(late)
    assert told("decision_moved") == []
    later = morning_in(9).date().isoformat()
    answer = post_form(client, path_of(event), {"decides": f"{later}T09:00"}, follow_redirects=True)
    assert "There is more time." in words(answer)
    assert fresh(event).decides_at == morning_in(9)
    assert told("decision_moved") == ["bob@example.org"]


def test_the_second_of_two_is_told(event: Event, cast: Cast, client: FlaskClient) -> None:
    """Alice decides while the form of Ada is open."""
    sign_in(client, cast.ada)
    typed = {**form_of(client, path_of(event), "decides"), "decides": f"{morning_in(9).date().isoformat()}T09:00"}
    guarantee(event.id, cast.alice)
    for page, data in (("decide", typed), ("guarantee", {**typed, "version": "1"})):
        answer = client.post(path_of(event, page), data=data, follow_redirects=True)
        assert "This is no longer possible: the event has moved on meanwhile." in words(answer)
    assert fresh(event).decides_at == morning_in(1)


def test_a_page_of_before_cancels_nothing(event: Event, cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.ada)
    typed = {**form_of(client, path_of(event, "cancel"), "title"), "title": "Aseptic techniques"}
    guarantee(event.id, cast.alice)
    answer = client.post(path_of(event, "cancel"), data=typed)
    assert "Somebody else changed this event meanwhile." in words(answer)
    assert fresh(event).run == Run.GUARANTEED


def test_what_is_decided_has_no_such_page(cast: Cast, client: FlaskClient) -> None:
    event = make_event()
    sign_in(client, cast.alice)
    assert client.get(path_of(event)).status_code == 303


def test_late_it_says_so(cast: Cast, client: FlaskClient) -> None:
    event = make_event(run=Run.TENTATIVE, minimum=8, decides_at=now())
    sign_in(client, cast.alice)
    assert "It was to be decided by" in words(client.get(path_of(event)))
    assert "It was to be decided by" in words(client.get("/organise"))
