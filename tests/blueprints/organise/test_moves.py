"""At the desk: a colleague takes a place, somebody moves to another date, and terms in tiers are written."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db, now
from models.events import Event
from models.registrations import Registration, Status
from tests.blueprints.organise.desk import form_of
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_cancel_registration import status_of
from tests.services.test_register import enrol
from tests.services.test_substitutions import two_dates


def test_a_colleague_takes_the_place(cast: Cast, client: FlaskClient) -> None:
    event = make_event()
    row = enrol(cast.carol, event)
    sign_in(client, cast.alice)
    home = f"/organise/events/{event.slug}/attendees/{row.public_id}"
    assert "Send a colleague" in words(client.get(home))
    data = {"given_name": "Nadia", "family_name": "Haddad", "email": "nadia@orvane.example"}
    answer = post_form(client, f"{home}/colleague", data)
    assert "Nadia Haddad" in words(client.get(answer.location))
    assert status_of(row) == Status.SUBSTITUTED
    assert post_form(client, f"{home}/colleague", data).status_code == 422


def test_somebody_moves_to_another_date(cast: Cast, client: FlaskClient) -> None:
    first, second = two_dates(starts_at=now() + timedelta(days=40))
    row = enrol(cast.carol, first)
    sign_in(client, cast.alice)
    path = f"/organise/events/{first.slug}/attendees/{row.public_id}/date"
    assert post_form(client, path, {"date": "elsewhere"}).status_code == 422
    assert post_form(client, path, {"date": second.public_id}).status_code == 303
    moved = db.session.scalars(select(Registration).where(Registration.event_id == second.id)).one()
    assert moved.person_id == cast.carol.id
    assert "No other date" in words(client.get(path))


def test_tiers_are_written_on_the_form(cast: Cast, client: FlaskClient) -> None:
    event = make_event(starts_at=now() + timedelta(days=60))
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/edit"
    data = form_of(client, path, "texts-0-title")
    tiers = {"tiers-0-days": "15", "tiers-0-percent": "0", "tiers-1-days": "5", "tiers-1-percent": "50"}
    refused = client.post(path, data={**data, **tiers, "tiers-2-days": "6", "tiers-2-percent": "100"})
    assert refused.status_code == 422
    assert "this one needs fewer days than the one above" in words(refused)
    assert client.post(path, data={**data, **tiers}).status_code == 422  # the last row does not reach the beginning
    half = client.post(path, data={**data, **tiers, "tiers-2-days": "0"})
    assert half.status_code == 422
    saved = client.post(path, data={**data, **tiers, "tiers-2-days": "0", "tiers-2-percent": "100"})
    assert saved.status_code == 303
    found = db.session.scalars(select(Event.tiers).where(Event.id == event.id)).one()
    assert found == [{"days": 15, "percent": 0}, {"days": 5, "percent": 50}, {"days": 0, "percent": 100}]
    assert form_of(client, path, "texts-0-title")["tiers-1-percent"] in ("50", ["50"])
    assert "then half the price; from" in words(client.get(f"/events/{event.slug}"))
