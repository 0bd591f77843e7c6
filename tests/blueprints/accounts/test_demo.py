"""One click as one of the cast: in demo mode, on this machine, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.browsing import csrf_token
from tests.cast import Cast, words

EVERYBODY = ("alice", "bob", "carol", "dora", "emil", "fay", "ada")


@pytest.fixture
def demo(app: Flask) -> Iterator[Flask]:
    """The application in demo mode."""
    kept = app.extensions["atrium"]
    app.extensions["atrium"] = replace(kept, mode="demo", host="127.0.0.1")
    yield app
    app.extensions["atrium"] = kept


def click(client: FlaskClient, who: str, **kwargs: Any) -> int:
    token = csrf_token(client.get("/sign-in"))
    return client.post("/sign-in/demo", data={"who": who, "csrf_token": token}, **kwargs).status_code


@pytest.mark.parametrize("who", EVERYBODY)
def test_it_works(cast: Cast, demo: Flask, client: FlaskClient, who: str) -> None:
    page = words(client.get("/sign-in"))
    assert all(name.capitalize() in page for name in EVERYBODY)
    assert click(client, who) == 303
    assert who.capitalize() in client.get("/me/profile").get_data(as_text=True)


@pytest.mark.parametrize("who", ["otto", "", "alice@mosan.example"])
def test_nobody_else(cast: Cast, demo: Flask, client: FlaskClient, who: str) -> None:
    assert click(client, who) == 404


@pytest.mark.parametrize(
    "elsewhere",
    [{"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}, {"base_url": "http://evil.example"}],
)
def test_not_from_elsewhere(cast: Cast, demo: Flask, client: FlaskClient, elsewhere: dict[str, Any]) -> None:
    assert "In this demo" not in words(client.get("/sign-in", **elsewhere))
    page = client.get("/sign-in", **elsewhere)
    answer = client.post("/sign-in/demo", data={"who": "ada", "csrf_token": csrf_token(page)}, **elsewhere)
    assert answer.status_code == 404


@pytest.mark.parametrize("mode, host", [("demo", "0.0.0.0"), ("production", "127.0.0.1"), ("test", "127.0.0.1")])
def test_not_in_another_mode(cast: Cast, app: Flask, demo: Flask, client: FlaskClient, mode: str, host: str) -> None:
    app.extensions["atrium"] = replace(app.extensions["atrium"], mode=mode, host=host)
    assert "In this demo" not in words(client.get("/sign-in"))
    assert click(client, "ada") == 404


def test_needs_its_token(cast: Cast, demo: Flask, client: FlaskClient) -> None:
    assert client.post("/sign-in/demo", data={"who": "ada"}).status_code == 400


def test_nobody_loaded(app: Flask, demo: Flask, client: FlaskClient) -> None:
    assert click(client, "ada") == 404
