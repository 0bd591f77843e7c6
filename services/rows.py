"""Columns read for printing, past the ORM's loading: half the time for a page of cards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, Executable

from models.base import db


def plain_rows(statement: Executable, **values: Any) -> CursorResult[*tuple[Any, ...]]:
    """The rows of a statement that selects columns, in the session's own transaction. Entities do not come out of it."""
    if db.session.info.get("writing"):
        db.session.flush()  # as the ORM does before it reads: what was just written is found
    return db.session.connection().execute(statement, values)
