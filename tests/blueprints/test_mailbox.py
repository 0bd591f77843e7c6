"""The mailbox exists in the demo on the loopback address, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models.outbox import OutboxMessage
from services.outbox import queue_mail_locked
from services.transaction import writing
from tasks.delivery import deliver_due
from tests.browsing import words
from tests.cast import Cast
from tests.services.post import CODE, mail


def run_as(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setitem(app.extensions, "atrium", replace(app.extensions["atrium"], **changes))


@pytest.fixture
def demo(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    run_as(app, monkeypatch, mode="demo", host="127.0.0.1")


@pytest.fixture
def sent(app: Flask) -> OutboxMessage:
    with writing():
        message = queue_mail_locked("sign_in_code", "bob@lysara.example", locale="en", name="Bob", context=CODE)
    deliver_due()
    return message


def test_it_works(demo: None, sent: OutboxMessage, client: FlaskClient) -> None:
    page = client.get("/mailbox")
    assert page.status_code == 200
    assert "is your code for Mosan Health" in words(page)
    assert f"/mailbox/{sent.public_id}" in page.get_data(as_text=True)


def test_one_mail_shows_its_code_large_and_its_text(demo: None, sent: OutboxMessage, client: FlaskClient) -> None:
    page = client.get(f"/mailbox/{sent.public_id}")
    html = page.get_data(as_text=True)
    assert ">123456<" in html
    assert 'sandbox="allow-popups' in html
    assert "allow-scripts" not in html
    assert "allow-same-origin" not in html
    assert 'href="http://localhost/sign-in/link/abc"' in html


def test_the_frame_may_do_nothing_but_be_read(demo: None, sent: OutboxMessage, client: FlaskClient) -> None:
    page = client.get(f"/mailbox/{sent.public_id}/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert '<base target="_top">' in page.get_data(as_text=True)


def test_the_text_of_a_mail_is_not_markup(demo: None, cast: Cast, client: FlaskClient) -> None:
    message = mail("registration_cancelled", cast, reason="<script>alert(1)</script>")
    deliver_due()
    page = client.get(f"/mailbox/{message.public_id}").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_no_mail_yet(demo: None, client: FlaskClient) -> None:
    assert "No mail yet" in words(client.get("/mailbox"))


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fatrium", "0" * 26, "..", "%2e%2e%2fsecret_key"])
def test_only_mails_of_the_folder_can_be_read(demo: None, client: FlaskClient, name: str) -> None:
    assert client.get(f"/mailbox/{name}").status_code == 404
    assert client.get(f"/mailbox/{name}/html").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "production", "host": "127.0.0.1"},
        {"mode": "test", "host": "127.0.0.1"},
        {"mode": "demo", "host": "0.0.0.0"},
        {"mode": "demo", "host": "192.0.2.7"},
        {"mode": "demo", "host": "127.0.0.1", "mail_url": "smtp://127.0.0.1:25"},
    ],
)
def test_elsewhere_there_is_no_such_page(
    app: Flask, sent: OutboxMessage, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    run_as(app, monkeypatch, **changes)
    for path in ("/mailbox", f"/mailbox/{sent.public_id}", f"/mailbox/{sent.public_id}/html"):
        assert client.get(path).status_code == 404
