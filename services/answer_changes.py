"""Answering later: what a team order did not ask, what a colleague answers anew, what changes before the event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from models.base import db, now
from models.questions import Answer, Question
from models.registrations import Registration, TransitionRefused
from services.answers import Given, acceptable, asked_locked, keep_answers_locked
from services.questions import questions_of
from services.registrations import AnswersMissing, RegistrationClosed, lock_registration_locked
from services.transaction import require_writing, writing


def asked_of(registration: Registration) -> list[Question]:
    """What the event asks of this registration now."""
    return [
        question for question in questions_of(registration.event_id) if question.is_asked_of((registration.ticket_id,))
    ]


def answered(registration_id: int) -> dict[str, str]:
    """Question's public id → what is kept; of a file its name."""
    query = select(Question.public_id, Answer.value).join(Answer, Answer.question_id == Question.id)
    found = db.session.execute(query.where(Answer.registration_id == registration_id))
    return {row[0]: row[1] for row in found}


def save_answers(public_id: str, given: Given, *, locale: str, at: datetime | None = None) -> Registration:
    """Answer, or change what was answered, until the first slot.

    Raises RegistrationClosed once it has begun, TransitionRefused for a registration that has ended, and
    AnswersMissing when a question has changed meanwhile.
    """
    at = at or now()
    with writing():
        event, registration = lock_registration_locked(public_id)
        if not registration.is_live:
            raise TransitionRefused(public_id)
        if at >= event.starts_at:
            raise RegistrationClosed(event.slug)
        query = select(Answer.question_id).where(Answer.registration_id == registration.id)
        kept = set(require_writing().scalars(query))
        for question in asked_locked(event.id, registration.ticket_id):
            is_open = question.public_id not in given and question.id not in kept and question.is_required
            if is_open or not stays_or_fits(question, given):
                raise AnswersMissing(event.slug)
        keep_answers_locked(registration, given, locale=locale, at=at)
        registration.updated_at = at
        return registration


def stays_or_fits(question: Question, given: Given) -> bool:
    return question.public_id not in given or acceptable(question, given[question.public_id])
