"""Answers: checked by kind, kept with their registration, changed until the first slot, forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import func, select

from models.base import db
from models.events import Event, Ticket
from models.orders import Order
from models.questions import Answer, KeptFile, Question, QuestionKind
from models.registrations import Registration, TransitionRefused
from services.answer_changes import save_answers
from services.answers import acceptable, answers_of, file_of, open_questions, to_answer
from services.date_changes import change_date
from services.entrances import Visitor
from services.kept_files import keep_file, kept_for
from services.modality_switch import switch_modality
from services.orders import receive_money
from services.placeholders import name_place
from services.questions import QuestionFacts, change_question
from services.registrations import AnswersMissing, RegistrationClosed, cancel, expire
from services.retention import purge_due
from services.substitutions import Colleague, substitute
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.asked import SOUP, ask, enrol, evening, kept
from tests.services.billed import team_ordered
from tests.services.test_modality_switch import hybrid

PDF = b"%PDF-1.7 a curriculum vitae"
VISITOR = Visitor("a browser", "", "198.51.100.7", "en")


@pytest.fixture
def event(cast: Cast) -> Event:
    return evening()


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def question(kind: QuestionKind, **changes: object) -> Question:
    return Question(**{"kind": kind, "labels": {"en": "?"}, "choices": list(SOUP), "is_required": False, **changes})


@pytest.mark.parametrize(
    "kind, good, bad",
    [
        (QuestionKind.TEXT, ("Leek", "=1+1"), ("x" * 2001,)),
        (QuestionKind.CHOICE, ("Leek",), ("Poireau", "Onion", "Leek\nPumpkin")),
        (QuestionKind.CHOICES, ("Leek", "Leek\nPumpkin"), ("Leek\nOnion",)),
        (QuestionKind.NUMBER, ("0", "-2.5", "1000000000000"), ("many", "NaN", "Infinity", "1e99", "0.0000001")),
        (QuestionKind.DATE, ("2027-01-31",), ("31/01/2027", "2027-02-30", "0001-01-01", "20270131")),
        (QuestionKind.CONSENT, ("yes", "no"), ("maybe",)),
    ],
)
def test_what_an_answer_may_be(kind: QuestionKind, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    assert all(acceptable(question(kind), value) for value in good)
    assert not any(acceptable(question(kind), value) for value in bad)
    assert acceptable(question(kind), "")
    assert not acceptable(question(kind, is_required=True), "")


def test_needed_consent_is_not_given_by_a_no() -> None:
    assert not acceptable(question(QuestionKind.CONSENT, is_required=True), "no")


@given(st.text(max_size=30))
@settings(max_examples=150)
def test_no_text_is_too_odd_to_be_judged(value: str) -> None:
    for kind in QuestionKind:
        assert acceptable(question(kind), value) in (True, False)


def test_it_works(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    soup = ask(cast, event, QuestionKind.CHOICES, "Which soup?")
    registration = enrol(cast.bob, event, {line.public_id: "Bob, brewer", soup.public_id: "Leek\nPumpkin"})
    assert kept(registration) == [("Your badge line?", "Bob, brewer"), ("Which soup?", "Leek\nPumpkin")]
    assert [told.said for told in answers_of(registration.id, "fr")] == ["Bob, brewer", "Poireau\nPotiron"]


def test_nothing_is_booked_while_a_needed_answer_is_missing(event: Event, cast: Cast) -> None:
    ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    with pytest.raises(AnswersMissing):
        enrol(cast.bob, event)
    assert count(Registration) == 0


def test_a_choice_that_is_no_longer_offered_is_refused(event: Event, cast: Cast) -> None:
    soup = ask(cast, event, QuestionKind.CHOICE, "Which soup?")
    facts = QuestionFacts(QuestionKind.CHOICE, soup.labels, {}, ({"en": "Onion"}, {"en": "Pumpkin"}))
    change_question(event.id, soup.public_id, facts, cast.alice)
    with pytest.raises(AnswersMissing):
        enrol(cast.bob, event, {soup.public_id: "Leek"})


def test_a_ticket_is_asked_its_own_questions_only(cast: Cast) -> None:
    event = make_event()
    member = db.session.scalars(select(Ticket.public_id).where(Ticket.event_id == event.id, Ticket.position == 1)).one()
    number = ask(cast, event, QuestionKind.TEXT, "Member number?", is_required=True, ticket=member)
    assert kept(enrol(cast.carol, event, {number.public_id: "none"})) == []
    with pytest.raises(AnswersMissing):
        enrol(cast.bob, event)


def test_the_same_answer_keeps_its_day_and_a_new_one_gets_todays_words(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    change_question(
        event.id, line.public_id, QuestionFacts(QuestionKind.TEXT, {"en": "What to print?"}, {}), cast.alice
    )
    save_answers(registration.public_id, {line.public_id: "Bob"}, locale="en")
    assert kept(registration) == [("Your badge line?", "Bob")]
    save_answers(registration.public_id, {line.public_id: "Robert"}, locale="en")
    assert kept(registration) == [("What to print?", "Robert")]
    save_answers(registration.public_id, {line.public_id: ""}, locale="en")
    assert kept(registration) == []


def test_answers_change_until_the_first_slot_and_while_the_place_lives(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    with pytest.raises(AnswersMissing):
        save_answers(registration.public_id, {line.public_id: ""}, locale="en")
    with pytest.raises(RegistrationClosed):
        save_answers(registration.public_id, {line.public_id: "B"}, locale="en", at=event.starts_at)
    cancel(registration.public_id, actor=cast.bob)
    with pytest.raises(TransitionRefused):
        save_answers(registration.public_id, {line.public_id: "B"}, locale="en")
    assert kept(registration) == [("Your badge line?", "Bob")]


def test_a_colleague_who_comes_instead_answers_anew(event: Event, cast: Cast) -> None:
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    ask(cast, event, QuestionKind.DATE, "Since when?")
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    coming = substitute(registration.public_id, Colleague("Carol", "N", "carol@kelvin-home.example"), actor=cast.bob)
    assert open_questions([registration.id, coming.id], event.created_at) == {coming.id: 1}
    assert to_answer([coming], event.created_at) == {coming.id: 1}
    assert open_questions([coming.id], event.starts_at) == {}
    save_answers(coming.public_id, {line.public_id: "Carol"}, locale="en")
    assert open_questions([coming.id], event.created_at) == {}
    assert kept(registration) == [("Your badge line?", "Bob")]


def test_a_file_moves_from_its_form_to_its_registration(event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae", is_required=True)
    waiting = keep_file(cv.id, "../cv.exe", PDF, VISITOR)
    assert waiting.name == "cv.pdf"
    assert kept_for(waiting.public_id, cv.id, VISITOR.browser_key) == waiting
    assert kept_for(waiting.public_id, cv.id, "another browser") is None
    registration = enrol(cast.bob, event, {cv.public_id: waiting.public_id})
    assert kept(registration) == [("Your curriculum vitae", "cv.pdf")]
    assert count(KeptFile) == 0
    found = file_of(registration.id, cv.public_id)
    assert found is not None
    assert (found.name, found.file_type, found.content) == ("cv.pdf", "application/pdf", PDF)


def test_files_are_deleted_thirty_days_after_the_event_and_their_names_stay(event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae")
    waiting = keep_file(cv.id, "cv.pdf", PDF, VISITOR)
    registration = enrol(cast.bob, event, {cv.public_id: waiting.public_id})
    assert purge_due(event.ends_at + timedelta(days=29))["answered files"] == 0
    assert purge_due(event.ends_at + timedelta(days=31))["answered files"] == 1
    assert file_of(registration.id, cv.public_id) is None
    assert kept(registration) == [("Your curriculum vitae", "cv.pdf")]


def test_files_of_forms_that_were_never_done_are_deleted_after_a_day(event: Event, cast: Cast) -> None:
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae")
    keep_file(cv.id, "cv.pdf", PDF, VISITOR)
    with writing() as session:
        made = session.scalars(select(KeptFile.created_at)).one()
    assert purge_due(made + timedelta(hours=23))["kept files"] == 0
    assert purge_due(made + timedelta(hours=25))["kept files"] == 1
    assert count(Answer) == 0


def test_somebody_who_moves_to_another_date_answers_anew_what_is_asked_there(cast: Cast) -> None:
    """What was answered stays with the place that was left, for that date's organiser."""
    old = make_event(public_cents=0, member_cents=None)
    new = make_event(public_cents=0, member_cents=None, course_id=old.course_id)
    here = ask(cast, old, QuestionKind.TEXT, "Your badge line?", is_required=True)
    there = ask(cast, new, QuestionKind.TEXT, "Your badge line?", is_required=True)
    leaving = enrol(cast.bob, old, {here.public_id: "Bob"})
    coming = change_date(leaving.public_id, new.id, actor=cast.bob)
    assert (kept(leaving), kept(coming)) == ([("Your badge line?", "Bob")], [])
    assert to_answer([coming], new.created_at) == {coming.id: 1}
    with pytest.raises(TransitionRefused):
        save_answers(leaving.public_id, {here.public_id: "Robert"}, locale="en")
    save_answers(coming.public_id, {here.public_id: "Bob", there.public_id: "Robert"}, locale="en")
    assert kept(coming) == [("Your badge line?", "Robert")]


