"""A portable copy of every row: what `flask backup` keeps, readable on both engines.

One line of JSON per row, its values in the order of the table's columns. How a value is written depends on its column:
instants as ISO 8601 in UTC, days as ISO 8601, bytes in base64, the rest as JSON writes it. Tables and columns are those
that the database has, not those of the models: a copy made by an older version still says what that version kept.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Engine, LargeBinary, MetaData, Table, inspect, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint, ForeignKeyConstraint
from sqlalchemy.types import TypeEngine

BATCH = 500  # rows per INSERT
NOT_OURS = ("search_fts", "huey_", "sqlite_", "alembic_")

Codec = Callable[[Any], Any]


def kept_tables(connection: Connection) -> list[Table]:
    """The tables as the database has them, parents before their children where there is no circle."""
    names = [name for name in inspect(connection).get_table_names() if not name.startswith(NOT_OURS)]
    metadata = MetaData()
    metadata.reflect(connection, only=names)
    return [metadata.tables[name] for name in sorted(names)]


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it reads."""
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def rows_of(connection: Connection, table: Table) -> Iterator[str]:
    """Every row of a table as a line of JSON, a few at a time."""
    codecs = [written(column.type) for column in table.columns]
    query = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=BATCH).execute(query) as rows:
        for row in rows:
            values = [value if value is None else codec(value) for codec, value in zip(codecs, row, strict=True)]
            yield json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def load_rows(connection: Connection, table: Table, columns: list[str], lines: Iterable[str]) -> int:
    """Insert the lines of one table; returns how many. `columns` names what each line holds, in order."""
    codecs = [read(table.columns[name].type) for name in columns]
    number, batch = 0, []
    for line in lines:
        values = json.loads(line)
        batch.append(
            {
                name: value if value is None else codec(value)
                for name, codec, value in zip(columns, codecs, values, strict=True)
            }
        )
        number += 1
        if len(batch) == BATCH:
            connection.execute(table.insert(), batch)
            batch.clear()
    if batch:
        connection.execute(table.insert(), batch)
    return number


def written(kind: TypeEngine[Any]) -> Codec:
    """How a value of that column is written."""
    if isinstance(kind, DateTime):
        return lambda value: in_utc(value).isoformat()
    if isinstance(kind, Date):
        return date.isoformat
    if isinstance(kind, LargeBinary):
        return lambda value: base64.b64encode(value).decode()
    return lambda value: value


def read(kind: TypeEngine[Any]) -> Codec:
    """How what was written for that column is read again."""
    if isinstance(kind, DateTime):
        return datetime.fromisoformat if kind.timezone else lambda value: naive_utc(datetime.fromisoformat(value))
    if isinstance(kind, Date):
        return date.fromisoformat
    if isinstance(kind, LargeBinary):
        return base64.b64decode
    return lambda value: value


def in_utc(value: datetime) -> datetime:
    """SQLite keeps instants in UTC without saying so."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def naive_utc(value: datetime) -> datetime:
    return in_utc(value).replace(tzinfo=None)


@contextmanager
def open_for_loading(engine: Engine) -> Iterator[Connection]:
    """A write transaction in which rows may come in any order; every reference is checked before it commits.

    SQLite: foreign keys are off before BEGIN and checked at the end. PostgreSQL: they are dropped and made again, which
    checks them, all in the transaction. Raises BrokenDump or IntegrityError; then nothing was kept.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver.execute("PRAGMA foreign_keys=OFF").close()
        try:
            connection.execution_options(writing=True)
            keys = [] if sqlite else drop_keys(connection)
            yield connection
            for key in keys:
                connection.execute(AddConstraint(key))
            if sqlite:
                check_keys(connection)
            connection.commit()
        finally:
            connection.rollback()
            if sqlite:
                driver.execute("PRAGMA foreign_keys=ON").close()


class BrokenDump(ValueError):
    """The copy does not fit the database: rows that point nowhere, or a table that is not there."""


def drop_keys(connection: Connection) -> list[ForeignKeyConstraint]:
    keys = [key for table in kept_tables(connection) for key in table.foreign_key_constraints]
    for key in keys:
        connection.execute(DropConstraint(key))
    return keys


def check_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise BrokenDump(f"{len(broken)} rows point nowhere, in {', '.join(sorted({str(row[0]) for row in broken}))}")


def empty(connection: Connection, tables: Iterable[Table]) -> None:
    """Remove every row."""
    for table in tables:
        connection.execute(table.delete())


def continue_numbers(connection: Connection, tables: Iterable[Table]) -> None:
    """Let the next row of each table get a number above those that came in. SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables:
        if "id" in table.columns:
            name = connection.dialect.identifier_preparer.format_table(table)
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence(:name, 'id'), greatest(max(id), 1), max(id) IS NOT NULL) "
                    f"FROM {name}"
                ),
                {"name": name},
            )
