"""The search index: one row of folded text per event, course and programme; FTS5 on SQLite, tsvector on PostgreSQL.

And text folded inside a statement, for lists that no index knows: the same rule in Python, SQLite and PostgreSQL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from sqlalchemy import DDL, String, Text, UniqueConstraint, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import GenericFunction

from models.base import Base


class SearchEntry(Base):
    """The folded words of one event, course or programme."""

    __tablename__ = "search_entry"
    __table_args__ = (UniqueConstraint("subject", "subject_id"),)

    subject: Mapped[str] = mapped_column(String(12))  # event, course, programme
    subject_id: Mapped[int]
    words: Mapped[str] = mapped_column(Text)


LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ß": "ss"}  # no decomposition exists for these
MARKS, OTHERS = re.compile("[\u0300-\u036f]"), re.compile(f"[{''.join(LETTERS)}]")


def folded(text: str) -> str:
    """Lower case without marks: “Été à Gand” and “ete a gand” are equal (NFKD, combining marks removed)."""
    if text.isascii():
        return text.lower()
    plain = MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return OTHERS.sub(lambda found: LETTERS[found[0]], plain)


def bare(text: str) -> str:
    """The folded letters and digits alone, whatever stands between them: “+++123/4567/89012+++” is 123456789012."""
    return re.sub("[^a-z0-9|]", "", folded(text))


class Folded(GenericFunction[str]):
    """`folded` of a text inside a statement."""

    type = String()
    name = "folded"
    inherit_cache = True


class Bare(GenericFunction[str]):
    """`bare` of a text inside a statement."""

    type = String()
    name = "bare"
    inherit_cache = True


@compiles(Folded, "postgresql")
def folded_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    told = f"normalize({compiler.process(element.clauses, **options)}, NFKD)"
    for letter, plain in (LETTERS | {letter.upper(): plain for letter, plain in LETTERS.items()}).items():
        told = f"replace({told}, '{letter}', '{plain}')"
    return f"regexp_replace(lower({told}), '[\\u0300-\\u036f]', '', 'g')"


@compiles(Bare, "postgresql")
def bare_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"regexp_replace({folded_on_postgresql(element, compiler, **options)}, '[^a-z0-9|]', '', 'g')"


def teach_sqlite(connection: Any) -> None:
    """SQLite learns both from Python, on each new connection."""
    for function in (folded, bare):
        connection.create_function(function.__name__, 1, function, deterministic=True)


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
