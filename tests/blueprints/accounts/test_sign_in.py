"""The door, as a browser finds it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.credentials import OneTimeCode
from models.people import EmailAddress
from services.passwords import set_password
from tests.blueprints.accounts.door import CAROL, NOON, ask, digits, link, mails, remember_chance, who, wrong
from tests.browsing import csrf_token
from tests.cast import Cast, post_form, words

__all__ = ["remember_chance"]  # a fixture of every test here


def test_it_works(cast: Cast, client: FlaskClient) -> None:
    answer = ask(client)
    assert (answer.status_code, answer.location) == (303, "/sign-in/code")
    page = client.get("/sign-in/code")
    assert page.status_code == 200
    assert CAROL in words(page)
    assert [(mail.template, mail.recipient) for mail in mails()] == [("sign_in_code", CAROL)]
    answer = post_form(client, "/sign-in/code", {"digits": digits()})
    assert (answer.status_code, answer.location) == (303, "/me")
    assert who(client) == "Carol"


def test_an_unknown_address_gets_the_same_answer(cast: Cast, app: Flask) -> None:
    """Byte for byte, but for the address typed and the CSRF token; also after wrong digits."""

    def walk(address: str) -> list[tuple[int, str, bytes]]:
        browser, seen = app.test_client(), []
        answers = [browser.get("/sign-in"), ask(browser, address), browser.get("/sign-in/code")]
        answers += [post_form(browser, "/sign-in/code", {"digits": wrong()}) for _ in range(6)]
        answers += [ask(browser, address), post_form(browser, "/sign-in/code", {"digits": ""})]
        for answer in answers:
            body = re.sub(rb'(csrf_token"[^>]*?value=")[^"]*', rb"\1", answer.data).replace(
                address.encode(), b"ADDRESS"
            )
            body = re.sub(rb'nonce[=-]"?[\w-]+', b"", body)
            seen.append((answer.status_code, str(answer.location), body))
        return seen

    known, unknown = walk(CAROL), walk("nobody@kelvin-home.example")
    assert known == unknown
    assert [status for status, _, _ in known] == [200, 303, 200, 422, 422, 422, 422, 422, 422, 303, 422]


def test_an_unknown_address_is_told_by_mail_and_no_account_is_made(cast: Cast, client: FlaskClient) -> None:
    ask(client, "nobody@kelvin-home.example")
    assert [(mail.template, mail.recipient) for mail in mails()] == [("sign_in_unknown", "nobody@kelvin-home.example")]
    assert not {"code", "link"} & set(mails()[0].context)
    assert db.session.scalar(select(EmailAddress).where(EmailAddress.key == "nobody@kelvin-home.example")) is None
    post_form(client, "/sign-in/code", {"digits": digits()})
    assert who(client) == "", "even the right digits, which nobody was told, open nothing"


@pytest.mark.parametrize(
    "typed, says",
    [
        ("", "This is still empty"),
        ("   ", "This is still empty"),
        ("carol.kelvin.example", "There is no @ in this address"),
        ("carol@", "This is no e-mail address"),
        ("carol@kelvin..example", "This is no e-mail address"),
        (f"{'c' * 250}@kelvin.example", "fit here"),
    ],
)
def test_a_wrong_address_is_kept_and_explained(cast: Cast, client: FlaskClient, typed: str, says: str) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert says in words(answer)
    assert f'value="{typed.strip()}"' in answer.get_data(as_text=True)
    assert mails() == []


def test_capitals_and_spaces_do_not_matter(cast: Cast, client: FlaskClient) -> None:
    ask(client, "  Carol@KELVIN-home.example ")
    post_form(client, "/sign-in/code", {"digits": f" {digits()[:3]} {digits()[3:]}"})
    assert who(client) == "Carol"


def test_wrong_digits_are_counted_and_kept(cast: Cast, client: FlaskClient) -> None:
    ask(client)
    answer = post_form(client, "/sign-in/code", {"digits": wrong()})
    assert answer.status_code == 422
    assert "You have 4 more tries." in words(answer)
    assert wrong() in answer.get_data(as_text=True)
    for _ in range(4):
        answer = post_form(client, "/sign-in/code", {"digits": wrong()})
    assert "Five wrong tries" in words(answer)
    answer = post_form(client, "/sign-in/code", {"digits": digits()})
    assert answer.status_code == 422
    assert who(client) == ""


@pytest.mark.parametrize("typed", ["12", "12345", "1234567", "abcdef"])
def test_too_few_digits_cost_no_try(cast: Cast, client: FlaskClient, typed: str) -> None:
    ask(client)
    for _ in range(6):
        answer = post_form(client, "/sign-in/code", {"digits": typed})
        assert "Please write all of them." in words(answer)
    assert post_form(client, "/sign-in/code", {"digits": digits()}).status_code == 303


def test_the_code_is_for_the_browser_that_asked(cast: Cast, app: Flask) -> None:
    mine, thief = app.test_client(), app.test_client()
    ask(mine)
    code = digits()
    ask(thief, "nobody@x.example")
    answer = post_form(thief, "/sign-in/code", {"digits": code})
    assert answer.status_code == 422
    assert who(thief) == ""
    post_form(mine, "/sign-in/code", {"digits": code})
    assert who(mine) == "Carol"


def test_a_browser_that_asked_for_nothing(cast: Cast, client: FlaskClient) -> None:
    answer = client.get("/sign-in/code")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_the_link_asks_for_a_click(cast: Cast, app: Flask) -> None:
    asking, phone, scanner = app.test_client(), app.test_client(), app.test_client()
    ask(asking)
    for _ in range(3):
        for method in ("GET", "HEAD"):
            answer = scanner.open(link(), method=method)
            assert answer.status_code == 200
            assert who(scanner) == ""
    assert CAROL in words(phone.get(link()))
    answer = post_form(phone, link())
    assert (answer.status_code, answer.location) == (303, "/me")
    assert who(phone) == "Carol"
    assert who(asking) == ""


def test_the_link_works_once(cast: Cast, app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    ask(first)
    page = first.get(link())
    token = csrf_token(page)
    post_form(first, link())
    gone = second.get(link())
    assert gone.status_code == 410
    assert "used already" in words(gone)
    assert "Ask for a new code" in words(gone)
    answer = second.post(link(), data={"csrf_token": csrf_token(second.get("/sign-in"))})
    assert answer.status_code == 410
    assert who(second) == ""
    again = first.post(link(), data={"csrf_token": token})
    assert again.location == "/me", "a double click does no harm"
    assert who(first) == "Carol"


def test_unknown_links(cast: Cast, client: FlaskClient) -> None:
    for path in ("/sign-in/link/x", "/sign-in/link/" + "A" * 43):
        assert client.get(path).status_code == 410


def test_expired(cast: Cast, client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        ask(client)
        clock.move_to(NOON + timedelta(minutes=15))
        answer = post_form(client, "/sign-in/code", {"digits": digits()})
        assert answer.status_code == 422
        assert "15 minutes" in words(answer)
        assert client.get(link()).status_code == 410


def test_back_button(cast: Cast, client: FlaskClient) -> None:
    """Back to the code page after signing in leads on, and so does posting the same digits again."""
    ask(client)
    token = csrf_token(client.get("/sign-in/code"))
    client.post("/sign-in/code", data={"csrf_token": token, "digits": digits()})
    assert client.get("/sign-in/code").location == "/me"
    assert client.get("/sign-in").location == "/me"
    again = client.post("/sign-in/code", data={"csrf_token": token, "digits": digits()})
    assert again.location == "/me"
    assert who(client) == "Carol"


def test_too_many_mails(cast: Cast, client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            assert ask(client).status_code == 303
        answer = ask(client)
    assert answer.status_code == 429
    assert CAROL in answer.get_data(as_text=True)
    assert "ask again at 14:00" in words(answer), "in the clock of Brussels"
    assert len(mails()) == 5


def test_too_many_mails_from_one_place(cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.entrances.CODES_PER_NETWORK", 3)
    for number in range(3):
        assert ask(app.test_client(), f"n{number}@x.example").status_code == 303
    assert ask(app.test_client()).status_code == 429


@pytest.mark.parametrize("path", ["/me/profile", "/me/addresses", "/me/sign-ins", "/me/password"])
def test_signed_out_then_back_to_the_page(cast: Cast, client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?lang=fr")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")
    post_form(client, answer.location, {"email": CAROL})
    answer = post_form(client, "/sign-in/code", {"digits": digits()})
    assert answer.location == f"{path}?lang=fr"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example",
        "javascript:alert(1)", "/\t/evil.example", "%2F%2Fevil.example", "evil.example", "/%09/evil.example",
        "/\n/evil.example", "///evil.example",
    ],
)  # fmt: skip
def test_next_leads_nowhere_else(cast: Cast, client: FlaskClient, target: str) -> None:

    ask(client, next_path=quote(target, safe=""))
    answer = post_form(client, "/sign-in/code", {"digits": digits()})
    assert answer.location == "/me" or (answer.location.startswith("/%") and "//" not in answer.location)
    answer = client.get("/sign-in", query_string={"next": target})
    assert answer.location == "/me" or (answer.location.startswith("/%") and "//" not in answer.location)


def test_password(cast: Cast, client: FlaskClient) -> None:
    set_password(cast.carol, "quiet river under stones")
    answer = post_form(client, "/sign-in/password", {"email": CAROL, "password": "wrong"})
    assert answer.status_code == 422
    assert "do not belong together" in words(answer)
    assert CAROL in answer.get_data(as_text=True)
    other = post_form(client, "/sign-in/password", {"email": "nobody@x.example", "password": "wrong"})
    assert other.status_code == 422
    assert "do not belong together" in words(other)
    answer = post_form(
        client, "/sign-in/password?next=/me/addresses", {"email": CAROL, "password": "quiet river under stones"}
    )
    assert answer.location == "/me/addresses"
    assert who(client) == "Carol"


def test_too_many_passwords(cast: Cast, client: FlaskClient) -> None:
    for _ in range(10):
        post_form(client, "/sign-in/password", {"email": CAROL, "password": "wrong"})
    answer = post_form(client, "/sign-in/password", {"email": CAROL, "password": "wrong"})
    assert answer.status_code == 429
    assert "Please try again at" in words(answer)


def test_an_old_form_comes_back_as_typed(cast: Cast, client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": CAROL, "csrf_token": "from another day"})
    assert answer.status_code == 422
    assert CAROL in answer.get_data(as_text=True)
    assert "Please send the form once more." in words(answer)
    assert mails() == []
    answer = client.post("/sign-in", data={"email": CAROL, "csrf_token": csrf_token(answer)})
    assert answer.status_code == 303


def test_no_demo_here(cast: Cast, client: FlaskClient) -> None:
    page = client.get("/sign-in")
    assert "In this demo" not in words(page)
    assert client.post("/sign-in/demo", data={"who": "ada", "csrf_token": csrf_token(page)}).status_code == 404
    assert who(client) == ""


def test_codes_belong_to_rows(cast: Cast, client: FlaskClient) -> None:
    ask(client)
    assert len(db.session.scalars(select(OneTimeCode)).all()) == 1
