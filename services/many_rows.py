"""Writing many rows with one statement, where a row at a time would cost more than what is decided about it.

SQLite prepares one statement and runs it for each row. PostgreSQL reads all rows from one JSON parameter, whose text stays
the same: a list of VALUES is parsed anew for each length, and a statement per row is answered one by one.
Nothing is remembered of what is written here: neither the session nor its listeners learn of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Table, any_, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import set_committed_value

from models.base import Base, db
from services.transaction import require_writing

Row = Mapping[str, Any]


def insert_many_locked(model: type[Base], rows: Sequence[Row], *, unless: str = "") -> list[int]:
    """Write rows that all name the same columns; the others take their defaults. The ids of what was written, in the
    order of the rows. `unless`: a unique column whose value may be there already, then nothing is written."""
    if not rows:
        return []
    session = require_writing()
    session.flush()  # what the rows refer to
    connection = session.connection()
    table: Any = model.__table__
    names, values = complete(table, rows)
    told = statement_of(table, tuple(names), unless, connection.dialect)
    if connection.dialect.name != "sqlite":
        written = json.dumps([dict(zip(names, each, strict=True)) for each in values], default=lru_cache(plain))
        return list(connection.exec_driver_sql(told, (written,)).scalars())
    before = connection.scalar(select(table.c.id).order_by(table.c.id.desc()).limit(1)) or 0
    types = [table.c[name].type.dialect_impl(connection.dialect) for name in names]
    processors = [each.bind_processor(connection.dialect) for each in types]
    connection.exec_driver_sql(told, bound(values, processors))
    return list(connection.scalars(select(table.c.id).where(table.c.id > before).order_by(table.c.id)))


def insert_new(model: type[Base], *key: str) -> Any:
    """INSERT … ON CONFLICT DO NOTHING in the words of the engine: whoever writes the same at once is no error."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(model).on_conflict_do_nothing(index_elements=key)


def complete(table: Table, rows: Sequence[Row]) -> tuple[list[str], list[list[Any]]]:
    """The columns to write, and each row's values for them: those given, then the defaults of the model."""
    given = list(rows[0])
    defaults = [
        (column.name, column.default) for column in table.c if column.default is not None and column.name not in given
    ]
    made: list[Callable[[], Any]] = [maker(default) for _, default in defaults]
    values = [[row[name] for name in given] + [make() for make in made] for row in rows]
    return [*given, *(name for name, _ in defaults)], values


def maker(default: Any) -> Callable[[], Any]:
    """What makes a column's default: SQLAlchemy keeps a function that wants the statement."""
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


@lru_cache(maxsize=64)
def statement_of(table: Table, names: tuple[str, ...], unless: str, dialect: Dialect) -> str:
    """The statement in the words of the engine."""
    written = dialect.identifier_preparer
    columns = ", ".join(written.quote(name) for name in names)
    skip = f" ON CONFLICT ({written.quote(unless)}) DO NOTHING" if unless else ""
    into = f"INSERT INTO {written.format_table(table)} ({columns})"
    if dialect.name == "sqlite":
        return f"{into} VALUES ({', '.join('?' * len(names))}){skip}"
    typed = ", ".join(f"{written.quote(name)} {table.c[name].type.compile(dialect)}" for name in names)
    return f"{into} SELECT {columns} FROM json_to_recordset(%s) AS told({typed}){skip} RETURNING id"


def bound(values: Iterable[list[Any]], processors: Sequence[Callable[[Any], Any] | None]) -> list[tuple[Any, ...]]:
    """The values as the driver wants them; the same one in every row, such as the moment, is translated once."""
    columns = []
    for column, process in zip(zip(*values, strict=True), processors, strict=True):
        same = process is not None and all(value is column[0] for value in column)
        if process is None:
            columns.append(column)
        elif same:
            columns.append((process(column[0]),) * len(column))
        else:
            columns.append(tuple(map(process, column)))
    return list(zip(*columns, strict=True))


def plain(value: Any) -> str:
    """A day or an instant in JSON; an instant has its zone."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant: give it a zone")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON here")


def update_many_locked(rows: Sequence[Base], values: Row) -> None:
    """The same change of many locked rows of one table; what is loaded of them follows."""
    if not rows:
        return
    model: Any = type(rows[0])
    change = update(model).where(among(model.id, [row.id for row in rows])).values(values)
    require_writing().execute(change, execution_options={"synchronize_session": False})
    for row in rows:
        for name, value in values.items():
            set_committed_value(row, name, value)


def among(column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN (…)`: on PostgreSQL one parameter with all of them, for the same reason as above."""
    if db.engine.dialect.name == "sqlite":
        return column.in_(values)
    return column == any_(literal(list(values), postgresql.ARRAY(column.type)))
