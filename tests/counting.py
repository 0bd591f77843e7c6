"""Counting what a page asks of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from models.base import db

HOUSEKEEPING = ("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements sent inside the block; what only opens or closes a transaction is left out."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(HOUSEKEEPING):
            sent.append(statement)

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
