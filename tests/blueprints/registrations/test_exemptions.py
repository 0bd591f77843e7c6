"""The pages of prerequisites: what comes first, the tick, the wish for an exemption and its answer."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.courses import Prerequisite
from models.events import Event
from models.registrations import ExemptionRequest, Registration
from tests.cast import Cast, make_event, morning_in, post_form, sign_in, words
from tests.services.test_prerequisites import REASON, asking, first


@pytest.fixture
def event(cast: Cast) -> Event:
    basics = first()
    make_event(course_id=basics.course_id, starts_at=morning_in(5), title="The basics again")
    return asking(Prerequisite.ENFORCE, basics)


def test_it_works(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}"
    page = words(client.get(f"{path}/register"))
    assert "Another course comes first" in page
    assert "The basics" in page
    assert "Ask for an exemption" in page
    short = post_form(client, f"{path}/exemption", {"reason": "I can."})
    assert (short.status_code, "Write at least 10 characters." in words(short)) == (422, True)
    asked = post_form(client, f"{path}/exemption", {"reason": REASON}, follow_redirects=True)
    assert "Your wish is with the organiser" in words(asked)
    assert REASON in words(client.get(f"{path}/exemption"))  # asked twice: how it stands
    sign_in(client, cast.alice)
    assert "1 person asks for an exemption." in words(client.get("/organise"))
    assert "Carol Nguyễn" in words(client.get(f"/organise{path}/exemptions"))
    one = f"/organise{path}/exemptions/{db.session.scalars(select(ExemptionRequest.public_id)).one()}"
    unsaid = post_form(client, one, {"act": "refuse"})
    assert (unsaid.status_code, "Say why: they read it in their mail." in words(unsaid)) == (422, True)
    assert "Answered. They are told by mail." in words(post_form(client, one, {"act": "grant"}, follow_redirects=True))
    assert "Carol Nguyễn is exempted" in words(client.get(one))
    sign_in(client, cast.carol)
    assert "You are exempted: you may register" in words(client.get(f"{path}/exemption"))
    assert "The organiser has exempted you from it." in words(client.get(f"{path}/register"))
    post_form(client, f"{path}/register", {})
    assert db.session.scalar(select(Registration.person_id)) == cast.carol.id


def test_a_guest_is_asked_to_sign_in(client: FlaskClient, event: Event) -> None:
    page = words(client.get(f"/events/{event.slug}/register"))
    assert "You have completed it? Sign in with the address you used then" in page
    assert "Mail me the code" not in page


def test_the_tick_is_asked_for_at_its_field(cast: Cast, client: FlaskClient) -> None:
    event = asking(Prerequisite.CONFIRM)
    sign_in(client, cast.carol)
    page = post_form(client, f"/events/{event.slug}/register", {})
    assert (page.status_code, "Tick this when you meet them." in words(page)) == (422, True)
    post_form(client, f"/events/{event.slug}/register", {"prerequisites": "y"})
    assert db.session.scalar(select(Registration.prerequisites_confirmed)) is True


def test_a_guest_ticks_too(client: FlaskClient, cast: Cast) -> None:
    event = asking(Prerequisite.CONFIRM)
    who = {"given_name": "Nora", "family_name": "Peters", "email": "nora@home.example", "terms": "y"}
    page = post_form(client, f"/events/{event.slug}/register", who)
    assert (page.status_code, "Tick this when you meet them." in words(page)) == (422, True)
    page = post_form(client, f"/events/{event.slug}/register", {**who, "prerequisites": "y"})
    assert page.status_code == 303


def test_a_manager_ticks_for_all_and_asks_for_exemptions(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.dora)
    people = {"people": "Bob Lambert <bob@lysara.example>"}
    path = f"/events/{event.slug}/register/team"
    looked = words(post_form(client, path, {**people, "act": "look"}))
    assert "Has not completed the course that this one asks for." in looked
    asked = post_form(client, path, {**people, "act": "exempt", "exemption_reason": "Short."})
    assert "Write a sentence or two: the organiser decides by it." in words(asked)
    asked = post_form(client, path, {**people, "act": "exempt", "exemption_reason": REASON}, follow_redirects=True)
    assert "The organiser is asked to exempt 1 person, and answers by mail." in words(asked)
    other = asking(Prerequisite.CONFIRM)
    path = f"/events/{other.slug}/register/team"
    page = words(post_form(client, path, {**people, "act": "order"}))
    assert "Tick this when all of them meet these. Nothing was booked." in page


def test_the_course_page_names_what_comes_first(cast: Cast, client: FlaskClient, event: Event) -> None:
    from models.courses import Course

    slug = db.session.scalars(select(Course.slug).where(Course.id == event.course_id)).one()
    page = words(client.get(f"/courses/{slug}"))
    assert "Courses to complete first The basics" in page


def test_only_its_organisers_read_and_answer(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.fay)
    assert client.get(f"/organise/events/{event.slug}/exemptions").status_code == 403
