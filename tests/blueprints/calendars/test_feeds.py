"""Feeds that other programs read: one entry per half-day, the same bytes while nothing changed, private ones private."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from icalendar import Calendar
from sqlalchemy import select

from models.base import db, now
from models.courses import Publication
from models.events import Event, Run, Slot, Visibility
from models.outbox import CalendarFeed
from services.registrations import cancel
from services.transaction import writing
from tests.browsing import Browser
from tests.cast import Cast, make_event, post_form, sign_in
from tests.services.test_register import enrol


def entries(response: object) -> list[dict[str, object]]:
    found = Calendar.from_ical(response.data)  # type: ignore[attr-defined]
    return [dict(each) for each in found.walk("VEVENT")]


def private_path(client: Browser) -> str:
    """Make a link and read it from the page that shows it once."""
    answer = post_form(client, "/me/calendar")
    html = client.get(answer.location).text
    return "/calendar/" + html.split("/calendar/")[1].split(".ics")[0] + ".ics"


def test_it_works(client: Browser, cast: Cast) -> None:
    event = make_event(slots=3)
    answer = client.get(f"/events/{event.slug}.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    found = entries(answer)
    assert len(found) == 3
    slots = {f"slot-{public_id}@mosan.example" for public_id in db.session.scalars(select(Slot.public_id))}
    assert {str(each["UID"]) for each in found} == slots
    assert b"METHOD" not in answer.data
    assert b"ATTENDEE" not in answer.data


def test_nothing_changed_means_the_same_bytes_and_a_304(client: Browser, cast: Cast) -> None:
    make_event()
    first = client.get("/calendar/events.ics")
    with time_machine.travel(now() + timedelta(minutes=5)):
        second = client.get("/calendar/events.ics")
        not_modified = client.get("/calendar/events.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert first.data == second.data
    assert not_modified.status_code == 304
    assert not_modified.data == b""
    assert "Set-Cookie" not in first.headers


def test_a_slot_that_left_changes_the_etag(client: Browser, cast: Cast) -> None:
    make_event()
    gone = make_event()
    first = client.get("/calendar/events.ics")
    with writing() as session:
        session.get_one(Event, gone.id).publication = Publication.ARCHIVED
    second = client.get("/calendar/events.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert len(entries(second)) == len(entries(first)) - 2


def test_cancelled_and_tentative_say_so_and_the_sequence_moves(client: Browser, cast: Cast) -> None:
    event = make_event(run=Run.TENTATIVE, minimum=5, slots=1)
    before = entries(client.get(f"/events/{event.slug}.ics"))[0]
    assert before["STATUS"] == "TENTATIVE"
    with writing() as session:
        row = session.get_one(Event, event.id)
        row.run, row.sequence, row.updated_at = Run.CANCELLED, row.sequence + 1, now()
    after = entries(client.get(f"/events/{event.slug}.ics?lang=en"))[0]
    assert (after["STATUS"], after["TRANSP"]) == ("CANCELLED", "TRANSPARENT")
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1  # type: ignore[operator]
    assert after["UID"] == before["UID"]
    assert str(after["SUMMARY"]).startswith("Cancelled: ")


def test_an_area_holds_its_own_events_only(client: Browser, cast: Cast) -> None:
    make_event(areas=["biopharmacy"], slots=1, title="Cells")
    make_event(areas=["digital-health"], slots=1, title="Data")
    found = entries(client.get("/calendar/areas/digital-health.ics"))
    assert [str(each["SUMMARY"]) for each in found] == ["Data"]
    assert client.get("/calendar/areas/no-such-area.ics").status_code == 404


def test_drafts_and_unlisted_events_are_in_no_feed(client: Browser, cast: Cast) -> None:
    draft = make_event(publication=Publication.DRAFT)
    unlisted = make_event(visibility=Visibility.UNLISTED)
    assert entries(client.get("/calendar/events.ics")) == []
    assert client.get(f"/events/{draft.slug}.ics").status_code == 404
    assert client.get(f"/events/{unlisted.slug}.ics").status_code == 200


def test_what_ended_long_ago_leaves_the_feed(client: Browser, cast: Cast) -> None:
    event = make_event(slots=1)
    with time_machine.travel(event.ends_at + timedelta(days=89)):
        assert len(entries(client.get("/calendar/events.ics"))) == 1
    with time_machine.travel(event.ends_at + timedelta(days=92)):
        assert entries(client.get("/calendar/events.ics")) == []


def test_my_link_holds_my_places_with_the_link_to_join(client: Browser, cast: Cast) -> None:
    mine = make_event(public_cents=0, member_cents=None, slots=1, online_url="https://meet.mosan.example/room")
    unpaid = make_event(slots=1)
    make_event(slots=1)
    enrol(cast.bob, mine)
    enrol(cast.bob, unpaid)
    sign_in(client, cast.bob)
    path = private_path(client)
    found = entries(client.application.test_client().get(path))
    assert [each["STATUS"] for each in found] == ["CONFIRMED", "TENTATIVE"]
    answer = client.get(path)
    assert b"https://meet.mosan.example/room" in answer.data
    assert b"https://meet.mosan.example/room" not in client.get("/calendar/events.ics").data
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert db.session.scalars(select(CalendarFeed)).one().fetched_at is not None


def test_a_cancelled_place_leaves_my_calendar(client: Browser, cast: Cast) -> None:
    registration = enrol(cast.bob, make_event(slots=1))
    sign_in(client, cast.bob)
    path = private_path(client)
    assert len(entries(client.get(path))) == 1
    cancel(registration.public_id, actor=cast.bob)
    assert entries(client.get(path)) == []


def test_a_revoked_link_and_an_older_one_are_not_found(client: Browser, cast: Cast) -> None:
    sign_in(client, cast.bob)
    first = private_path(client)
    second = private_path(client)
    assert first != second
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    post_form(client, "/me/calendar/revoke", page="/me/calendar")
    assert client.get(second).status_code == 404
    token = second.removeprefix("/calendar/").removesuffix(".ics")
    assert token not in client.get("/me/calendar").text
    assert db.session.scalars(select(CalendarFeed.token_hash).where(CalendarFeed.token_hash == token)).first() is None


def test_the_page_says_how_to_subscribe(client: Browser, cast: Cast) -> None:
    make_event()
    page = client.get("/calendar?lang=fr")
    assert page.status_code == 200
    assert "webcal://localhost/calendar/events.ics?lang=fr" in page.text
