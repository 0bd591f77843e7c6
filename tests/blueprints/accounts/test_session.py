"""Being signed in: the key in the cookie, signing out, revoking, the language of the account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from models.base import db, now
from models.credentials import SignIn
from models.people import Person
from services.transaction import writing
from tests.blueprints.accounts.door import NOON, ask, digits, link, remember_chance, who
from tests.browsing import csrf_token
from tests.cast import Cast, post_form, sign_in

__all__ = ["remember_chance"]  # a fixture of every test here


def test_the_session_key_is_new_each_time(cast: Cast, client: FlaskClient) -> None:
    """A key planted before signing in is worth nothing after it, and the old sign-in of the browser ends."""
    with client.session_transaction() as cookie:
        cookie["planted"] = "by a thief"
    ask(client)
    post_form(client, "/sign-in/code", {"digits": digits()})
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        first = cookie["sign_in"]
    client.get(link())
    ask_again = client.get("/me/profile")
    assert ask_again.status_code == 200
    token = csrf_token(ask_again)
    client.post("/sign-out", data={"csrf_token": token})
    ask(client)
    post_form(client, "/sign-in/code", {"digits": digits()})
    with client.session_transaction() as cookie:
        assert cookie["sign_in"] != first


def test_a_stolen_cookie_ends_with_sign_out(cast: Cast, app: Flask, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    with client.session_transaction() as cookie:
        key = cookie["sign_in"]
    client.post("/sign-out", data={"csrf_token": csrf_token(client.get("/me/profile"))})
    assert who(client) == ""
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie["sign_in"] = key
    assert who(thief) == ""


def test_revoked_at_the_next_request(cast: Cast, client: FlaskClient) -> None:
    row = sign_in(client, cast.carol)
    assert who(client) == "Carol"
    with writing() as session:
        session.get_one(SignIn, row.id).revoked_at = now()
    assert who(client) == ""


@pytest.mark.parametrize("planted", ["x", "", 7, None, ["a"], {"a": 1}])
def test_nonsense_in_the_cookie(cast: Cast, client: FlaskClient, planted: object) -> None:
    with client.session_transaction() as cookie:
        cookie["sign_in"] = planted
    assert client.get("/me/profile").status_code == 303


def test_seen_is_written_hourly(cast: Cast, client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        row = sign_in(client, cast.carol)
        for minutes, seen in ((30, 0), (61, 61), (90, 61)):
            clock.move_to(NOON + timedelta(minutes=minutes))
            client.get("/me/profile")
            db.session.rollback()
            assert db.session.get_one(SignIn, row.id).seen_at == NOON + timedelta(minutes=seen)


def test_the_cookie_is_not_sent_with_every_page(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    client.get("/me/profile")
    assert "Set-Cookie" not in client.get("/me/profile").headers


def test_buttons_need_their_token(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    assert client.post("/sign-out").status_code == 400
    assert who(client) == "Carol"


def test_signed_out_flash(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    answer = post_form(client, "/sign-out", page="/me/profile", follow_redirects=False)
    assert (answer.status_code, answer.location) == (303, "/")


def test_the_account_language_counts_from_then_on(cast: Cast, client: FlaskClient) -> None:
    with writing() as session:
        session.get_one(Person, cast.carol.id).locale = "fr"
    client.get("/sign-in?lang=nl")
    ask(client)
    post_form(client, "/sign-in/code", {"digits": digits()})
    assert '<html lang="fr"' in client.get("/me/profile").get_data(as_text=True)
    client.get("/me/profile?lang=en")
    assert '<html lang="en"' in client.get("/me/profile").get_data(as_text=True), "a choice made later holds"
