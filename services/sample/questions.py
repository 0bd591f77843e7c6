"""What events of the sample season ask, and what the people enrolled have answered; every fourth has not answered yet."""

from __future__ import annotations

from collections.abc import Sequence

from models.base import in_language
from models.questions import Answer, Question, QuestionKind
from models.registrations import Registration
from services.sample.catalogue import Staged
from services.sample.files import Table
from services.transaction import require_writing


def add_questions_locked(staged: Sequence[Staged], registrations: Sequence[Registration]) -> None:
    """The questions of every event that has some in its file, with answers of the people on it."""
    for item in staged:
        tables = item.table.get("questions", [])
        asked = [question_of(item, position, table) for position, table in enumerate(tables)]
        require_writing().add_all(asked)
        require_writing().flush()
        there = [row for row in registrations if row.event_id == item.event.id]
        for number, registration in enumerate(there):
            if number % 4 != 3:
                answer_locked(registration, asked, tables, number)


def question_of(item: Staged, position: int, table: Table) -> Question:
    return Question(
        event_id=item.event.id, position=position, kind=QuestionKind(table["kind"]), labels=table["label"],
        hints=table.get("hint", {}), choices=table.get("choices", []), is_required=table.get("required", False),
    )  # fmt: skip


def answer_locked(registration: Registration, asked: Sequence[Question], tables: Sequence[Table], number: int) -> None:
    """The answers of one person: in turn those of the file, or the choices."""
    for question, table in zip(asked, tables, strict=True):
        said = table.get("answers") or [kept for kept, _words in question.offered("en")] or ["yes"]
        if question.kind != QuestionKind.FILE:
            require_writing().add(
                Answer(
                    registration_id=registration.id, question_id=question.id, value=said[number % len(said)],
                    question_text=in_language(question.labels, "fr"), created_at=registration.created_at,
                )
            )  # fmt: skip
