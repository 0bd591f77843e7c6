"""An evening that asks something, for the tests of questions and answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from models.base import db
from models.events import Event, EventKind
from models.people import Person
from models.questions import Answer, Question, QuestionKind
from models.registrations import Registration
from services.questions import QuestionFacts, add_question
from services.registrations import register
from services.wishes import Wish
from tests.cast import Cast, make_event

SOUP = ({"en": "Leek", "fr": "Poireau"}, {"en": "Pumpkin", "fr": "Potiron"})


def evening(**changes: Any) -> Event:
    """A free evening for everybody."""
    return make_event(kind=EventKind.NETWORKING, public_cents=0, member_cents=None, **changes)


def ask(cast: Cast, event: Event, kind: QuestionKind, label: str, **changes: Any) -> Question:
    """A question of Alice's, asked from now on."""
    choices = SOUP if kind in (QuestionKind.CHOICE, QuestionKind.CHOICES) else ()
    facts = {"kind": kind, "labels": {"en": label}, "hints": {}, "choices": choices}
    return add_question(event.id, QuestionFacts(**{**facts, **changes}), cast.alice)


def enrol(person: Person, event: Event, answers: dict[str, str] | None = None, locale: str = "en") -> Registration:
    """The registration of somebody who answered."""
    address = f"{person.given_name.lower()}@example.org"
    wish = Wish(person.given_name, person.family_name, address, answers=answers or {})
    order = register(person, event.id, wish, locale=locale)
    return db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()


def kept(registration: Registration) -> list[tuple[str, str]]:
    """The words of each question of that day, and what was answered."""
    query = select(Answer.question_text, Answer.value).where(Answer.registration_id == registration.id)
    found = [(text, value) for text, value in db.session.execute(query.order_by(Answer.question_id))]
    db.session.rollback()
    return found
