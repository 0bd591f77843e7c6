"""Finding a certificate by what is printed on it: its address alone, or its number with the name."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.certificates import Certificate
from services.verification import TRIES, typed_id, typed_number
from tests.blueprints.certificates.test_verification import one
from tests.cast import Cast, words


def ask(client: FlaskClient, number: str, name: str | None = None) -> tuple[int, str, str]:
    query = {"number": number} | ({"name": name} if name is not None else {})
    answer = client.get("/certificates", query_string=query)
    return answer.status_code, answer.location or "", words(answer)


def path(certificate: Certificate) -> str:
    return f"/certificates/{certificate.public_id}"


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    number = certificate.printed["number"]
    assert ask(client, number, "Lambert")[:2] == (303, path(certificate))
    assert ask(client, certificate.printed["verify"])[:2] == (303, path(certificate))


def test_a_number_alone_asks_for_the_name(client: FlaskClient, cast: Cast) -> None:
    """As the home page sends it."""
    number = one(cast).printed["number"]
    status, location, said = ask(client, number)
    assert (status, location) == (200, "")
    assert "And the name on it?" in said
    status, location, said = ask(client, number, "")
    assert status == 422
    assert "Write the last name printed on it as well." in said


@pytest.mark.parametrize("name", ["LAMBERT", " bob lambert ", "Lambert, Bob", "lambért"])
def test_the_name_as_people_type_it(client: FlaskClient, cast: Cast, name: str) -> None:
    certificate = one(cast)
    assert ask(client, certificate.printed["number"].lower(), name)[1] == path(certificate)


@pytest.mark.parametrize("name", ["Nguyen", "b", "Lamber", "Bob Lambert Nguyen", "%", "the"])
def test_another_name_and_another_number_sound_the_same(client: FlaskClient, cast: Cast, name: str) -> None:
    certificate = one(cast)
    wrong_name = ask(client, certificate.printed["number"], name)
    wrong_number = ask(client, f"MH-{certificate.year}-99999", name)
    assert wrong_name[0] == wrong_number[0] == 422
    assert "no certificate with this number and this name" in wrong_name[2]
    assert wrong_name[2].replace(certificate.printed["number"], "") == wrong_number[2]


def test_nobody_leafs_through_the_numbers(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    for serial in range(TRIES):
        ask(client, f"MH-2026-{serial + 100}", "Lambert")
    status, location, said = ask(client, certificate.printed["number"], "Lambert")
    assert (status, location) == (422, "")
    assert "Try again at" in said
    assert ask(client, certificate.public_id)[0] == 303  # the code on the paper always works


def test_what_is_neither(client: FlaskClient, cast: Cast) -> None:
    status, _, said = ask(client, "my certificate")
    assert status == 422
    assert "This is no number and no address of a certificate." in said
    assert said.startswith("Error:")
    assert ask(client, "")[0] == 200


def test_how_checking_works(client: FlaskClient, cast: Cast) -> None:
    assert "How checking works" in words(client.get("/certificates"))


@pytest.mark.pure
@pytest.mark.parametrize(
    "typed, found",
    [
        ("https://x.example/certificates/7f3k9m2pxq4tw8hn5rcd0vbz6j", "7f3k9m2pxq4tw8hn5rcd0vbz6j"),
        ("https://x.example/certificates/7f3k9m2pxq4tw8hn5rcd0vbz6j/?lang=fr", None),
        ("https://x.example/certificates/7f3k9m2pxq4tw8hn5rcd0vbz6j?lang=fr", "7f3k9m2pxq4tw8hn5rcd0vbz6j"),
        ("7F3K9M2PXQ4TW8HN5RCDOVBZ6J", "7f3k9m2pxq4tw8hn5rcd0vbz6j"),
        ("7f3k9m2pxq4tw8hn5rcd0vbz6j.pdf", "7f3k9m2pxq4tw8hn5rcd0vbz6j"),
        ("7f3k9m2pxq4tw8hn5rcd0vbz6", None),
        ("7f3k9m2pxq4tw8hn5rcd0vbz6u", None),
        ("", None),
    ],
)
def test_typed_ids(typed: str, found: str | None) -> None:
    assert typed_id(typed) == found


@pytest.mark.pure
@pytest.mark.parametrize(
    "typed, found",
    [
        ("MH-2026-00042", (2026, 42)),
        (" mh 2026 42 ", (2026, 42)),
        ("2026-00042", (2026, 42)),
        ("MH-2026", None),
        ("MH-2026-", None),
        ("x" * 300, None),
    ],
)
def test_typed_numbers(typed: str, found: tuple[int, int] | None) -> None:
    assert typed_number(typed) == found
