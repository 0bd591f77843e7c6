"""Programmes, courses and areas in the browser, and what machines read of them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from models.areas import Area
from models.base import db, now
from models.courses import Course, Programme, ProgrammeStep, Publication, course_area
from models.events import Event, Run
from services.areas import load_areas_locked
from services.transaction import writing
from tests.cast import Cast, add_course_locked, make_event, words

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def path(client: FlaskClient, cast: Cast) -> Event:
    """A programme of three courses: one with a date, one elective without, one not yet published."""
    event = make_event(title="First course")
    with writing() as session:
        load_areas_locked(client.application.extensions["cluster"])
        first = session.get_one(Course, event.course_id)
        area = session.query(Area).filter_by(slug="biopharmacy").one()
        session.execute(insert(course_area).values(course_id=first.id, area_id=area.id))
        second = add_course_locked("Second course", "second")
        third = add_course_locked("Hidden course", "third", publication=Publication.DRAFT)
        programme = Programme(
            slug="lead", titles={"en": "Production lead"}, summaries={"en": "A trade."}, area=area,
            publication=Publication.PUBLISHED, descriptions={"en": "Take **a year**."},
        )  # fmt: skip
        session.add(programme)
        session.flush()
        for position, course in enumerate((first, second, third)):
            session.add(
                ProgrammeStep(
                    programme_id=programme.id, course_id=course.id, position=position, is_mandatory=position != 1
                )
            )
    return event


def structured(client: FlaskClient, address: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', client.get(address).text, re.S)
    assert found
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_the_list_shows_each_path(client: FlaskClient, path: Event) -> None:
    said = words(client.get("/programmes?lang=en"))
    for part in ("Production lead", "2 courses, 14 hours", "First course", "Second course", "elective"):
        assert part in said.replace("\N{NO-BREAK SPACE}", " "), part
    assert "Hidden" not in said


def test_an_empty_list_shows_the_way(client: FlaskClient, cast: Cast) -> None:
    assert "No programme is published yet." in words(client.get("/programmes?lang=en"))


def test_a_programme_says_when_each_course_is_next(client: FlaskClient, path: Event) -> None:
    page = client.get("/programmes/lead?lang=en")
    said = words(page)
    assert f'href="/events/{path.slug}"' in page.text
    assert "(Namur, in English)" in said
    assert "No date planned yet. Ask for one" in said
    assert "<strong>a year</strong>" in page.text


@pytest.mark.parametrize("run", [Run.CANCELLED, Run.POSTPONED])
def test_a_date_that_does_not_take_place_is_no_next_date(client: FlaskClient, path: Event, run: Run) -> None:
    with writing() as session:
        session.get_one(Event, path.id).run = run
    assert f'href="/events/{path.slug}"' not in client.get("/programmes/lead").text


@pytest.mark.parametrize("address", ["/programmes/nothing", "/courses/nothing", "/courses/third", "/areas/nothing"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: Event, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_draft_programme_is_not_found(client: FlaskClient, path: Event) -> None:
    with writing() as session:
        session.query(Programme).one().publication = Publication.DRAFT
    assert client.get("/programmes/lead").status_code == 404
    assert "Production lead" not in client.get("/programmes").text


def test_a_course_shows_its_dates_and_its_programmes(client: FlaskClient, path: Event) -> None:
    slug = course_slug(path)
    said = words(client.get(f"/courses/{slug}?lang=en")).replace("\N{NO-BREAK SPACE}", " ")
    for part in ("First course", "20 places left", "Dress for a clean room", "7 hours", "Foundation", "step 1 of 3"):
        assert part in said, part


def course_slug(event: Event) -> str:
    return db.session.get_one(Course, event.course_id).slug


def test_a_course_without_dates_says_how_to_get_one(client: FlaskClient, path: Event) -> None:
    page = client.get("/courses/second?lang=en")
    assert "No date is planned yet." in words(page)
    assert "mailto:hello@mosan.example?subject=Second%20course" in page.text


def test_structured_data_of_courses_and_programmes(client: FlaskClient, path: Event) -> None:
    course = structured(client, "/courses/second?lang=en")
    assert (course["@type"], course["name"], course["provider"]["name"]) == ("Course", "Second course", "Mosan Health")
    assert course["description"]
    programme = structured(client, "/programmes/lead?lang=en")
    assert programme["@type"] == "EducationalOccupationalProgram"
    assert [one["name"] for one in programme["hasCourse"]] == ["First course", "Second course"]
    assert programme["timeToComplete"] == "PT840M"


def test_an_area_shows_events_programmes_and_courses(client: FlaskClient, path: Event) -> None:
    said = words(client.get("/areas/biopharmacy?lang=fr"))
    for part in ("Biopharmacie", "First course", "Production lead"):
        assert part in said, part
    assert "First course" not in words(client.get("/areas/digital-health?lang=fr"))


def test_the_feed_of_an_area_is_atom(client: FlaskClient, path: Event) -> None:
    answer = client.get("/areas/biopharmacy.atom?lang=en")
    assert answer.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(answer.data)
    assert feed.findtext("a:title", namespaces=ATOM) == "Biopharmacy · Mosan Health"
    assert feed.findtext("a:id", namespaces=ATOM) == "tag:mosan.example,2026:areas/biopharmacy"
    [entry] = feed.findall("a:entry", ATOM)
    assert entry.findtext("a:title", namespaces=ATOM) == "First course"
    assert entry.findtext("a:id", namespaces=ATOM) == f"tag:mosan.example,2026:events/{path.public_id}"
    for needed in ("updated", "published", "summary"):
        assert entry.findtext(f"a:{needed}", namespaces=ATOM), needed


def test_the_feed_keeps_its_bytes_until_something_changes(client: FlaskClient, path: Event) -> None:
    first = client.get("/areas/biopharmacy.atom?lang=en")
    again = client.get("/areas/biopharmacy.atom?lang=en")
    assert first.data == again.data
    unchanged = client.get("/areas/biopharmacy.atom?lang=en", headers={"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    with writing() as session:
        event = session.get_one(Event, path.id)
        event.titles, event.updated_at = {"en": "New & <better>"}, now() + timedelta(seconds=5)
    changed = client.get("/areas/biopharmacy.atom?lang=en", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert ElementTree.fromstring(changed.data).findtext("a:entry/a:title", namespaces=ATOM) == "New & <better>"


def test_the_colours_of_the_areas_are_a_stylesheet(client: FlaskClient, path: Event) -> None:
    answer = client.get("/areas.css")
    assert answer.mimetype == "text/css"
    assert '[data-area="biopharmacy"] { --area: light-dark(#b5402a, #f0937c); }' in answer.text
    assert client.get("/areas.css", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
