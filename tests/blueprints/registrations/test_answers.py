"""The questions of an event on the register page, in a guest's draft, and on the page of one's own answers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from models.base import db
from models.events import Event
from models.orders import Order
from models.outbox import AuditEntry
from models.questions import Answer, KeptFile, Question, QuestionKind
from models.registrations import Registration
from services.answers import file_of
from services.kept_files import LARGEST
from tests.blueprints.registrations.test_register import code_in_the_mail
from tests.browsing import csrf_token
from tests.cast import Cast, post_form, sign_in, words
from tests.services.asked import ask, enrol, evening, kept

PDF = b"%PDF-1.7 a curriculum vitae"


@pytest.fixture
def event(cast: Cast) -> Event:
    return evening()


def name(question: Question) -> str:
    return f"question_{question.public_id}"


def upload(content: bytes, filename: str = "cv.pdf") -> tuple[BytesIO, str]:
    return BytesIO(content), filename


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def only() -> Registration:
    return db.session.scalars(select(Registration)).one()


def send(client: FlaskClient, event: Event, data: dict[str, Any], **kwargs: Any) -> TestResponse:
    return post_form(client, f"/events/{event.slug}/register", data, **kwargs)


def send_whole(client: FlaskClient, event: Event, data: dict[str, Any]) -> TestResponse:
    """As `send`, with a body in memory: the test client leaves the temporary file of a large one open."""
    path = f"/events/{event.slug}/register"
    boundary, body = encode_multipart({**data, "csrf_token": csrf_token(client.get(path))})
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


GUEST = {"given_name": "Gus", "family_name": "Guest", "email": "gus@elsewhere.example", "terms": "y"}


def test_two_clicks_stay_two_clicks_when_no_answer_is_needed(client: FlaskClient, event: Event, cast: Cast) -> None:
    ask(cast, event, QuestionKind.CHOICE, "Which soup?")
    ask(cast, event, QuestionKind.DATE, "Since when?")
    ask(cast, event, QuestionKind.NUMBER, "How many?")
    sign_in(client, cast.bob)
    assert send(client, event, {}).status_code == 303
    assert kept(only()) == []


def test_answers_of_every_kind_are_kept(client: FlaskClient, event: Event, cast: Cast) -> None:
    asked = {kind: ask(cast, event, kind, f"{kind}?", is_required=True) for kind in QuestionKind}
    sign_in(client, cast.bob)
    given = {
        QuestionKind.TEXT: "=cmd", QuestionKind.CHOICE: "Leek", QuestionKind.CHOICES: ["Leek", "Pumpkin"],
        QuestionKind.NUMBER: "1 250,5", QuestionKind.DATE: "2027-01-31", QuestionKind.CONSENT: "y",
        QuestionKind.FILE: upload(PDF),
    }  # fmt: skip
    answer = send(client, event, {name(asked[kind]): value for kind, value in given.items()})
    assert answer.status_code == 303
    assert dict(kept(only())) == {
        "text?": "=cmd", "choice?": "Leek", "choices?": "Leek\nPumpkin", "number?": "1250.5", "date?": "2027-01-31",
        "consent?": "yes", "file?": "cv.pdf",
    }  # fmt: skip


def test_a_needed_answer_is_asked_for_at_its_field(client: FlaskClient, event: Event, cast: Cast) -> None:
    asked = [ask(cast, event, kind, f"{kind}?", is_required=True) for kind in QuestionKind]
    sign_in(client, cast.bob)
    answer = send(client, event, {name(asked[0]): "My line"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "6 answers need another look" in words(answer)
    assert "My line" in page
    assert page.count("has-error") == 6
    assert count(Registration) == 0


@pytest.mark.parametrize(
    "kind, wrong, told",
    [
        (QuestionKind.NUMBER, "many", "This is not a number."),
        (QuestionKind.NUMBER, "1e99", "This is not a number."),
        (QuestionKind.DATE, "31/01/2027", "This is not a date."),
        (QuestionKind.DATE, "0001-01-01", "Is the year right?"),
        (QuestionKind.CHOICE, "Onion", "Choose one of the answers in the list."),
        (QuestionKind.TEXT, "x" * 2001, "At most 2000 characters fit here."),
    ],
)
def test_what_cannot_be_an_answer(
    client: FlaskClient, event: Event, cast: Cast, kind: QuestionKind, wrong: str, told: str
) -> None:
    question = ask(cast, event, kind, "How?")
    sign_in(client, cast.bob)
    answer = send(client, event, {name(question): wrong})
    assert answer.status_code == 422
    assert told in words(answer)
    assert count(Registration) == 0


def test_a_chosen_file_survives_other_problems(client: FlaskClient, event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae", is_required=True)
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    sign_in(client, cast.bob)
    failed = send(client, event, {name(cv): upload(PDF)})
    assert failed.status_code == 422
    assert "Chosen: cv.pdf" in words(failed)
    waiting = db.session.scalars(select(KeptFile.public_id)).one()
    again = {name(line): "Bob", f"{name(cv)}_kept": waiting, "csrf_token": csrf_token(failed)}
    assert client.post(f"/events/{event.slug}/register", data=again).status_code == 303
    assert kept(only()) == [("Your curriculum vitae", "cv.pdf"), ("Your badge line?", "Bob")]


def test_nobody_hands_in_the_file_of_another_browser(client: FlaskClient, event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae", is_required=True)
    ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    sign_in(client, cast.bob)
    send(client, event, {name(cv): upload(PDF)})
    waiting = db.session.scalars(select(KeptFile.public_id)).one()
    stranger = client.application.test_client()
    sign_in(stranger, cast.carol)
    answer = send(stranger, event, {f"{name(cv)}_kept": waiting})
    assert answer.status_code == 422
    assert "We no longer have the file you chose." in words(answer)


@pytest.mark.parametrize(
    "content, status, told",
    [
        (b"a" * (LARGEST + 1), 413, "This file is larger than 5 MB."),
        (b"a" * (2 * LARGEST), 413, "This file is larger than 5 MB."),
        (b"MZ\x90\x00", 422, "We cannot take this kind of file."),
        (b"", 422, "This file is empty."),
    ],
)
def test_a_file_that_is_refused_is_told_at_its_field_and_the_rest_is_kept(
    client: FlaskClient, event: Event, cast: Cast, content: bytes, status: int, told: str
) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae")
    answer = send_whole(client, event, {**GUEST, name(cv): FileStorage(BytesIO(content), "cv.pdf")})
    assert answer.status_code == status
    assert told in words(answer)
    assert 'value="gus@elsewhere.example"' in answer.get_data(as_text=True)
    assert count(KeptFile) == 0


def test_more_than_any_form_may_have_names_the_limits_of_that_form(
    client: FlaskClient, event: Event, cast: Cast
) -> None:
    sign_in(client, cast.bob)
    weights = {f"/events/{event.slug}/register": 41, "/me/profile": 7}
    said = {path: words(client.post(path, data=b"a" * (weight << 20))) for path, weight in weights.items()}
    assert "A file may have 5 MB, and all you send at once 40 MB." in said[f"/events/{event.slug}/register"]
    assert "At most 6 MB fit here at once." in said["/me/profile"]


def test_a_guests_answers_wait_in_the_draft(client: FlaskClient, event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae", is_required=True)
    soup = ask(cast, event, QuestionKind.CHOICE, "Which soup?", is_required=True)
    answer = send(client, event, {**GUEST, name(cv): upload(PDF), name(soup): "Leek"})
    assert answer.status_code == 303
    assert (count(Answer), count(KeptFile), count(Registration)) == (0, 1, 0)
    ask(cast, event, QuestionKind.TEXT, "Asked since", is_required=True)  # it does not take the guest's place away
    assert post_form(client, answer.location, {"digits": code_in_the_mail()}).status_code == 303
    assert kept(only()) == [("Your curriculum vitae", "cv.pdf"), ("Which soup?", "Leek")]
    assert count(KeptFile) == 0
    assert "1 question to answer" in words(client.get(f"/orders/{order_code()}"))


def order_code() -> str:
    return db.session.scalars(select(Order.code)).one()


def test_the_questions_are_asked_in_the_language_of_the_page(client: FlaskClient, event: Event, cast: Cast) -> None:
    ask(cast, event, QuestionKind.CHOICE, "Which soup?", labels={"en": "Which soup?", "fr": "Quelle soupe ?"})
    page = client.get(f"/events/{event.slug}/register?lang=fr")
    assert "Quelle soupe ?" in words(page)
    assert "Poireau" in words(page)
    assert 'value="Leek"' in page.get_data(as_text=True)
    assert "<legend" in page.get_data(as_text=True)


def test_my_answers_are_changed_on_their_page(client: FlaskClient, event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae", is_required=True)
    sign_in(client, cast.bob)
    assert "Answer 1 question" in words(client.get("/me"))
    path = f"/orders/{order_code()}/answers/{registration.public_id}"
    assert ">Bob</textarea>" in client.get(path).get_data(as_text=True).replace("\r\n", "")
    assert post_form(client, path, {name(line): "Robert", name(cv): upload(PDF)}).status_code == 303
    assert kept(registration) == [("Your badge line?", "Robert"), ("Your curriculum vitae", "cv.pdf")]
    assert "Answer 1 question" not in words(client.get("/me"))
    assert post_form(client, path, {name(line): "Bob"}).status_code == 303  # the file stays
    assert kept(registration)[1] == ("Your curriculum vitae", "cv.pdf")
    removed = post_form(client, path, {name(line): "Bob", f"{name(cv)}_remove": "yes"})
    assert removed.status_code == 422
    assert "Choose a file." in words(removed)


def test_whoever_ordered_does_not_read_the_answers_of_who_comes(client: FlaskClient, event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    for person in (cast.dora, cast.alice):
        sign_in(client, person)
        assert client.get(f"/orders/{order_code()}/answers/{registration.public_id}").status_code == 404


def test_a_file_comes_back_as_a_download_and_each_look_is_recorded(
    client: FlaskClient, event: Event, cast: Cast
) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae")
    sign_in(client, cast.bob)
    send(client, event, {name(cv): upload(PDF)})
    path = f"/orders/{order_code()}/answers/{only().public_id}/{cv.public_id}"
    answer = client.get(path)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"] == "attachment; filename=cv.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "answer.read")).one()
    assert (entry.actor_id, entry.subject_id) == (cast.bob.id, only().id)
    assert file_of(only().id, cv.public_id) is not None
