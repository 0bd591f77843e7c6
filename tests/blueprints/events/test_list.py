"""The list of events as a browser gets it: filters, chips, pages, months, and nonsense in the address."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from flask.testing import FlaskClient

from models.courses import Course
from models.events import EventKind, Visibility
from services.search import index_course_locked, index_event_locked
from services.transaction import writing
from tests.cast import BRUSSELS, Cast, make_event, morning_in, sign_in, words
from tests.counting import queries


def titles(client: FlaskClient, path: str) -> list[str]:
    page = client.get(path).get_data(as_text=True)
    return re.findall(r'<h3[^>]*><a href="/events/[^"]+">([^<]+)</a></h3>', page)


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    make_event(title="Reading plates", areas=["biopharmacy"])
    page = client.get("/events?lang=en")
    assert page.status_code == 200
    said = words(page)
    assert "1 date to come." in said
    assert "Reading plates" in said
    assert "€508.20 or €302.50 for members VAT included, €420 without" in said
    assert "20 places left" in said


def test_an_empty_catalogue_says_what_will_be_here(client: FlaskClient, cast: Cast) -> None:
    said = words(client.get("/events?lang=en"))
    assert "Nothing is planned yet" in said
    assert "Take a filter away" not in said


def test_a_search_without_result_offers_the_way_back(client: FlaskClient, cast: Cast) -> None:
    make_event()
    page = client.get("/events?lang=en&q=zebra")
    assert "Nothing matches what you chose." in words(page)
    assert 'href="/events"' in page.get_data(as_text=True)


def test_filters_stay_chosen_and_can_be_taken_away(client: FlaskClient, cast: Cast) -> None:
    make_event(title="Webinar one", kind=EventKind.WEBINAR, areas=["digital-health"])
    make_event(title="Training one", areas=["biopharmacy"])
    page = client.get("/events?lang=en&area=digital-health&kind=webinar").get_data(as_text=True)
    assert titles(client, "/events?lang=en&area=digital-health&kind=webinar") == ["Webinar one"]
    assert re.search(r'value="digital-health" id="filter-area-[a-z-]+" checked', page)
    chips = re.findall(r'<a class="chosen" href="([^"]+)">', page)
    assert chips == ["/events?kind=webinar&amp;lang=en", "/events?area=digital-health&amp;lang=en"]


def test_a_member_sees_their_own_prices_and_places(client: FlaskClient, cast: Cast) -> None:
    make_event()
    sign_in(client, cast.bob)
    said = words(client.get("/events?lang=en"))
    assert "€302.50 as a member VAT included, €250 without" in said
    assert "as a member through Lysara Biologics" in said


def test_pages_of_24(client: FlaskClient, cast: Cast) -> None:
    for number in range(26):
        make_event(title=f"Event {number:02}", starts_at=morning_in(number + 1), slots=1)
    assert len(titles(client, "/events?lang=en")) == 24
    assert titles(client, "/events?lang=en&page=2") == ["Event 24", "Event 25"]
    page = client.get("/events?lang=en&page=2")
    assert "25 to 26 of 26" in words(page)
    assert 'rel="prev" href="/events?page=1&amp;lang=en"' in page.get_data(as_text=True)
    assert titles(client, "/events?lang=en&page=99") == ["Event 24", "Event 25"]


def test_past_events(client: FlaskClient, cast: Cast) -> None:
    make_event(title="Long ago", starts_at=morning_in(-40))
    assert titles(client, "/events") == []
    assert titles(client, "/events?when=past") == ["Long ago"]


def test_events_are_grouped_by_month(client: FlaskClient, cast: Cast) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 9, tzinfo=UTC), tick=False):
        for month in (11, 12):
            make_event(title="One", starts_at=datetime(2026, month, 28, 9, tzinfo=BRUSSELS).astimezone(UTC), slots=1)
        make_event(title="Two", starts_at=datetime(2027, 1, 5, 9, tzinfo=BRUSSELS).astimezone(UTC), slots=1)
        page = client.get("/events?lang=en").get_data(as_text=True)
    assert re.findall(r'<h2 id="m[^"]+">([^<]+)</h2>', page) == ["November", "December", "January 2027"]


def test_unlisted_events_are_nowhere_in_the_lists(client: FlaskClient, cast: Cast) -> None:
    make_event(title="Secret meeting", visibility=Visibility.UNLISTED, kind=EventKind.NETWORKING)
    for path in ("/", "/events", "/events?view=month", "/areas/biopharmacy", "/areas/biopharmacy.atom", "/sitemap.xml"):
        assert "ecret" not in client.get(path).get_data(as_text=True), path


def test_searching_shows_courses_too(client: FlaskClient, cast: Cast) -> None:
    event = make_event(title="Reading plates")
    with writing() as session:
        index_event_locked(event)
        course = session.get_one(Course, event.course_id)
        course.titles = {"en": "The course of plates"}
        index_course_locked(course)
    said = words(client.get("/events?lang=en&q=PLATES"))
    assert "Courses and programmes" in said
    assert "The course of plates" in said
    assert "Reading plates" in said


STRANGE = [
    "page=-1", "page=abc", "page=0", "page=99999999999999999999", "page=²", "from=2026-12-31&to=2026-01-01", "from=x&to=y",
    "from=0001-01-01", "to=9999-12-31", "dates=never", "view=month&month=9999-99", "view=month&month=", "view=month&month=1999-01",
    "view=month&month=2100-12", "view=month&month=0000-00", "area=unknown", "area=unknown&area=biopharmacy", "kind=%01",
    "language=xx", "price=-5", "price=abc", "city=%27%22%3Cscript%3E", "q=%27%22*(NEAR", "q=" + "a" * 1000, "when=future",
    "places=maybe", "lang=xx", "lang=fr&lang=nl", "q=%F0%9F%A7%AA", "q=%FF",
]  # fmt: skip


@pytest.mark.parametrize("query", STRANGE)
def test_nonsense_in_the_address_is_never_an_error(client: FlaskClient, cast: Cast, query: str) -> None:
    make_event()
    page = client.get(f"/events?{query}")
    assert page.status_code == 200
    assert "<script>" not in page.get_data(as_text=True)


def test_a_month_is_a_table_of_its_days(client: FlaskClient, cast: Cast) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 9, tzinfo=UTC), tick=False):
        make_event(title="Plates", starts_at=datetime(2026, 12, 8, 9, tzinfo=BRUSSELS).astimezone(UTC), slots=2)
        page = client.get("/events?view=month&month=2026-12&lang=en")
    said = words(page)
    assert "December 2026" in said
    assert "9:00 Plates, 1 of 2" in said
    assert "9:00 Plates, 2 of 2" in said
    days = re.findall(r'<time datetime="([^"]+)">', page.get_data(as_text=True))
    assert (days[0], days[-1], len(days)) == ("2026-11-30", "2027-01-03", 35)


def test_the_filters_hold_in_the_month(client: FlaskClient, cast: Cast) -> None:
    first = morning_in(3)
    make_event(title="Plates", starts_at=first, slots=1, areas=["biopharmacy"])
    make_event(title="Data", starts_at=first, slots=1, areas=["digital-health"])
    said = words(client.get(f"/events?view=month&month={first:%Y-%m}&area=digital-health"))
    assert "Data" in said
    assert "Plates" not in said


@pytest.mark.parametrize(
    "path, who, most",
    [
        *((path, "nobody", 8) for path in ("/", "/events", "/events?view=month", "/programmes", "/areas/biopharmacy")),
        *(("/events", who, 8) for who in ("bob", "alice")),
        *(("/events?view=month", who, 10) for who in ("bob", "alice")),
        *(("/", who, 10) for who in ("bob", "alice")),
        *(("/areas/biopharmacy", who, 11) for who in ("bob", "alice")),
    ],
)
def test_few_queries(client: FlaskClient, cast: Cast, path: str, who: str, most: int) -> None:
    """Eight at most for everybody; who they are, what they pay, where they go and what they run cost one each."""
    for number in range(5):
        make_event(title=f"Event {number}")
    if who != "nobody":
        sign_in(client, getattr(cast, who))
    client.get(path)
    with queries() as sent:
        assert client.get(path).status_code == 200
    assert len(sent) <= most, "\n".join(sent)
