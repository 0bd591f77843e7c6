"""Questions an event asks, the answers kept with the question's words of that day, and files that wait for their form."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Texts, in_language, now, random_id


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

    def is_asked_of(self, ticket_ids: Container[int]) -> bool:
        """Whether it is asked of somebody who takes one of these tickets."""
        return self.withdrawn_at is None and (self.ticket_id is None or self.ticket_id in ticket_ids)

    def offered(self, locale: str) -> list[tuple[str, str]]:
        """The choices: what is kept of each, the same in every language, and its words in `locale`."""
        return [(kept_as(texts), in_language(texts, locale)) for texts in self.choices]

    def say(self, value: str, locale: str) -> str:
        """A kept answer to a choice in words of `locale`; one that is no longer offered stays as it was written."""
        if self.kind not in (QuestionKind.CHOICE, QuestionKind.CHOICES):
            return value
        words = dict(self.offered(locale))
        return "\n".join(words.get(line, line) for line in value.splitlines())


def kept_as(texts: Texts) -> str:
    """The one text of a choice that answers keep, whatever language it was read in."""
    return in_language(texts, "en")


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


class KeptFile(Base):
    """A file that was chosen in a form which is not done yet: it had other problems, or waits for the mailed code."""

    __tablename__ = "kept_file"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    browser_hash: Mapped[str] = mapped_column(String(64))  # only the browser that chose it may use it again
    name: Mapped[str] = mapped_column(String(160))
    file_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
