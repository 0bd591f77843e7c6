"""A browser at the door: asking for a code, and what the mail said."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.base import db
from models.outbox import OutboxMessage
from tests.cast import post_form

CAROL = "carol@kelvin-home.example"
NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def mails() -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


CODES: list[tuple[str, str]] = []


class Chance:
    """Real chance that remembers: the outbox wipes digits and links once the mail has left, and those of an unknown
    address leave in no mail at all."""

    @staticmethod
    def randbelow(limit: int) -> int:
        number = secrets.randbelow(limit)
        CODES.append((f"{number:06d}", ""))
        return number

    @staticmethod
    def token_urlsafe(size: int) -> str:
        token = secrets.token_urlsafe(size)
        CODES[-1] = (CODES[-1][0], token)
        return token


@pytest.fixture(autouse=True)
def remember_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    CODES.clear()
    monkeypatch.setattr("services.codes.secrets", Chance)


def digits() -> str:
    return CODES[-1][0]


def wrong() -> str:
    return "000000" if digits() != "000000" else "000001"


def link() -> str:
    return f"/sign-in/link/{CODES[-1][1]}"


def ask(client: FlaskClient, address: str = CAROL, *, next_path: str = "") -> TestResponse:
    path = f"/sign-in?next={next_path}" if next_path else "/sign-in"
    return post_form(client, path, {"email": address})


def who(client: FlaskClient) -> str:
    """The name the profile page shows, '' when signed out."""
    answer = client.get("/me/profile")
    found = re.search(r'id="given_name"[^>]*value="([^"]*)"', answer.get_data(as_text=True))
    return found.group(1) if found else ""
