"""The search index: one row of folded text per event, course and programme; FTS5 on SQLite, tsvector on PostgreSQL."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from sqlalchemy import DDL, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SearchEntry(Base):
    """The folded words of one event, course or programme."""

    __tablename__ = "search_entry"
    __table_args__ = (UniqueConstraint("subject", "subject_id"),)

    subject: Mapped[str] = mapped_column(String(12))  # event, course, programme
    subject_id: Mapped[int]
    words: Mapped[str] = mapped_column(Text)


def folded(text: str) -> str:
    """Lower case without marks: “Été à Gand” and “ete a gand” are equal (NFKD, combining marks removed)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_fts USING fts5("
    "words, content='search_entry', content_rowid='id', tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER IF NOT EXISTS search_entry_added AFTER INSERT ON search_entry BEGIN "
    "INSERT INTO search_fts(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER IF NOT EXISTS search_entry_removed AFTER DELETE ON search_entry BEGIN "
    "INSERT INTO search_fts(search_fts, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER IF NOT EXISTS search_entry_changed AFTER UPDATE ON search_entry BEGIN "
    "INSERT INTO search_fts(search_fts, rowid, words) VALUES ('delete', old.id, old.words); "
    "INSERT INTO search_fts(rowid, words) VALUES (new.id, new.words); END",
)
POSTGRESQL_INDEX = (
    "CREATE INDEX IF NOT EXISTS ix_search_entry_words ON search_entry USING gin (to_tsvector('simple', words))",
)

sql: Callable[[str], DDL] = DDL  # SQLAlchemy leaves its constructor without types
for statement in SQLITE_INDEX:
    event.listen(SearchEntry.__table__, "after_create", sql(statement).execute_if(dialect="sqlite"))
for statement in POSTGRESQL_INDEX:
    event.listen(SearchEntry.__table__, "after_create", sql(statement).execute_if(dialect="postgresql"))
