"""Answers: what a registration said to the event's questions, with the words each question had that day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from babel.numbers import format_decimal
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import undefer

from models.base import db, in_language
from models.events import Event
from models.questions import Answer, Question, QuestionKind
from models.registrations import LIVE, Registration
from services.dates import say_day
from services.kept_files import take_kept_locked
from services.questions import in_order_locked
from services.transaction import require_writing

LONGEST = 2000  # characters of a text
LARGEST_NUMBER = Decimal(10) ** 12
FIRST_YEAR, LAST_YEAR = 1900, 2200

Given = Mapping[str, str]
"""Question's public id → value: text; choices one per line; a number with a point; an ISO date; yes or no; of a file
the public id of what is kept. '' is no answer; a question left out stays as it is."""


@dataclass(frozen=True)
class Told:
    """One answer as a page shows it. `text` is the question of that day; `has_file` whether there is one to fetch."""

    question: str  # public id
    kind: QuestionKind
    text: str
    said: str
    has_file: bool


def acceptable(question: Question, value: str) -> bool:
    """Whether `value` can be kept as an answer; '' can, unless the question is required."""
    if not value:
        return not question.is_required
    match question.kind:
        case QuestionKind.TEXT:
            return len(value) <= LONGEST
        case QuestionKind.CHOICE | QuestionKind.CHOICES:
            offered = {key for key, _words in question.offered("en")}
            chosen = value.splitlines()
            return offered.issuperset(chosen) and (question.kind == QuestionKind.CHOICES or len(chosen) == 1)
        case QuestionKind.NUMBER:
            return number_of(value) is not None
        case QuestionKind.DATE:
            return day_of(value) is not None
        case QuestionKind.CONSENT:
            return value == "yes" or (value == "no" and not question.is_required)
        case _:
            return True


def number_of(value: str) -> Decimal | None:
    """A number as it is kept, of at most a million million and six decimals; None for anything else."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and exponent >= -6 else None


