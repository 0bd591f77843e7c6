"""Mails at the desk: organisers see what died and try it again; nobody else sees an address."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.base import db
from models.outbox import Delivery, OutboxMessage
from services.outbox import queue_mail_locked
from services.transaction import writing
from tests.browsing import post_form, sign_in, words
from tests.cast import Cast, make_event


@pytest.fixture
def dead(cast: Cast) -> OutboxMessage:
    with writing():
        message = queue_mail_locked("event_reminder", "carol@kelvin-home.example", locale="en")
        message.delivery, message.last_error = Delivery.DEAD, "550 No such person here"
    return message


def test_it_works(client: FlaskClient, cast: Cast, dead: OutboxMessage) -> None:
    sign_in(client, cast.alice)
    page = client.get("/organise/mails")
    assert page.status_code == 200
    assert "1 mail could not be delivered" in words(page)
    assert "carol@kelvin-home.example" in words(page)
    assert "550 No such person here" in words(page)


def test_trying_again(client: FlaskClient, cast: Cast, dead: OutboxMessage) -> None:
    sign_in(client, cast.ada)
    answer = post_form(client, f"/organise/mails/{dead.public_id}/retry", page="/organise/mails", follow_redirects=True)
    assert "is tried again now" in words(answer)
    db.session.expire_all()
    assert db.session.get_one(OutboxMessage, dead.id).delivery == Delivery.QUEUED


def test_a_second_click_says_so(client: FlaskClient, cast: Cast, dead: OutboxMessage) -> None:
    sign_in(client, cast.alice)
    path = f"/organise/mails/{dead.public_id}/retry"
    token_page = client.get("/organise/mails").get_data(as_text=True)
    token = token_page.split('name="csrf_token" value="')[1].split('"')[0]
    client.post(path, data={"csrf_token": token})
    answer = client.post(path, data={"csrf_token": token}, follow_redirects=True)
    assert "cannot be sent again" in words(answer)
    assert client.post("/organise/mails/nothing/retry", data={"csrf_token": token}).status_code == 404


def test_a_code_has_no_button(client: FlaskClient, cast: Cast) -> None:
    with writing():
        message = queue_mail_locked("sign_in_code", "carol@kelvin-home.example", locale="en")
        message.delivery, message.last_error = Delivery.DEAD, "its code expired before it could be sent"
    sign_in(client, cast.alice)
    html = client.get("/organise/mails").get_data(as_text=True)
    assert "The code is over" in html
    assert "/retry" not in html


def test_a_late_mail_says_when_it_is_tried_again(client: FlaskClient, cast: Cast) -> None:
    with writing():
        message = queue_mail_locked("event_reminder", "carol@kelvin-home.example", locale="en")
        message.last_error = "451 Come back later"
    sign_in(client, cast.alice)
    assert "451 Come back later" in words(client.get("/organise/mails"))


def test_all_is_well(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast.alice)
    assert "Every mail arrived at its server" in words(client.get("/organise/mails"))


@pytest.mark.parametrize(
    "name, status", [("bob", 404), ("carol", 404), ("dora", 404), ("emil", 403), ("fay", 403), ("otto", 403)]
)
def test_nobody_else(client: FlaskClient, cast: Cast, dead: OutboxMessage, name: str, status: int) -> None:
    make_event(organisers=[cast.otto])
    sign_in(client, getattr(cast, name))
    assert client.get("/organise/mails").status_code == status


def test_signed_out(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/organise/mails")
    assert answer.status_code == 303
    assert "/sign-in" in answer.location
