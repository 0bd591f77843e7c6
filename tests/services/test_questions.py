"""An event's questions: in order, per ticket, changed and withdrawn without touching the answers they have."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.base import db
from models.events import Event, Ticket
from models.questions import QuestionKind
from services.event_copies import duplicate
from services.questions import (
    ChoicesMissing,
    KindFixed,
    QuestionFacts,
    QuestionUnknown,
    TicketUnknown,
    ask_again,
    change_question,
    find_question,
    list_questions,
    move_question,
    questions_of,
    withdraw_question,
)
from tests.cast import Cast, make_event
from tests.services.asked import SOUP, ask, enrol, evening, kept


@pytest.fixture
def event(cast: Cast) -> Event:
    return evening()


def labels(event: Event) -> list[str]:
    found = [question.labels["en"] for question in questions_of(event.id)]
    db.session.rollback()
    return found


def test_it_works(event: Event, cast: Cast) -> None:
    ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    ask(cast, event, QuestionKind.CHOICE, "Which soup?")
    assert labels(event) == ["Your badge line?", "Which soup?"]


def test_questions_move_and_stay_within_their_list(event: Event, cast: Cast) -> None:
    first, last = (ask(cast, event, QuestionKind.TEXT, label) for label in ("One?", "Two?"))
    move_question(event.id, last.public_id, up=True)
    assert labels(event) == ["Two?", "One?"]
    move_question(event.id, last.public_id, up=True)
    move_question(event.id, first.public_id, up=False)
    assert labels(event) == ["Two?", "One?"]


def test_a_choice_needs_two_different_answers(event: Event, cast: Cast) -> None:
    for choices in ((), ({"en": "Leek"},), ({"en": "Leek"}, {"en": "Leek"})):
        with pytest.raises(ChoicesMissing):
            ask(cast, event, QuestionKind.CHOICE, "Which soup?", choices=choices)
    assert labels(event) == []


def test_the_kind_stays_once_somebody_has_answered(event: Event, cast: Cast) -> None:
    question = ask(cast, event, QuestionKind.TEXT, "How many guests?")
    change_question(event.id, question.public_id, QuestionFacts(QuestionKind.NUMBER, question.labels, {}), cast.alice)
    enrol(cast.bob, event, {question.public_id: "2"})
    with pytest.raises(KindFixed):
        change_question(event.id, question.public_id, QuestionFacts(QuestionKind.TEXT, question.labels, {}), cast.alice)


def test_an_answer_keeps_the_words_of_its_day(event: Event, cast: Cast) -> None:
    question = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    registration = enrol(cast.bob, event, {question.public_id: "Bob, brewer"})
    facts = QuestionFacts(QuestionKind.TEXT, {"en": "What shall we print?"}, {})
    change_question(event.id, question.public_id, facts, cast.alice)
    assert kept(registration) == [("Your badge line?", "Bob, brewer")]


def test_a_withdrawn_question_keeps_its_answers_and_can_be_asked_again(event: Event, cast: Cast) -> None:
    question = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    registration = enrol(cast.bob, event, {question.public_id: "Bob, brewer"})
    withdraw_question(event.id, question.public_id, cast.alice)
    assert labels(event) == []
    assert [row.answers for row in list_questions(event.id)] == [1]
    assert kept(registration) == [("Your badge line?", "Bob, brewer")]
    ask_again(event.id, question.public_id, cast.alice)
    assert labels(event) == ["Your badge line?"]


def test_a_question_belongs_to_its_event(event: Event, cast: Cast) -> None:
    question = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    other = evening(title="Another evening")
    assert find_question(other.id, question.public_id) is None
    with pytest.raises(QuestionUnknown):
        move_question(other.id, question.public_id, up=True)
    ticket = db.session.scalars(select(Ticket.public_id).where(Ticket.event_id == event.id)).one()
    with pytest.raises(TicketUnknown):
        ask(cast, other, QuestionKind.TEXT, "Why?", ticket=ticket)


def test_a_copy_asks_the_same_of_its_own_tickets(cast: Cast) -> None:
    event = make_event()
    tickets = list(db.session.scalars(select(Ticket).where(Ticket.event_id == event.id).order_by(Ticket.position)))
    ask(cast, event, QuestionKind.CHOICES, "Which soup?", is_required=True, ticket=tickets[1].public_id)
    gone = ask(cast, event, QuestionKind.TEXT, "Why?")
    withdraw_question(event.id, gone.public_id, cast.alice)
    copy = duplicate(event.id, None, cast.alice)
    (question,) = questions_of(copy.id)
    own = db.session.scalars(select(Ticket.id).where(Ticket.event_id == copy.id).order_by(Ticket.position)).all()
    assert (question.kind, question.ticket_id, question.is_required) == (QuestionKind.CHOICES, own[1], True)
    assert tuple(question.choices) == SOUP
