"""How Alembic runs on both engines; called by services/schema.py, which puts the engine into the configuration.

SQLite changes most of a table by rebuilding it. Foreign keys are therefore off before BEGIN (a rebuilt parent would
take its children with it), checked before the commit, and triggers that a rebuild dropped are made again.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Engine, text

import models  # noqa: F401  (registers every table)
from models.base import Base, UtcDateTime
from models.invoices import SQLITE_FREEZING
from models.search import SQLITE_INDEX

OTHERS = re.compile(r"search_fts|huey_")  # FTS5's own tables and those of a queue kept in the same database
BY_HAND = {"ix_search_entry_words"}  # an index on an expression, which reflection does not compare
UPGRADE_LOCK = 0x41747269  # "Atri": two machines that upgrade one PostgreSQL at once wait for each other


class BrokenReferences(RuntimeError):
    """A migration left rows that point nowhere; nothing of it was kept."""


def migrate(engine: Engine) -> None:
    """Run what was asked for in one transaction: all of it, or nothing."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        driver: Any = connection.connection.dbapi_connection
        if sqlite:
            driver.execute("PRAGMA foreign_keys=OFF").close()
        try:
            run(connection.execution_options(writing=True), sqlite)
        finally:
            connection.rollback()
            if sqlite:
                driver.execute("PRAGMA foreign_keys=ON").close()


def run(connection: Connection, sqlite: bool) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
        include_object=is_ours,
        render_item=render_item,
    )
    with context.begin_transaction():
        if not sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        before = triggers(connection) if sqlite else {}
        context.run_migrations()
        if sqlite:
            make_again(connection, before)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                tables = sorted({str(row[0]) for row in broken})
                raise BrokenReferences(f"{len(broken)} rows point nowhere, in {', '.join(tables)}")


def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether autogenerate should compare it."""
    return not (name and (OTHERS.match(name) if kind == "table" else name in BY_HAND))


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """A migration names SQLAlchemy's types only: it must still run when ours have changed."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def triggers(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {str(name): str(sql) for name, sql in rows}


def make_again(connection: Connection, before: dict[str, str]) -> None:
    """Make the triggers again that a rebuild dropped and that the models still want."""
    wanted = " ".join([*SQLITE_INDEX, *SQLITE_FREEZING])
    after = triggers(connection)
    for name, sql in before.items():
        if name not in after and name in wanted:
            connection.exec_driver_sql(sql)


migrate(context.config.attributes["engine"])