def test_the_other_way_of_taking_part_asks_its_own_questions_too(cast: Cast) -> None:
    event = hybrid()
    onsite, online = db.session.scalars(
        select(Ticket.public_id).where(Ticket.event_id == event.id).order_by(Ticket.position)
    )
    lunch = ask(cast, event, QuestionKind.TEXT, "Lunch?", ticket=onsite, is_required=True)
    camera = ask(cast, event, QuestionKind.TEXT, "Camera?", ticket=online, is_required=True)
    registration = enrol(cast.bob, event, {lunch.public_id: "Leek"})
    switch_modality(registration.public_id, actor=cast.bob)
    assert open_questions([registration.id], event.created_at) == {registration.id: 1}
    save_answers(registration.public_id, {camera.public_id: "No"}, locale="en")
    assert kept(registration) == [("Lunch?", "Leek"), ("Camera?", "No")]


def test_what_was_answered_for_a_place_without_a_name_stays_when_it_gets_one(event: Event, cast: Cast) -> None:
    """It is the same registration: who comes reads it and may change it; a colleague of theirs answers anew."""
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    team_ordered(cast, 1, event)
    (place,) = db.session.scalars(select(Registration))
    assert to_answer([place], event.created_at) == {place.id: 1}
    save_answers(place.public_id, {line.public_id: "Lysara"}, locale="en")
    named = name_place(place.public_id, Colleague("Carol", "N", "carol@kelvin-home.example"), actor=cast.dora)
    assert kept(named) == [("Your badge line?", "Lysara")]
    save_answers(named.public_id, {line.public_id: "Carol of Lysara"}, locale="en")
    coming = substitute(named.public_id, Colleague("Emil", "V", "emil@vasseur.example"), actor=cast.dora)
    assert (kept(named), kept(coming)) == ([("Your badge line?", "Carol of Lysara")], [])
    assert to_answer([coming], event.created_at) == {coming.id: 1}


def test_money_that_came_late_asks_nothing_again(cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    line = ask(cast, event, QuestionKind.TEXT, "Your badge line?", is_required=True)
    registration = enrol(cast.bob, event, {line.public_id: "Bob"})
    code = db.session.scalars(select(Order.code).where(Order.id == registration.order_id)).one()
    assert registration.hold_until
    assert expire(registration.public_id, registration.hold_until)
    receive_money(code, 12100, provider="transfer", provider_reference="1", booked_at=event.created_at, actor=None)
    again = db.session.scalars(select(Registration).where(Registration.replaces_id == registration.id)).one()
    assert kept(again) == [("Your badge line?", "Bob")]
