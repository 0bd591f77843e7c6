"""Closing at the desk: the preview by name, the button, the progress of the certificates."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from models.base import db
from models.events import Event, EventKind, Run
from models.outbox import Job
from models.people import Person
from services.closing import close
from services.transaction import writing
from tasks.jobs import run_waiting_jobs
from tests.cast import Cast, make_event, morning_in, post_form, sign_in, words
from tests.services.held import ABSENT, EXCUSED, PRESENT, UNMARKED, held


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT], [PRESENT, ABSENT], [PRESENT, PRESENT])
    sign_in(client, cast.alice)
    path = f"/organise/events/{found.event.slug}/close"
    page = words(client.get(path))
    assert "Close it, with 2 certificates?" in page
    assert "at least 80 % of 7 hours" in page
    assert "3 hours 30" not in page
    answer = post_form(client, path)
    job = db.session.query(Job).one()
    assert answer.location == f"/organise/jobs/{job.public_id}"
    progress = client.get(answer.location)
    assert "The certificates are being made" in words(progress)
    assert "0 of 2" in words(progress)
    assert 'http-equiv="refresh"' in progress.get_data(as_text=True)
    assert 'data-refresh="2"' in progress.get_data(as_text=True)
    run_waiting_jobs()
    done = client.get(answer.location)
    assert "2 certificates are issued" in words(done)
    assert "refresh" not in done.get_data(as_text=True).partition("<body>")[2].partition("</main>")[0]
    closed = words(client.get(path))
    assert "2 people completed it" in closed
    assert "Carol Nguyễn" in closed


def test_those_without_a_mark_are_pointed_out(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, UNMARKED], [EXCUSED, UNMARKED])
    sign_in(client, cast.alice)
    page = client.get(f"/organise/events/{found.event.slug}/close")
    assert "2 people have no mark on" in words(page)
    assert f"/attendance/{found.slots[1].public_id}" in page.get_data(as_text=True)
    assert f"/attendance/{found.slots[0].public_id}" not in page.get_data(as_text=True)


def test_too_early(client: FlaskClient, cast: Cast) -> None:
    event = make_event()
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/close"
    page = client.get(path)
    assert "It cannot be closed yet" in words(page)
    assert "Its last slot ends on" in words(page)
    assert 'class="action"' not in page.get_data(as_text=True)
    assert "Did not come" not in words(page)  # nobody is absent from what has not been
    assert "Its last slot ends on" in words(post_form(client, path, page="/organise/events/new", follow_redirects=True))
    assert db.session.get_one(Event, event.id).run == Run.GUARANTEED


def test_closing_twice(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT])
    sign_in(client, cast.alice)
    path = f"/organise/events/{found.event.slug}/close"
    close(found.event.id, cast.alice)
    again = post_form(client, path, page="/organise/events/new", follow_redirects=True)
    assert "It is closed already." in words(again)
    assert db.session.query(Job).count() == 1


def test_a_postponed_event(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT])
    with writing() as session:
        session.get_one(Event, found.event.id).run = Run.POSTPONED
    sign_in(client, cast.alice)
    assert "It never took place for certain." in words(client.get(f"/organise/events/{found.event.slug}/close"))


def test_an_evening_has_no_certificates(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, ABSENT], kind=EventKind.NETWORKING)
    sign_in(client, cast.alice)
    path = f"/organise/events/{found.event.slug}/close"
    assert "Close the event?" in words(client.get(path))
    assert post_form(client, path).location == path
    assert "1 person completed it" in words(client.get(path))


@pytest.mark.parametrize(
    "who, status", [("otto", 200), ("ada", 200), ("emil", 403), ("fay", 403), ("bob", 404), ("", 303)]
)
def test_who_may(client: FlaskClient, cast: Cast, who: str, status: int) -> None:
    found = held(cast, [PRESENT, PRESENT], trainers=[cast.emil], organisers=[cast.otto])
    job = close(found.event.id, cast.alice).job
    assert job
    if who:
        sign_in(client, getattr(cast, who))
    for path in (f"/organise/events/{found.event.slug}/close", f"/organise/jobs/{job.public_id}"):
        assert client.get(path).status_code == status


def test_the_job_of_an_event_one_does_not_organise(client: FlaskClient, cast: Cast) -> None:
    job = close(held(cast, [PRESENT, PRESENT]).event.id, cast.alice).job
    make_event(organisers=[cast.otto])
    assert job
    sign_in(client, cast.otto)
    assert client.get(f"/organise/jobs/{job.public_id}").status_code == 403
    assert client.get("/organise/jobs/nothing").status_code == 404


def test_a_name_that_cannot_be_printed_has_a_way_out(client: FlaskClient, cast: Cast) -> None:
    with writing() as session:
        session.get_one(Person, cast.bob.id).certificate_name = "李 Lambert"
    found = held(cast, [PRESENT, PRESENT], [PRESENT, PRESENT])
    job = close(found.event.id, cast.alice).job
    assert job
    run_waiting_jobs()
    sign_in(client, cast.alice)
    page = client.get(f"/organise/jobs/{job.public_id}")
    assert "1 certificate needs you" in words(page)
    assert "Bob Lambert" in words(page)
    assert "typefaces do not have 李." in words(page)
    letters = f"/organise/events/{found.event.slug}/certificates/letters/{found.registrations[0].public_id}"
    assert letters in page.get_data(as_text=True)
    form = client.get(letters)
    assert "How is 李 Lambert written in Latin letters?" in words(form)
    assert 'value="Bob Lambert"' in form.get_data(as_text=True)
    refused = post_form(client, letters, {"name": "王 Lambert"})
    assert refused.status_code == 422
    assert "These cannot be printed: 王." in words(refused)
    assert "王 Lambert" in refused.get_data(as_text=True)
    answer = post_form(client, letters, {"name": "Li Lambert"})
    assert answer.status_code == 303
    run_waiting_jobs()
    assert "1 certificate is issued" in words(client.get(answer.location))
    assert client.get(letters).status_code == 404


def test_the_page_of_a_job_that_stopped(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from services import certificates

    def full(draft: object) -> bytes:
        raise OSError("no space left")

    monkeypatch.setattr(certificates, "printed", full)
    job = close(held(cast, [PRESENT, PRESENT]).event.id, cast.alice).job
    assert job
    run_waiting_jobs()
    sign_in(client, cast.alice)
    page = words(client.get(f"/organise/jobs/{job.public_id}"))
    assert "goes on by itself in a few minutes" in page
    assert "no space left" in page


def test_a_running_event_is_closed_the_moment_it_is_over(client: FlaskClient, cast: Cast) -> None:
    found = held(cast, [PRESENT, UNMARKED], starts_at=morning_in(-1))
    with time_machine.travel(found.slots[-1].ends_at + timedelta(seconds=1), tick=False):
        sign_in(client, cast.alice)
        post_form(client, f"/organise/events/{found.event.slug}/close")
    assert db.session.get_one(Event, found.event.id, populate_existing=True).run == Run.CLOSED
