"""Requests for a place, answered at the desk one by one or several at once."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.events import Approval, Event
from models.registrations import Registration
from tests.blueprints.organise.desk import enrol
from tests.cast import Cast, make_event, post_form, sign_in, words


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(approval=Approval.ORGANISER, public_cents=0, member_cents=None, title="Mission")


def path_of(event: Event, registration: Registration, page: str = "") -> str:
    return f"/organise/events/{event.slug}/attendees/{registration.public_id}{page}"


def states() -> list[str]:
    return list(db.session.scalars(select(Registration.status).order_by(Registration.id)))


def test_it_works(cast: Cast, client: FlaskClient, event: Event) -> None:
    carol = enrol(cast.carol, event)
    sign_in(client, cast.alice)
    assert "1 person asks for a place. The oldest asked on" in words(client.get("/organise"))
    assert "1 person asks for a place" in words(client.get(f"/organise/events/{event.slug}"))
    page = post_form(client, path_of(event, carol, "/accept"), page=path_of(event, carol), follow_redirects=True)
    assert "Carol Nguyễn is accepted and has a place." in words(page)
    assert states() == ["confirmed"]
    again = post_form(
        client, path_of(event, carol, "/accept"), page=f"/organise/events/{event.slug}/walk-in", follow_redirects=True
    )
    assert "This request was answered meanwhile" in words(again)


def test_declining(cast: Cast, client: FlaskClient, event: Event) -> None:
    carol = enrol(cast.carol, event)
    sign_in(client, cast.alice)
    page = post_form(client, path_of(event, carol, "/decline"), {"reason": "Eight only."}, follow_redirects=True)
    assert "The request is declined. Carol Nguyễn is told by mail." in words(page)
    assert states() == ["declined"]


def test_several_at_once(cast: Cast, client: FlaskClient, event: Event) -> None:
    people = [enrol(person, event) for person in (cast.carol, cast.bob)]
    enrol(cast.dora, event)
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees"
    chosen = {"chosen": [person.public_id for person in people], "act": "accept"}
    assert "2 requests are accepted." in words(
        post_form(client, f"{path}/chosen", chosen, page=path, follow_redirects=True)
    )
    assert states() == ["confirmed", "confirmed", "pending_approval"]
    again = post_form(client, f"{path}/chosen", chosen, page=path, follow_redirects=True)
    assert "None of those chosen asks for a place any more." in words(again)


def test_only_organisers_answer(cast: Cast, client: FlaskClient, event: Event) -> None:
    carol = enrol(cast.carol, event)
    sign_in(client, cast.fay)
    assert client.get(path_of(event, carol, "/decline")).status_code == 403
    assert "Accept" not in words(client.get(path_of(event, carol)))
