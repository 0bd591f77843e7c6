"""What an event asks beside name and address: its questions, in the organiser's order, for everybody or for one ticket.

A question keeps its kind once somebody has answered it; its words may change, and answers keep the words they were
given to (services/answers.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from models.base import Texts, db, in_language, now
from models.events import Event, Ticket
from models.people import Person
from models.questions import Answer, Question, QuestionKind, kept_as
from services.audit import record_locked
from services.places import FRESH, lock_event_locked
from services.transaction import require_writing, writing

MOST_QUESTIONS = 40
CHOOSING = (QuestionKind.CHOICE, QuestionKind.CHOICES)
IN_ORDER = select(Question).where(Question.withdrawn_at.is_(None)).order_by(Question.position, Question.id)
ASKED = IN_ORDER.where(Question.event_id == bindparam("event_id"))
ASKED_AT = IN_ORDER.where(
    Question.event_id == select(Event.id).where(Event.slug == bindparam("slug")).scalar_subquery()
)


class QuestionRefused(ValueError):
    """A question that cannot be kept as written; each subclass says why."""


class QuestionUnknown(QuestionRefused, LookupError):
    """The event has no such question."""


class KindFixed(QuestionRefused):
    """Somebody has answered: another kind would make the answers unreadable."""


class ChoicesMissing(QuestionRefused):
    """Fewer than two choices, or the same one twice."""


class TicketUnknown(QuestionRefused):
    """The event has no such ticket."""


class TooManyQuestions(QuestionRefused):
    """The event asks MOST_QUESTIONS already."""


@dataclass(frozen=True)
class QuestionFacts:
    """What an organiser writes of a question. `ticket` is a public id; '' asks everybody."""

    kind: QuestionKind
    labels: Texts
    hints: Texts
    choices: tuple[Texts, ...] = ()
    is_required: bool = False
    ticket: str = ""


@dataclass(frozen=True)
class Listed:
    """A question at the desk, with its ticket's public id ('': everybody) and names, and how many have answered."""

    question: Question
    ticket_id: str
    ticket: Texts | None
    answers: int


def questions_of(event_id: int) -> list[Question]:
    """The questions an event asks now, in their order."""
    return list(db.session.scalars(ASKED, {"event_id": event_id}))


def questions_at(slug: str) -> list[Question]:
    """The questions of the event with this slug; none when there is no such event."""
    return list(db.session.scalars(ASKED_AT, {"slug": slug}))


def list_questions(event_id: int) -> list[Listed]:
    """Every question of an event, withdrawn ones last. One query."""
    answered = select(func.count()).where(Answer.question_id == Question.id).correlate(Question).scalar_subquery()
    query = (
        select(Question, func.coalesce(Ticket.public_id, ""), Ticket.names, answered)
        .outerjoin(Ticket, Ticket.id == Question.ticket_id)
        .where(Question.event_id == event_id)
        .order_by(Question.withdrawn_at.is_not(None), Question.position, Question.id)
    )
    return [Listed(*row) for row in db.session.execute(query)]


def find_question(event_id: int, public_id: str) -> Listed | None:
    """One question of the event, or None."""
    return next((row for row in list_questions(event_id) if row.question.public_id == public_id), None)


def add_question(event_id: int, facts: QuestionFacts, actor: Person) -> Question:
    """A further question, the last of the event. Raises ChoicesMissing, TicketUnknown or TooManyQuestions."""
    with writing() as session:
        event = lock_event_locked(event_id)
        asked = in_order_locked(event_id)
        if len(asked) >= MOST_QUESTIONS:
            raise TooManyQuestions
        question = Question(event_id=event_id, position=len(asked), kind=facts.kind, labels=facts.labels)
        write_locked(question, facts)
        session.add(question)
        note_locked("question.added", event, actor, question)
        return question


