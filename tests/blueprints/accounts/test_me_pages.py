"""What a person keeps about themselves: profile, addresses, password, sign-ins."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.outbox import OutboxMessage
from models.people import EmailAddress, Person
from services.passwords import has_password, set_password
from tests.browsing import csrf_token
from tests.cast import Cast, post_form, sign_in, words

PROFILE = {
    "given_name": "Carol", "family_name": "Nguyễn", "certificate_name": "", "job_title": "", "phone": "",
    "locale": "en", "zone": "Europe/Brussels",
}  # fmt: skip
GOOD = "quiet river under stones"


def save(client: FlaskClient, **changes: str) -> str:
    answer = post_form(client, "/me/profile", {**PROFILE, **changes})
    return answer.location or words(answer)


def carol(cast: Cast) -> Person:
    return db.session.get_one(Person, cast.carol.id)


@pytest.fixture
def home(cast: Cast, client: FlaskClient) -> FlaskClient:
    """A browser in which Carol is signed in."""
    sign_in(client, cast.carol)
    return client


def test_it_works(cast: Cast, home: FlaskClient) -> None:
    page = home.get("/me/profile")
    assert page.status_code == 200
    assert "Carol Nguyễn has attended this training" in words(page)
    saved = save(
        home, certificate_name="Carol Thị Nguyễn", job_title="Analyst", phone="+32 81 00 14 14", zone="Asia/Tokyo"
    )
    assert saved == "/me/profile"
    person = carol(cast)
    assert (person.printed_name, person.job_title, person.phone) == ("Carol Thị Nguyễn", "Analyst", "+32 81 00 14 14")
    assert person.zone == "Asia/Tokyo"
    page = home.get("/me/profile")
    assert "Carol Thị Nguyễn has attended" in words(page)
    assert "Your profile is saved." in words(page)


def test_empty_again(cast: Cast, home: FlaskClient) -> None:
    save(home, certificate_name="C. N.", job_title="Analyst", phone="112")
    save(home)
    person = carol(cast)
    assert (person.certificate_name, person.job_title, person.phone) == (None, None, None)


@pytest.mark.parametrize("name", ["فاطمة", "李小龍", "Ольга", "O’Neill", "Anne-Sophie", "St. John"])
def test_names_of_the_world(cast: Cast, home: FlaskClient, name: str) -> None:
    assert save(home, given_name=name) == "/me/profile"
    assert carol(cast).given_name == name


def test_names_are_cleaned(cast: Cast, home: FlaskClient) -> None:
    save(home, given_name="  Ca\u0000ro\u202el ", family_name="Nguye\u0302\u0303n")
    assert (carol(cast).given_name, carol(cast).family_name) == ("Ca rol", "Nguyễn")


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"given_name": ""}, "This is still empty"),
        ({"family_name": "   "}, "This is still empty"),
        ({"given_name": "x" * 121}, "At most 120 characters fit here"),
        ({"given_name": "Win at casino.com"}, "A web address cannot stand here"),
        ({"certificate_name": "http://evil.example"}, "A web address cannot stand here"),
        ({"given_name": "---"}, "There is no letter in this name"),
        ({"phone": "call me"}, "Write the number in digits"),
        ({"locale": "xx"}, "Choose one of the answers"),
        ({"zone": "Mars/Olympus"}, "Choose one of the answers"),
    ],
)
def test_refused_with_a_reason_and_kept(cast: Cast, home: FlaskClient, changes: dict[str, str], says: str) -> None:
    answer = post_form(home, "/me/profile", {**PROFILE, "job_title": "Typed with care", **changes})
    assert answer.status_code == 422
    assert says in words(answer)
    assert "Typed with care" in answer.get_data(as_text=True)
    assert carol(cast).job_title is None


def test_the_language_is_used_at_once(cast: Cast, home: FlaskClient) -> None:
    home.get("/me/profile?lang=nl")
    save(home, locale="fr")
    assert '<html lang="fr"' in home.get("/me/profile").get_data(as_text=True)


def test_markup_in_a_name_is_text(cast: Cast, home: FlaskClient) -> None:
    save(home, given_name="<b>Carol</b>")
    assert "<b>Carol</b>" not in home.get("/me/profile").get_data(as_text=True)


# ---- addresses ----


def test_add_choose_and_remove_an_address(cast: Cast, home: FlaskClient, fixed_digits: str) -> None:
    answer = post_form(home, "/me/addresses", {"email": "carol@lysara.example"})
    assert answer.location == "/me/addresses/code"
    assert "carol@lysara.example" in words(home.get("/me/addresses/code"))
    answer = post_form(home, "/me/addresses/code", {"digits": "000001"})
    assert answer.status_code == 422
    assert "You have 4 more tries" in words(answer)
    answer = post_form(home, "/me/addresses/code", {"digits": fixed_digits})
    assert answer.location == "/me/addresses"
    page = home.get("/me/addresses")
    assert "carol@lysara.example is yours" in words(page)
    assert "Lysara Biologics" in words(home.get("/me/profile"))
    post_form(home, "/me/addresses/primary", {"address": "carol@lysara.example"}, page="/me/addresses")
    rows = {row.address: row.is_primary for row in db.session.scalars(
        select(EmailAddress).where(EmailAddress.person_id == cast.carol.id))}  # fmt: skip
    assert rows == {"carol@kelvin-home.example": False, "carol@lysara.example": True}
    post_form(home, "/me/addresses/remove", {"address": "carol@kelvin-home.example"}, page="/me/addresses")
    assert "carol@kelvin-home.example is removed" in words(home.get("/me/addresses"))


@pytest.fixture
def fixed_digits(monkeypatch: pytest.MonkeyPatch) -> str:
    """Chance that is known, for the digits of the next mails."""
    monkeypatch.setattr("services.codes.secrets.randbelow", lambda limit: 123456)
    return "123456"


def test_address_link_asks_for_a_click(cast: Cast, app: Flask, home: FlaskClient) -> None:
    post_form(home, "/me/addresses", {"email": "c@new.example"})
    mail = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    link = str(mail.context.get("link"))
    elsewhere = app.test_client()
    assert elsewhere.get(link).location.startswith("/sign-in?next=")
    assert "c@new.example" in words(home.get(link))
    assert db.session.scalar(select(EmailAddress).where(EmailAddress.key == "c@new.example")) is None
    sign_in(elsewhere, cast.bob)
    refused = post_form(elsewhere, link)
    assert refused.status_code == 409, "the link of Carol's mail adds nothing to Bob"
    assert post_form(home, link).location == "/me/addresses"
    assert home.get(link).status_code == 410


@pytest.mark.parametrize("act", ["primary", "remove"])
@pytest.mark.parametrize("address", ["bob@lysara.example", "", "nobody@x.example"])
def test_addresses_of_others_are_out_of_reach(cast: Cast, home: FlaskClient, act: str, address: str) -> None:
    answer = post_form(home, f"/me/addresses/{act}", {"address": address}, page="/me/addresses")
    assert answer.status_code == 404


def test_the_primary_address_stays(cast: Cast, home: FlaskClient) -> None:
    post_form(home, "/me/addresses/remove", {"address": "carol@kelvin-home.example"}, page="/me/addresses")
    assert "Choose another one for them first." in words(home.get("/me/addresses"))


def test_an_address_twice(cast: Cast, home: FlaskClient) -> None:
    answer = post_form(home, "/me/addresses", {"email": "Carol@kelvin-home.example"})
    assert answer.status_code == 422
    assert "You have this address already" in words(answer)


# ---- password ----


def test_set_change_and_remove_a_password(cast: Cast, home: FlaskClient) -> None:
    assert post_form(home, "/me/password", {"new": GOOD}).location == "/me/password"
    assert has_password(cast.carol)
    answer = post_form(home, "/me/password", {"new": "another quiet river"})
    assert answer.status_code == 422
    assert "This is not your present password" in words(answer)
    assert post_form(home, "/me/password", {"present": GOOD, "new": "another quiet river"}).location == "/me/password"
    answer = post_form(home, "/me/password/remove", {"present": GOOD})
    assert answer.status_code == 422
    assert has_password(cast.carol)
    assert post_form(home, "/me/password/remove", {"present": "another quiet river"}).location == "/me/password"
    assert not has_password(cast.carol)
    assert home.get("/me/password/remove").location == "/me/password"


def test_weak_passwords_are_explained(cast: Cast, home: FlaskClient) -> None:
    answer = post_form(home, "/me/password", {"new": "tiny secret"})
    assert answer.status_code == 422
    assert "Write at least 12 characters" in words(answer)
    assert "tiny secret" not in answer.get_data(as_text=True), "a password is never written back into a page"


def test_spaces_of_a_password_count(cast: Cast, home: FlaskClient) -> None:
    post_form(home, "/me/password", {"new": f" {GOOD} "})
    answer = post_form(home, "/me/password", {"present": GOOD, "new": "another quiet river"})
    assert answer.status_code == 422


def test_a_new_password_signs_other_browsers_out(cast: Cast, app: Flask, home: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other, cast.carol)
    post_form(home, "/me/password", {"new": GOOD})
    assert home.get("/me/profile").status_code == 200
    assert other.get("/me/profile").status_code == 303


# ---- sign-ins ----


def test_sign_ins_in_words(cast: Cast, app: Flask, home: FlaskClient) -> None:
    set_password(cast.carol, GOOD, keep_sign_in=1)
    phone = app.test_client()
    agent = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"
    )
    page = phone.get("/sign-in/password", headers={"User-Agent": agent})
    phone.post(
        "/sign-in/password",
        data={"csrf_token": csrf_token(page), "email": "carol@kelvin-home.example", "password": GOOD},
        headers={"User-Agent": agent},
    )
    seen = words(home.get("/me/sign-ins"))
    assert "Safari on iPhone" in seen
    assert "with the password" in seen
    assert "this browser" in seen
    row = next(
        part for part in home.get("/me/sign-ins").get_data(as_text=True).split('action="') if "/revoke" in part[:80]
    )
    answer = post_form(home, row.split('"')[0], page="/me/sign-ins")
    assert answer.location == "/me/sign-ins"
    assert phone.get("/me/profile").status_code == 303
    assert home.get("/me/profile").status_code == 200


def test_revoke_this_browser(cast: Cast, home: FlaskClient) -> None:
    from services.sign_ins import live_sign_ins

    (row,) = live_sign_ins(cast.carol)
    assert post_form(home, f"/me/sign-ins/{row.public_id}/revoke", page="/me/sign-ins").location == "/"
    assert home.get("/me/profile").status_code == 303


def test_sign_ins_of_others_are_out_of_reach(cast: Cast, app: Flask, home: FlaskClient) -> None:
    bobs = app.test_client()
    row = sign_in(bobs, cast.bob)
    assert post_form(home, f"/me/sign-ins/{row.public_id}/revoke", page="/me/sign-ins").status_code == 404
    post_form(home, "/me/sign-ins/revoke-others", page="/me/sign-ins")
    assert bobs.get("/me/profile").status_code == 200


def test_revoke_all_others(cast: Cast, app: Flask, home: FlaskClient) -> None:
    others = [app.test_client() for _ in range(2)]
    for other in others:
        sign_in(other, cast.carol)
    post_form(home, "/me/sign-ins/revoke-others", page="/me/sign-ins")
    assert "2 other browsers are signed out." in words(home.get("/me/sign-ins"))
    assert [other.get("/me/profile").status_code for other in others] == [303, 303]
    assert home.get("/me/profile").status_code == 200
