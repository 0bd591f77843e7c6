"""The answers in an attendee list: a column for each question, and one for each earlier wording that somebody answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from integrations.sheets import Kind
from models.base import db, in_language
from models.questions import Answer, Question, QuestionKind
from models.registrations import Registration
from services.dates import local_day

KINDS = {QuestionKind.NUMBER: Kind.NUMBER, QuestionKind.DATE: Kind.DATE}


@dataclass(frozen=True)
class Wording:
    """One column: a question in the words it has now, or (`text`) in words that it had before."""

    question: Question
    text: str = ""
    earlier: tuple[str, ...] = ()  # of a question as it is now: the words whose answers stand in columns of their own

    def title(self, locale: str) -> str:
        return (
            _("%(question)s (earlier wording)", question=self.text)
            if self.text
            else in_language(self.question.labels, locale)
        )

    @property
    def kind(self) -> Kind:
        return KINDS.get(QuestionKind(self.question.kind), Kind.TEXT)

    def sql(self) -> tuple[ColumnElement[Any], ...]:
        """What is read of a registration: the value and, of consent, when it was given."""
        words = Answer.question_text == self.text if self.text else Answer.question_text.not_in(self.earlier)
        here = (Answer.registration_id == Registration.id, Answer.question_id == self.question.id, words)
        read = (Answer.value, Answer.created_at) if self.question.kind == QuestionKind.CONSENT else (Answer.value,)
        return tuple(select(value).where(*here).correlate(Registration).scalar_subquery() for value in read)

    def say(self, locale: str, zone: str) -> Any:
        """How what was read becomes a cell."""
        question = self.question
        match question.kind:
            case QuestionKind.CONSENT:
                words = {"yes": _("yes"), "no": _("no")}

                def consent(value: str | None, at: datetime | None) -> str | None:
                    return f"{words[value]}, {local_day(at, zone).isoformat()}" if value and at else None

                return consent
            case QuestionKind.NUMBER:
                return lambda value: Decimal(value) if value else None
            case QuestionKind.DATE:
                return lambda value: date.fromisoformat(value) if value else None
            case QuestionKind.CHOICES:
                return lambda value: ", ".join(question.say(value, locale).splitlines()) if value else None
            case QuestionKind.CHOICE:
                return lambda value: question.say(value, locale) if value else None
            case _:
                return None


def wordings(event_id: int) -> list[Wording]:
    """The columns of the answers of an event: what it asks now, then what it asked before and somebody answered. One
    query, whatever the number of people."""
    texts = (
        select(Answer.question_id, Answer.question_text)
        .join(Question, Question.id == Answer.question_id)
        .where(Question.event_id == event_id)
        .distinct()
        .subquery()
    )
    query = (
        select(Question, texts.c.question_text)
        .outerjoin(texts, texts.c.question_id == Question.id)
        .where(Question.event_id == event_id)
        .order_by(Question.withdrawn_at.is_not(None), Question.position, Question.id, texts.c.question_text)
    )
    answered: dict[Question, list[str]] = {}
    for question, text in db.session.execute(query):
        answered.setdefault(question, []).extend([] if text is None else [text])
    return [column for question, words in answered.items() for column in columns_of(question, words)]


def columns_of(question: Question, answered: Sequence[str]) -> list[Wording]:
    """The columns of one question. A withdrawn one that nobody answered has none."""
    present = {words[:500] for words in question.labels.values()}
    earlier = tuple(text for text in answered if text not in present)
    is_shown = question.withdrawn_at is None or len(earlier) < len(answered)
    now_asked = [Wording(question, earlier=earlier)] if is_shown else []
    return now_asked + [Wording(question, text) for text in earlier]