def change_question(event_id: int, public_id: str, facts: QuestionFacts, actor: Person) -> None:
    """Change a question from now on; answers keep the words they were given to.

    Raises QuestionUnknown, KindFixed, ChoicesMissing or TicketUnknown.
    """
    with writing() as session:
        event = lock_event_locked(event_id)
        question = question_locked(event_id, public_id)
        answered = select(Answer.id).where(Answer.question_id == question.id).limit(1)
        if facts.kind != question.kind and session.scalar(answered) is not None:
            raise KindFixed(question.kind)
        question.kind = facts.kind
        write_locked(question, facts)
        note_locked("question.changed", event, actor, question)


def write_locked(question: Question, facts: QuestionFacts) -> None:
    choices = list(facts.choices) if facts.kind in CHOOSING else []
    if facts.kind in CHOOSING and (len(choices) < 2 or len({kept_as(texts) for texts in choices}) < len(choices)):
        raise ChoicesMissing
    question.labels, question.hints, question.choices = facts.labels, facts.hints, choices
    question.is_required = facts.is_required
    question.ticket_id = ticket_locked(question.event_id, facts.ticket)


def ticket_locked(event_id: int, public_id: str) -> int | None:
    if not public_id:
        return None
    query = select(Ticket.id).where(Ticket.public_id == public_id, Ticket.event_id == event_id)
    found = require_writing().scalar(query)
    if found is None:
        raise TicketUnknown(public_id)
    return found


def move_question(event_id: int, public_id: str, *, up: bool) -> None:
    """Ask a question one place earlier or later; the first and the last stay where they are. Raises QuestionUnknown."""
    with writing():
        lock_event_locked(event_id)
        asked = in_order_locked(event_id)
        at = next((number for number, each in enumerate(asked) if each.public_id == public_id), None)
        if at is None:
            raise QuestionUnknown(public_id)
        to = min(max(at - 1 if up else at + 1, 0), len(asked) - 1)
        asked.insert(to, asked.pop(at))
        for number, question in enumerate(asked):
            question.position = number


def withdraw_question(event_id: int, public_id: str, actor: Person, at: datetime | None = None) -> None:
    """Ask it no longer; the answers it has stay. Raises QuestionUnknown."""
    with writing():
        event = lock_event_locked(event_id)
        question = question_locked(event_id, public_id)
        question.withdrawn_at = question.withdrawn_at or at or now()
        note_locked("question.withdrawn", event, actor, question)


def ask_again(event_id: int, public_id: str, actor: Person) -> None:
    """Ask a withdrawn question once more, after the others. Raises QuestionUnknown or TooManyQuestions."""
    with writing():
        event = lock_event_locked(event_id)
        question = question_locked(event_id, public_id)
        asked = in_order_locked(event_id)
        if question.withdrawn_at is None:
            return
        if len(asked) >= MOST_QUESTIONS:
            raise TooManyQuestions
        question.withdrawn_at, question.position = None, len(asked)
        note_locked("question.added", event, actor, question)


def question_locked(event_id: int, public_id: str) -> Question:
    query = select(Question).where(Question.event_id == event_id, Question.public_id == public_id)
    found = require_writing().scalar(query.execution_options(**FRESH))
    if found is None:
        raise QuestionUnknown(public_id)
    return found


def in_order_locked(event_id: int) -> list[Question]:
    """The questions asked now, as they are under the event's lock."""
    return list(require_writing().scalars(ASKED, {"event_id": event_id}, execution_options=FRESH))


def note_locked(action: str, event: Event, actor: Person, question: Question) -> None:
    require_writing().flush()
    details = {"question": in_language(question.labels, "en")}
    record_locked(action, actor, event=event, subject_kind="question", subject_id=question.id, details=details)


def copy_questions_locked(source: Event, copy: Event, tickets: dict[int, int]) -> None:
    """The questions still asked, for the copy of an event. `tickets`: the source's ticket id → the copy's.

    A question for a ticket that is no longer sold stays behind.
    """
    for question in in_order_locked(source.id):
        if question.ticket_id is None or question.ticket_id in tickets:
            require_writing().add(
                Question(
                    event_id=copy.id, position=question.position, kind=question.kind, labels=question.labels,
                    hints=question.hints, choices=question.choices, is_required=question.is_required,
                    ticket_id=tickets[question.ticket_id] if question.ticket_id else None,
                )
            )  # fmt: skip
