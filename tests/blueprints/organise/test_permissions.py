"""Who opens what at the desk: one matrix. Strangers find nothing, staff without the right are told so."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.events import EventKind, Run
from tests.blueprints.organise.desk import enrol
from tests.cast import Cast, make_event, sign_in, words

OPEN, NO, NONE, DOOR = 200, 403, 404, 303
PEOPLE = ("nobody", "carol", "bob", "alice", "otto", "emil", "fay", "ada")
PAGES = {
    "/organise": (DOOR, NONE, NONE, OPEN, OPEN, OPEN, OPEN, OPEN),
    "/organise/events": (DOOR, NONE, NONE, OPEN, OPEN, OPEN, OPEN, OPEN),
    "/organise/events/new": (DOOR, NONE, NONE, OPEN, NO, NO, NO, OPEN),
    "/organise/orders": (DOOR, NONE, NONE, NO, NO, NO, OPEN, OPEN),
    "/organise/events/{own}": (DOOR, NONE, NONE, OPEN, OPEN, OPEN, OPEN, OPEN),
    "/organise/events/{own}/slots": (DOOR, NONE, NONE, OPEN, OPEN, OPEN, OPEN, OPEN),
    "/organise/events/{own}/history": (DOOR, NONE, NONE, OPEN, OPEN, NO, OPEN, OPEN),
    "/organise/events/{own}/edit": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{own}/cancel": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{own}/postpone": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{own}/publish": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{own}/duplicate": (DOOR, NONE, NONE, OPEN, NO, NO, NO, OPEN),
    "/organise/events/{own}/attendees": (DOOR, NONE, NONE, OPEN, OPEN, OPEN, OPEN, OPEN),
    "/organise/events/{own}/walk-in": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{own}/attendees/{person}": (DOOR, NONE, NONE, OPEN, OPEN, NO, OPEN, OPEN),
    "/organise/events/{own}/attendees/{person}/name": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{own}/attendees/{person}/cancel": (DOOR, NONE, NONE, OPEN, OPEN, NO, NO, OPEN),
    "/organise/events/{other}": (DOOR, NONE, NONE, OPEN, NO, NO, OPEN, OPEN),
    "/organise/events/{other}/edit": (DOOR, NONE, NONE, OPEN, NO, NO, NO, OPEN),
    "/organise/events/{other}/attendees": (DOOR, NONE, NONE, OPEN, NO, NO, OPEN, OPEN),
    "/organise/events/{other}/attendees/{person}": (DOOR, NONE, NONE, NONE, NO, NO, NONE, NONE),
    "/organise/events/nowhere": (DOOR, NONE, NONE, NONE, NONE, NONE, NONE, NONE),
    "/organise/orders/MH-0000-0000": (DOOR, NONE, NONE, NO, NO, NO, NONE, NONE),
}


@pytest.mark.parametrize("page", PAGES)
def test_who_opens_what(cast: Cast, client: FlaskClient, page: str) -> None:
    own = make_event(organisers=[cast.otto], trainers=[cast.emil], public_cents=0, member_cents=None)
    other = make_event(kind=EventKind.NETWORKING, title="Another one")
    person = enrol(cast.bob, own)
    path = page.format(own=own.slug, other=other.slug, person=person.public_id)
    answers = []
    for name in PEOPLE:
        browser = client.application.test_client()
        if name != "nobody":
            sign_in(browser, getattr(cast, name))
        answers.append(browser.get(path).status_code)
    assert dict(zip(PEOPLE, answers, strict=True)) == dict(zip(PEOPLE, PAGES[page], strict=True))


POSTS = (
    "publish", "guarantee", "archive", "attendees/chosen", "cancel", "postpone", "edit", "walk-in",
)  # fmt: skip


@pytest.mark.parametrize("post", POSTS)
def test_no_post_without_the_right(cast: Cast, client: FlaskClient, post: str) -> None:
    event = make_event(trainers=[cast.emil], run=Run.TENTATIVE, minimum=3)
    client.application.config["WTF_CSRF_ENABLED"] = False
    try:
        for person, answer in ((cast.carol, 404), (cast.emil, 403), (cast.fay, 403)):
            browser = client.application.test_client()
            sign_in(browser, person)
            assert browser.post(f"/organise/events/{event.slug}/{post}").status_code == answer
    finally:
        client.application.config["WTF_CSRF_ENABLED"] = True


def test_a_trainer_sees_names_and_no_money(cast: Cast, client: FlaskClient) -> None:
    event = make_event(trainers=[cast.emil], public_cents=59000, member_cents=None)
    enrol(cast.bob, event)
    sign_in(client, cast.emil)
    for page in (f"/organise/events/{event.slug}/attendees?sort=price", f"/organise/events/{event.slug}", "/organise"):
        read = words(client.get(page))
        assert "€" not in read
    assert "Bob Lambert" in words(client.get(f"/organise/events/{event.slug}/attendees"))


def test_a_scoped_organiser_lists_only_their_events(cast: Cast, client: FlaskClient) -> None:
    make_event(title="Mine", organisers=[cast.otto])
    make_event(title="Theirs")
    sign_in(client, cast.otto)
    page = words(client.get("/organise/events"))
    assert "Mine" in page
    assert "Theirs" not in page
