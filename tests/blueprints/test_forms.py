"""The base form: our sentences, clean text, kept input."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_babel import force_locale
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from wtforms import DateField, EmailField, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from blueprints.forms import Form, filled, form_view, longest, mail_address, no_web_address, sentences
from models.base import db
from models.credentials import Throttle
from services.transaction import writing


class Everything(Form):
    name = StringField("Name", [filled(), longest(5), no_web_address])
    text = TextAreaField("Text")
    day = DateField("Day")
    number = IntegerField("Number", [NumberRange(min=1, max=3)])
    choice = SelectField("Choice", choices=[SelectChoice(value="a", label="A")])
    email = EmailField("E-mail", [mail_address])
    secret = PasswordField("Secret")


GOOD = {
    "name": "Anna",
    "text": "x",
    "day": "2027-01-31",
    "number": "2",
    "choice": "a",
    "email": "a@b.be",
    "secret": "s",
}


@pytest.fixture
def asked(app: Flask) -> Iterator[None]:
    with app.test_request_context("/", method="POST", headers={"Accept-Language": "en"}):
        yield


def filled_in(**changes: str) -> Everything:
    form = Everything(MultiDict({**GOOD, **changes}))
    form.validate()
    return form


def test_it_works(asked: None) -> None:
    form = filled_in()
    assert set(form.errors) == {"csrf_token"}, "only the token is missing here"
    assert form.errors["csrf_token"] == ["Please send the form once more."]


@pytest.mark.parametrize(
    "field, value, says",
    [
        ("name", "", "This is still empty. Please fill it in."),
        ("name", " \u00a0 ", "This is still empty. Please fill it in."),
        ("name", "Annabel", "At most 5 characters fit here."),
        ("name", "ab.eu", "A web address cannot stand here. Please leave it out."),
        ("day", "31/01/2027", "This is not a date. Write it like 2027-01-31."),
        ("number", "two", "This is not a number. Write digits only, such as 12."),
        ("number", "4", "Write a number from 1 to 3."),
        ("choice", "b", "Choose one of the answers in the list."),
        ("email", "a.be", "There is no @ in this address. Write it like name@organisation.be."),
        ("email", "a@b", "This is no e-mail address. Write it like name@organisation.be."),
    ],
)
def test_sentences(asked: None, field: str, value: str, says: str) -> None:
    assert filled_in(**{field: value}).errors[field][0] == says


def test_no_sentence_of_wtforms_is_left(asked: None) -> None:
    form = filled_in(name="", day="x", number="x", choice="x", email="x")
    known = set(sentences())
    assert not known & {message for messages in form.errors.values() for message in messages}


def test_text_is_cleaned_and_passwords_are_not(asked: None) -> None:
    form = filled_in(name="  A\u0000nn ", text=" one\r\ntwo\u0007 ", secret="  s\u0000 ")
    assert (form.name.data, form.text.data, form.secret.data) == ("A nn", "one\ntwo", "  s\u0000 ")


def test_sentences_are_in_the_readers_language(asked: None) -> None:
    with force_locale("en"):
        english = sentences()["Not a valid choice."]
    assert english == "Choose one of the answers in the list."


def test_a_careless_view_writes_nothing_without_a_token(app: Flask) -> None:
    """It validates no form: harmless with the token, refused without."""

    @form_view
    def careless() -> str:
        with writing() as open_session:
            open_session.add(Throttle(kind="test", key="careless"))
        return "done"

    with app.test_request_context("/", method="POST"), pytest.raises(BadRequest):
        careless()
    assert db.session.scalars(select(Throttle)).all() == []
    with app.test_request_context("/", method="POST"):
        token = generate_csrf()
        kept = dict(session)
    with app.test_request_context("/", method="POST", data={"csrf_token": token}):
        session.update(kept)
        assert careless() == "done"
    assert len(db.session.scalars(select(Throttle)).all()) == 1


def test_a_reading_view_answers_without_a_token(app: Flask) -> None:
    @form_view
    def reading() -> str:
        return f"{len(db.session.scalars(select(Throttle)).all())} rows"

    with app.test_request_context("/", method="POST"):
        assert reading() == "0 rows"
    with writing() as open_session:
        open_session.add(Throttle(kind="test", key="after"))


def test_every_post_is_protected(app: Flask, client: FlaskClient) -> None:
    """Every address that takes a POST refuses one without a token: by a form of ours (422) or by CSRFProtect (400)."""
    open_to_all = {"/theme"}
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule in open_to_all or rule.rule.startswith("/webhooks"):
            continue
        path = rule.rule
        for argument in rule.arguments:
            converter = next(part for part in path.split("<")[1:] if argument in part.split(">")[0])
            path = path.replace(f"<{converter.split('>')[0]}>", "1")
        status = client.post(path).status_code
        assert status in (303, 302, 400, 404, 410, 422), f"{rule.rule} answered {status} to a POST without a token"
