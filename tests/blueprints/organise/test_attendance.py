"""The attendance list: who may open it, one tap with and without scripts, everybody at once, signing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from models.attendance import AttendanceMark, Presence, SlotSignOff
from models.base import db, now, random_id
from models.events import Event, Run
from services.transaction import writing
from tests.browsing import csrf_token
from tests.cast import Cast, make_event, morning_in, post_form, sign_in, words
from tests.services.held import PRESENT, UNMARKED, Held, held, slots_of
from tests.services.post import registered


@pytest.fixture
def today(cast: Cast) -> Held:
    return held(
        cast, [UNMARKED, UNMARKED], [UNMARKED, UNMARKED], starts_at=morning_in(-1), trainers=[cast.emil],
        organisers=[cast.otto],
    )  # fmt: skip


def page_of(found: Held, index: int = 0) -> str:
    return f"/organise/events/{found.event.slug}/attendance/{found.slots[index].public_id}"


def marks() -> list[tuple[str, str]]:
    rows = db.session.query(AttendanceMark).order_by(AttendanceMark.id)
    return [(row.presence, row.method) for row in rows]


def send(client: FlaskClient, path: str, rows: Any) -> Any:
    token = csrf_token(client.get(path))
    return client.post(f"{path}/marks", json=rows, headers={"X-CSRFToken": token})


def row(found: Held, index: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": random_id(), "registration": found.registrations[index].public_id, "presence": "present", "age": 1.5,
        **changes,
    }  # fmt: skip


def test_it_works(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.emil)
    page = client.get(page_of(today))
    assert page.status_code == 200
    assert "0 of 2 are in" in words(page)
    bob = today.registrations[0].public_id
    answer = post_form(client, page_of(today), {"mark": f"{bob}:present", "form_id": "f"})
    assert answer.status_code == 303
    assert answer.location.endswith(f"{page_of(today)}#person-{bob}")
    after = client.get(page_of(today))
    assert "1 of 2 are in" in words(after)
    assert re.search(r"✓ in, \d", words(after))
    assert marks() == [("present", "list")]


@pytest.mark.parametrize(
    "who, status",
    [("alice", 200), ("otto", 200), ("emil", 200), ("ada", 200), ("fay", 403), ("bob", 404), ("carol", 404), ("", 303)],
)
@pytest.mark.parametrize("what", ["", "slot"])
def test_who_may(client: FlaskClient, cast: Cast, today: Held, who: str, status: int, what: str) -> None:
    if who:
        sign_in(client, getattr(cast, who))
    path = page_of(today) if what else f"/organise/events/{today.event.slug}/attendance"
    assert client.get(path).status_code == status


def test_a_trainer_of_another_event_may_not(client: FlaskClient, cast: Cast, today: Held) -> None:
    other = held(cast, [UNMARKED, UNMARKED], people=[cast.dora])
    sign_in(client, cast.emil)
    assert client.get(page_of(other)).status_code == 403


def test_things_of_other_events_are_not_found(client: FlaskClient, cast: Cast, today: Held) -> None:
    other = held(cast, [UNMARKED, UNMARKED], people=[cast.dora], starts_at=morning_in(-3))
    sign_in(client, cast.alice)
    base = f"/organise/events/{today.event.slug}/attendance"
    foreign = f"{base}/{other.slots[0].public_id}"
    assert client.get(foreign).status_code == 404
    for tail in ("", "/marks", "/everybody", "/take-back", "/sign"):
        assert post_form(client, foreign + tail, page=page_of(today)).status_code == 404
    stranger = other.registrations[0].public_id
    data = {"mark": f"{stranger}:present", "form_id": "f"}
    assert post_form(client, page_of(today), data).status_code == 404
    answer = send(client, page_of(today), {"marks": [row(today, registration=stranger)]})
    assert len(answer.json["refused"]) == 1
    assert marks() == []


def test_the_same_form_sent_twice_marks_once(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.alice)
    data = {"mark": f"{today.registrations[0].public_id}:late", "form_id": "one page"}
    for _ in range(2):
        assert post_form(client, page_of(today), data).status_code == 303
    assert marks() == [("late", "list")]


@pytest.mark.parametrize("wanted", ["", "x", "x:", "x:flying"])
def test_a_mark_that_is_none(client: FlaskClient, cast: Cast, today: Held, wanted: str) -> None:
    sign_in(client, cast.alice)
    assert post_form(client, page_of(today), {"mark": wanted}).status_code == 400


def test_a_device_sends_what_it_kept(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.emil)
    rows = [row(today, age=600), row(today, 1, presence="excused")]
    first = send(client, page_of(today), {"marks": rows}).json
    again = send(client, page_of(today), {"marks": rows}).json
    assert first == again
    assert (first["there"], first["total"], first["unmarked"], first["refused"]) == (1, 2, 0, {})
    bob = today.registrations[0].public_id
    assert first["people"][bob][0] == "present"
    assert first["people"][bob][1].startswith("✓ in, ")
    assert len(marks()) == 2
    early = db.session.query(AttendanceMark).filter_by(presence="present").one()
    assert timedelta(minutes=9) < now() - early.marked_at < timedelta(minutes=11)


@pytest.mark.parametrize(
    "bad",
    [
        {"presence": "flying"}, {"registration": 7}, {"id": "x"}, {"id": "a b c d e f g"}, {"age": -1}, {"age": "1"},
        {"age": True}, {"age": 1e12}, {"age": None},
    ],
)  # fmt: skip
def test_marks_that_cannot_be_read_are_refused_one_by_one(
    client: FlaskClient, cast: Cast, today: Held, bad: dict[str, Any]
) -> None:
    sign_in(client, cast.alice)
    wrong = row(today, **bad)
    answer = send(client, page_of(today), {"marks": [wrong, row(today, 1)]})
    assert answer.status_code == 200
    assert list(answer.json["refused"]) == [wrong["id"]]
    assert marks() == [("present", "list")]


@pytest.mark.parametrize("body", [None, [], {}, {"marks": "x"}, {"marks": [{}] * 501}])
def test_what_is_no_list_of_marks(client: FlaskClient, cast: Cast, today: Held, body: Any) -> None:
    sign_in(client, cast.alice)
    assert send(client, page_of(today), body).status_code == 400


def test_without_the_token_nothing_is_marked(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.alice)
    assert client.post(f"{page_of(today)}/marks", json={"marks": [row(today)]}).status_code == 400
    assert marks() == []


def test_the_list_for_a_device(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.alice)
    answer = client.get(page_of(today), headers={"Accept": "application/json"})
    state: Any = answer.json
    assert (state["there"], state["total"], state["open"]) == (0, 2, True)


def test_finding_a_name_without_scripts(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.alice)
    page = words(client.get(page_of(today) + "?q=nguyen"))
    assert "Carol Nguyễn" in page
    assert "Bob Lambert" not in page
    assert "Nobody on the list has this name." in words(client.get(page_of(today) + "?q=zzz"))


def test_before_it_opens_the_page_says_when(client: FlaskClient, cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None)
    bob = registered(cast.bob, event)
    slot = slots_of(event)[0]
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendance/{slot.public_id}"
    page = words(client.get(path))
    assert "two hours before it begins" in page
    assert "Bob Lambert" in page
    assert "Mark the one" not in page
    token = csrf_token(client.get(path))
    late = client.post(
        path,
        data={"csrf_token": token, "mark": f"{bob.public_id}:present", "form_id": "f"},
        follow_redirects=True,
    )
    assert "It is too early." in words(late)
    assert marks() == []


def test_after_the_closing_it_stays_as_it_was(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.alice)
    token = csrf_token(client.get(page_of(today)))
    with writing() as session:
        session.get_one(Event, today.event.id).run = Run.CLOSED
    page = words(client.get(page_of(today)))
    assert "does not change any more" in page
    assert "Bob Lambert" in page
    answer = client.post(f"{page_of(today)}/marks", json={"marks": [row(today)]}, headers={"X-CSRFToken": token})
    state: Any = answer.json
    assert len(state["refused"]) == 1
    assert state["open"] is False
    assert marks() == []


def test_everybody_at_once_and_back(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.emil)
    assert "Mark the 2 without a mark present" in words(client.get(page_of(today)))
    done = post_form(client, page_of(today) + "/everybody", page=page_of(today))
    page = client.get(done.location)
    assert "2 people are marked present." in words(page)
    assert "2 of 2 are in" in words(page)
    found = re.search(r'name="batch" value="(\w+)"', page.get_data(as_text=True))
    assert found
    back = post_form(
        client, page_of(today) + "/take-back", {"batch": found[1]}, page=page_of(today), follow_redirects=True
    )
    assert "2 marks are taken back." in words(back)
    assert "0 of 2 are in" in words(back)


def test_everybody_cannot_be_taken_back_later(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.emil)
    done = post_form(client, page_of(today) + "/everybody", page=page_of(today))
    batch = done.location.partition("marked=")[2].partition(".")[0]
    with time_machine.travel(now() + timedelta(minutes=3), tick=False):
        back = post_form(
            client, page_of(today) + "/take-back", {"batch": batch}, page=page_of(today), follow_redirects=True
        )
    assert "Two minutes have passed" in words(back)
    assert "2 of 2 are in" in words(back)


def test_signing_the_list(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.emil)
    post_form(client, page_of(today) + "/sign", page=page_of(today))
    assert db.session.query(SlotSignOff).one().person_id == cast.emil.id
    page = words(client.get(page_of(today)))
    assert "Emil Vasseur signed this list" in page
    assert "Sign the list" not in page
    post_form(client, page_of(today), {"mark": f"{today.registrations[0].public_id}:present", "form_id": "f"})
    assert "It was marked again since." in words(client.get(page_of(today)))


def test_a_trainer_sees_names_and_no_addresses(client: FlaskClient, cast: Cast, today: Held) -> None:
    sign_in(client, cast.emil)
    html = client.get(page_of(today)).get_data(as_text=True)
    assert cast.address(cast.bob) not in html
    assert "walk-in" not in html


def test_the_slots_with_who_was_there(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, UNMARKED], [Presence.ABSENT, UNMARKED])
    sign_in(client, cast.alice)
    page = client.get(f"/organise/events/{found.event.slug}/attendance")
    assert "Which of the 2 lists?" in words(page)
    assert "1 of 2 were there" in words(page)
    assert "2 people expected" in words(page)
    assert page_of(found, 1) in page.get_data(as_text=True)


def test_an_event_without_people(client: FlaskClient, cast: Cast) -> None:
    found = held(cast)
    sign_in(client, cast.alice)
    assert "Everybody who is confirmed will be here" in words(client.get(page_of(found)))


def test_names_are_shown_as_text(client: FlaskClient, cast: Cast, today: Held) -> None:
    with writing() as session:
        session.get_one(type(today.registrations[0]), today.registrations[0].id).family_name = "<b>Lambert</b>"
    sign_in(client, cast.alice)
    assert "<b>Lambert</b>" not in client.get(page_of(today)).get_data(as_text=True)
