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


def test_several_are_declined_with_one_reason(cast: Cast, client: FlaskClient, event: Event) -> None:
    people = [enrol(person, event) for person in (cast.carol, cast.bob)]
    enrol(cast.dora, event)
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees"
    asked = {"chosen": [person.public_id for person in people]}
    page = post_form(client, f"{path}/decline", asked, page=path)
    assert "Decline 2 requests? They are told by mail, with your reason" in words(page)
    empty = post_form(client, f"{path}/decline", {**asked, "reason": " "}, page=path)
    assert (empty.status_code, "This is still empty." in words(empty)) == (422, True)
    done = post_form(client, f"{path}/decline", {**asked, "reason": "Eight only."}, page=path, follow_redirects=True)
    assert "2 requests are declined. They are told by mail." in words(done)
    assert states() == ["declined", "declined", "pending_approval"]


def test_who_cannot_be_accepted_is_named_with_the_reason(cast: Cast, client: FlaskClient) -> None:
    event = make_event(
        approval=Approval.ORGANISER, public_cents=0, member_cents=None, capacity=1, has_waiting_list=False
    )
    people = [enrol(person, event) for person in (cast.carol, cast.bob)]
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees"
    chosen = {"chosen": [person.public_id for person in people], "act": "accept"}
    page = words(post_form(client, f"{path}/chosen", chosen, page=path, follow_redirects=True))
    assert "1 request is accepted." in page
    assert "Bob Lambert: not accepted, because no place is free and there is no waiting list." in page


def test_a_free_place_is_given_by_hand(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1)
    enrol(cast.carol, event)
    bob = enrol(cast.bob, event)
    sign_in(client, cast.alice)
    page = post_form(client, path_of(event, bob, "/promote"), page=path_of(event, bob), follow_redirects=True)
    assert "No place is free. Raise the number of places first" in words(page)


def test_the_person_reads_that_a_place_is_held(cast: Cast, client: FlaskClient) -> None:
    event = make_event(
        approval=Approval.ORGANISER, approval_holds_place=True, public_cents=0, member_cents=None, title="Mission"
    )
    sign_in(client, cast.carol)
    assert "It is held for you until the organiser answers by e-mail" in words(client.get(f"/events/{event.slug}"))
    assert "A place is held for you until the organiser answers" in words(client.get(f"/events/{event.slug}/register"))
    page = post_form(client, f"/events/{event.slug}/register", {}, follow_redirects=True)
    assert "A place is held for you until then." in words(page)
