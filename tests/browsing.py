"""A browser for tests: every request gets its own application context, as in the real server."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.base import db, now
from models.credentials import SignIn
from models.people import Person
from services.transaction import writing

TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')


class Browser(FlaskClient):
    """Flask's client, but `g` and the database session of one request never leak into the next one or into the test.
    It asks for English: the cluster's own first language is French."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        db.session.rollback()
        db.session.expire_all()  # the test's own session reads again what the request wrote
        return response


def sign_in(client: FlaskClient, person: Person) -> SignIn:
    """Sign `person` in without a mail: a sign-in row, and its key in the session cookie."""
    key = secrets.token_urlsafe(32)
    with writing() as session:
        row = SignIn(
            key_hash=hashlib.sha256(key.encode()).hexdigest(),
            person_id=person.id,
            method="demo",
            expires_at=now() + timedelta(days=30),
        )
        session.add(row)
    with client.session_transaction() as cookie:
        cookie["sign_in"] = key
    return row


def csrf_token(response: TestResponse) -> str:
    """The token of the first form on a page; an assertion when the page has none."""
    found = TOKEN.search(response.get_data(as_text=True))
    assert found, f"no csrf_token on the page of {response.request.path} ({response.status_code})"
    return unescape(found.group(1))


def post_form(
    client: FlaskClient, path: str, data: dict[str, Any] | None = None, *, page: str | None = None, **kwargs: Any
) -> TestResponse:
    """Post like a browser: GET the page that holds the form (`page`, default `path`), take its token, POST to `path`."""
    token = csrf_token(client.get(page or path))
    return client.post(path, data={"csrf_token": token, **(data or {})}, **kwargs)


def words(response: TestResponse) -> str:
    """What a reader sees on the page: the text without tags, white space joined."""
    html = response.get_data(as_text=True)
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
