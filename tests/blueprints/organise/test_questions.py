"""The questions of an event at the desk, and its answers on the registration's page and in the export."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.events import Event
from models.outbox import AuditEntry, OutboxMessage
from models.questions import QuestionKind
from services.answer_changes import save_answers
from services.attendee_columns import Purpose
from services.attendee_lists import Asked, Format, export
from services.entrances import Visitor
from services.kept_files import keep_file
from services.letters import compose
from services.questions import QuestionFacts, change_question, questions_of, withdraw_question
from services.substitutions import Colleague, substitute
from tests.cast import Cast, post_form, sign_in, words
from tests.counting import queries
from tests.services.asked import ask, enrol, evening

SOUP = {
    "kind": "choice",
    "ticket": "",
    "labels-0": "Quelle soupe ?",
    "labels-1": "Which soup?",
    "choices-0": "Poireau\nPotiron",
}


@pytest.fixture
def event(cast: Cast) -> Event:
    return evening()


def page(event: Event, rest: str = "") -> str:
    return f"/organise/events/{event.slug}/questions{rest}"


def table(event: Event, purpose: Purpose = Purpose.FULL, locale: str = "en") -> list[dict[str, str]]:
    """The rows of a list as CSV."""
    sheet = b"".join(export(Asked(event, purpose, Format.CSV, locale, None)).blocks).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(sheet), delimiter=";"))


def test_it_works(client: FlaskClient, event: Event, cast: Cast) -> None:
    sign_in(client, cast.alice)
    assert "You ask nothing beside name and address." in words(client.get(page(event)))
    answer = post_form(client, page(event, "/new"), {**SOUP, "choices-1": "Leek\nPumpkin", "is_required": "y"})
    assert answer.status_code == 303
    (question,) = questions_of(event.id)
    assert (question.kind, question.is_required) == (QuestionKind.CHOICE, True)
    assert question.choices == [{"fr": "Poireau", "en": "Leek"}, {"fr": "Potiron", "en": "Pumpkin"}]
    assert "Which soup? One of several answers · everybody · needed" in words(client.get(page(event)))


@pytest.mark.parametrize(
    "change, told",
    [
        ({"labels-0": "", "labels-1": ""}, "Write the question in one language at least."),
        ({"choices-0": "Poireau"}, "Write at least two answers"),
        ({"choices-0": ""}, "Write at least two answers"),
        ({"choices-1": "Leek\nPumpkin\nOnion"}, "Write the same answers in each language"),
        ({"choices-0": "Poireau\nPoireau"}, "One answer stands there twice."),
        ({"kind": "riddle"}, "Choose one of the answers in the list."),
    ],
)
def test_a_question_that_cannot_be_asked(
    client: FlaskClient, event: Event, cast: Cast, change: dict[str, Any], told: str
) -> None:
    sign_in(client, cast.alice)
    answer = post_form(client, page(event, "/new"), {**SOUP, **change})
    assert answer.status_code == 422
    assert told in words(answer)
    assert questions_of(event.id) == []


def test_up_down_and_withdraw_are_buttons(client: FlaskClient, event: Event, cast: Cast) -> None:
    first, last = (ask(cast, event, QuestionKind.TEXT, label) for label in ("One?", "Two?"))
    sign_in(client, cast.alice)
    post_form(client, page(event, f"/{last.public_id}/move"), {"to": "up"}, page=page(event))
    assert [row.labels["en"] for row in questions_of(event.id)] == ["Two?", "One?"]
    post_form(client, page(event, f"/{first.public_id}/withdraw"), page=page(event))
    shown = words(client.get(page(event)))
    assert shown.index("No longer asked") < shown.index("One?")
    post_form(client, page(event, f"/{first.public_id}/withdraw"), {"again": "yes"}, page=page(event))
    assert [row.labels["en"] for row in questions_of(event.id)] == ["Two?", "One?"]


def test_another_kind_is_refused_once_somebody_has_answered(client: FlaskClient, event: Event, cast: Cast) -> None:
    question = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    enrol(cast.bob, event, {question.public_id: "Bob"})
    sign_in(client, cast.alice)
    answer = post_form(
        client, page(event, f"/{question.public_id}"), {"kind": "number", "ticket": "", "labels-1": "How many?"}
    )
    assert answer.status_code == 422
    assert "Somebody has answered, so the kind stays." in words(answer)


def test_the_desk_reads_the_answers_with_the_words_of_their_day(client: FlaskClient, event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    consent = ask(cast, event, QuestionKind.CONSENT, "May we film you?")
    registration = enrol(cast.bob, event, {line.public_id: "<b>Bob</b>", consent.public_id: "yes"})
    change_question(
        event.id, line.public_id, QuestionFacts(QuestionKind.TEXT, {"en": "What to print?"}, {}), cast.alice
    )
    sign_in(client, cast.alice)
    shown = client.get(f"/organise/events/{event.slug}/attendees/{registration.public_id}")
    assert "Your badge line? &lt;b&gt;Bob" in words(shown).replace("<", "&lt;").replace(">", "&gt;")
    assert "May we film you? Yes, on " in words(shown)
    listed = words(client.get(f"/organise/events/{event.slug}/attendees"))
    assert "Your badge line? <b>Bob" in listed
    assert "May we film you? Yes, on " in listed
    sign_in(client, cast.emil)  # who marks attendance reads no answers
    assert "badge line" not in words(client.get(f"/organise/events/{event.slug}/attendees"))


def test_a_file_is_for_organisers_and_each_look_is_recorded(client: FlaskClient, event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae")
    kept = keep_file(cv.id, "cv.txt", b"Ten years.", Visitor("b"))
    registration = enrol(cast.bob, event, {cv.public_id: kept.public_id})
    path = f"/organise/events/{event.slug}/attendees/{registration.public_id}/answers/{cv.public_id}"
    sign_in(client, cast.fay)
    assert client.get(path).status_code == 403
    sign_in(client, cast.alice)
    answer = client.get(path)
    assert answer.data == b"Ten years."
    assert answer.headers["Content-Disposition"].startswith("attachment")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "answer.read")).one()
    assert (entry.actor_id, entry.event_id) == (cast.alice.id, event.id)


def test_the_export_has_a_column_for_each_question_and_each_earlier_wording(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    soup = ask(cast, event, QuestionKind.CHOICES, "Which soup?")
    consent = ask(cast, event, QuestionKind.CONSENT, "May we film you?")
    gone = ask(cast, event, QuestionKind.NUMBER, "How many?")
    enrol(cast.bob, event, {line.public_id: "=1+1", soup.public_id: "Leek\nPumpkin", consent.public_id: "yes"})
    withdraw_question(event.id, gone.public_id, cast.alice)
    change_question(
        event.id, line.public_id, QuestionFacts(QuestionKind.TEXT, {"en": "What to print?"}, {}), cast.alice
    )
    enrol(cast.carol, event, {line.public_id: "Carol"})
    bob, carol = table(event)
    assert bob["Your badge line? (earlier wording)"] == "'=1+1"
    assert (bob["What to print?"], carol["What to print?"]) == ("", "Carol")
    assert bob["Which soup?"] == "Leek, Pumpkin"
    assert bob["May we film you?"].startswith("yes, 20")
    assert "How many?" not in bob
    assert table(event, locale="fr")[0]["Which soup?"] == "Poireau, Potiron"


def test_only_the_full_list_holds_answers(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    enrol(cast.bob, event, {line.public_id: "Bob"})
    for purpose in set(Purpose) - {Purpose.FULL}:
        assert not any("badge line" in title for title in table(event, purpose)[0])


def test_answers_take_the_same_queries_whatever_the_number(event: Event, cast: Cast) -> None:
    asked = [ask(cast, event, QuestionKind.TEXT, f"{number}?") for number in range(3)]
    enrol(cast.bob, event, {question.public_id: "x" for question in asked})
    with queries() as few:
        table(event)
    for person in (cast.carol, cast.dora, cast.emil):
        enrol(person, event, {question.public_id: "x" for question in asked})
    with queries() as many:
        table(event)
    assert len(few) == len(many)


def test_a_colleague_reads_in_the_mail_that_something_is_asked(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    coming = substitute(registration.public_id, Colleague("Carol", "N", "carol@kelvin-home.example"), actor=cast.bob)
    mail = db.session.scalars(select(OutboxMessage).where(OutboxMessage.registration_id == coming.id)).one()
    letter = compose(mail)
    for body in (letter.text, letter.html):
        assert "The organiser asks you 1 question." in body
        assert f"/answers/{coming.public_id}" in body
    db.session.rollback()
    save_answers(coming.public_id, {line.public_id: "Carol"}, locale="en")
    assert "The organiser asks you" not in compose(db.session.get_one(OutboxMessage, mail.id)).text
