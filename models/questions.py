"""Questions an event asks, and the answers kept with the question's words of that day."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Texts, now, random_id


class QuestionKind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"  # several
    NUMBER = "number"
    DATE = "date"
    CONSENT = "consent"
    FILE = "file"  # up to 5 MB


class Question(Base):
    """One thing an event asks, of everybody or of those with one ticket."""

    __tablename__ = "question"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # None: asked of everybody
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[QuestionKind] = mapped_column(String(10))
    labels: Mapped[Texts]
    hints: Mapped[Texts] = mapped_column(default=dict)
    choices: Mapped[list[Texts]] = mapped_column(
        JSON, default=list
    )  # for choice and choices, one text per language each
    is_required: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]  # no longer asked; kept for the answers it has


class Answer(Base):
    """What one registration answered, with the question's words as they were."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("registration_id", "question_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    question_text: Mapped[str] = mapped_column(String(500))
    value: Mapped[str] = mapped_column(
        Text, default=""
    )  # text; choices one per line; dates ISO; consent yes or no; a file's name
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    file_type: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