def day_of(value: str) -> date | None:
    """An ISO date within FIRST_YEAR and LAST_YEAR; None for anything else."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR and value == day.isoformat() else None


def asked_locked(event_id: int, ticket_id: int) -> list[Question]:
    """What the event asks of somebody with this ticket, under its lock."""
    return [question for question in in_order_locked(event_id) if question.is_asked_of((ticket_id,))]


def unacceptable_locked(event_id: int, ticket_id: int, given: Given) -> list[Question]:
    """The questions that a form leaves open or answers as they cannot be answered (any more)."""
    return [
        question
        for question in asked_locked(event_id, ticket_id)
        if not acceptable(question, given.get(question.public_id, ""))
    ]


def keep_answers_locked(registration: Registration, given: Given, *, locale: str, at: datetime) -> None:
    """Write what was answered; the same answer again keeps its day and words. What is not asked is not kept."""
    session = require_writing()
    if not given:
        return
    session.flush()
    query = select(Answer).where(Answer.registration_id == registration.id)
    kept = {answer.question_id: answer for answer in session.scalars(query)}
    for question in asked_locked(registration.event_id, registration.ticket_id):
        if question.public_id in given:
            keep_one_locked(registration, question, kept.get(question.id), given[question.public_id], locale, at)


def keep_one_locked(
    registration: Registration, question: Question, kept: Answer | None, value: str, locale: str, at: datetime
) -> None:
    session = require_writing()
    if not value:
        if kept is not None:
            session.delete(kept)
        return
    is_file = question.kind == QuestionKind.FILE
    if not acceptable(question, value):  # a guest's form, whose question changed before the code was typed
        return
    if kept is not None and not is_file and kept.value == value:
        return
    answer = kept or Answer(registration_id=registration.id, question_id=question.id)
    answer.question_text = in_language(question.labels, locale)[:500]
    answer.value, answer.created_at = value, at
    if is_file:
        found = take_kept_locked(value, question.id)
        if found is None:
            return
        answer.value, answer.file, answer.file_type = found.name, found.content, found.file_type
        session.delete(found)
    session.add(answer)


def say_answer(question: Question, value: str, at: datetime, locale: str) -> str:
    """An answer in words: consent with its day, choices one per line."""
    match question.kind:
        case QuestionKind.CONSENT:
            day = say_day(at, locale)
            return _("Yes, on %(day)s", day=day) if value == "yes" else _("No, on %(day)s", day=day)
        case QuestionKind.DATE:
            return say_day(date.fromisoformat(value), locale)
        case QuestionKind.NUMBER:
            return str(format_decimal(Decimal(value), locale=locale))
        case _:
            return question.say(value, locale)


def answers_of(registration_id: int, locale: str) -> list[Told]:
    """The answers of one registration, in the order of the questions. One query; no file is read."""
    query = (
        select(Question, Answer.question_text, Answer.value, Answer.file.is_not(None), Answer.created_at)
        .join(Answer, Answer.question_id == Question.id)
        .where(Answer.registration_id == registration_id)
        .order_by(Question.withdrawn_at.is_not(None), Question.position, Question.id)
    )
    return [
        Told(question.public_id, QuestionKind(question.kind), text, say_answer(question, value, at, locale), has_file)
        for question, text, value, has_file, at in db.session.execute(query)
    ]


def answers_in_list(public_ids: Collection[str], locale: str) -> dict[str, list[Told]]:
    """Registration → its answers, for a page of an attendee list. One query, none when there is nobody."""
    found: dict[str, list[Told]] = {}
    query = (
        select(Registration.public_id, Question, Answer.question_text, Answer.value, Answer.created_at)
        .join(Answer, Answer.registration_id == Registration.id)
        .join(Question, Question.id == Answer.question_id)
        .where(Registration.public_id.in_(public_ids))
        .order_by(Question.withdrawn_at.is_not(None), Question.position, Question.id)
    )
    for public_id, question, text, value, at in db.session.execute(query) if public_ids else ():
        said = say_answer(question, value, at, locale)
        told = Told(question.public_id, QuestionKind(question.kind), text, said, False)
        found.setdefault(public_id, []).append(told)
    return found


@dataclass(frozen=True)
class AnswerFile:
    """A file that was handed in."""

    name: str
    file_type: str
    content: bytes


def file_of(registration_id: int, question_public_id: str) -> AnswerFile | None:
    """The file of one answer; None when there is none, or no longer."""
    answer = db.session.scalar(
        select(Answer)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.registration_id == registration_id, Question.public_id == question_public_id)
        .options(undefer(Answer.file))
    )
    if answer is None or answer.file is None:
        return None
    return AnswerFile(answer.value, answer.file_type, answer.file)


def to_answer(registrations: Sequence[Registration], at: datetime) -> dict[int, int]:
    """For each live registration whose event asks something: how many required questions are open. Two queries."""
    live = [row for row in registrations if row.is_live]
    asked = select(Registration.id).where(
        Registration.id.in_([row.id for row in live]), exists().where(*asked_of_it()).correlate(Registration)
    )
    found = dict.fromkeys(db.session.scalars(asked), 0)
    return found | open_questions(found, at)


def asked_of_it() -> tuple[ColumnElement[bool], ...]:
    """A question that the event of a registration asks of it."""
    everybody_or_theirs = or_(Question.ticket_id.is_(None), Question.ticket_id == Registration.ticket_id)
    return Question.event_id == Registration.event_id, Question.withdrawn_at.is_(None), everybody_or_theirs


def open_questions(registration_ids: Iterable[int], at: datetime) -> dict[int, int]:
    """How many required questions each of these registrations has yet to answer, before its event begins. One query."""
    answered = exists().where(Answer.registration_id == Registration.id, Answer.question_id == Question.id)
    query = (
        select(Registration.id, func.count())
        .join(Question, and_(*asked_of_it()))
        .join(Event, Event.id == Registration.event_id)
        .where(Registration.id.in_(list(registration_ids)), Registration.status.in_(LIVE), Event.starts_at > at)
        .where(Question.is_required, ~answered)
        .group_by(Registration.id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def forget_files_locked(before: datetime) -> int:
    """Delete the files handed in for events that ended before; their names stay. Returns how many."""
    past = select(Registration.id).join(Event, Event.id == Registration.event_id).where(Event.ends_at < before)
    handed_in = update(Answer).where(Answer.file.is_not(None), Answer.registration_id.in_(past))
    answer = require_writing().execute(handed_in.values(file=None).execution_options(synchronize_session=False))
    return int(getattr(answer, "rowcount", 0))
