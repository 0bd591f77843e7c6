"""The one write transaction of both engines, and the read-only transaction of everything else.

SQLite: `BEGIN IMMEDIATE` for writers, plain `BEGIN` with `query_only` for readers (WAL: readers never block).
PostgreSQL: READ COMMITTED for writers, `BEGIN READ ONLY` for readers (on a connection of `services.postgresql`). A write outside `writing()` fails on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.orm import scoped_session

from models.base import db
from models.search import teach_sqlite

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000", "temp_store=MEMORY")


class NestedWriting(RuntimeError):
    """`writing()` was opened inside another one: name the inner function `…_locked` and let it use the open transaction."""


class WritingRefused(RuntimeError):
    """`writing()` was opened inside `no_writing()`."""


def is_sqlite(dbapi: Any) -> bool:
    return type(dbapi).__module__.startswith("sqlite3")


@event.listens_for(Engine, "do_connect")
def open_connection(dialect: Dialect, record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
    if dialect.driver != "psycopg":
        return None  # as the dialect would do by itself
    from services.postgresql import LastingConnection

    return LastingConnection.connect(*arguments, **options)


@event.listens_for(Engine, "connect")
def on_connect(dbapi: Any, record: Any) -> None:
    if is_sqlite(dbapi):
        dbapi.isolation_level = None  # we say BEGIN ourselves: the driver's own transactions oversold in a trial
        for pragma in PRAGMAS:
            dbapi.execute(f"PRAGMA {pragma}").close()
        teach_sqlite(dbapi)


@event.listens_for(Engine, "begin")
def on_begin(connection: Connection) -> None:
    writes = bool(connection.get_execution_options().get("writing"))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    else:
        driver: Any = connection.connection.dbapi_connection
        if driver.read_only is writes or driver.read_only is None:
            driver.read_only = not writes


@contextmanager
def writing() -> Iterator[scoped_session[Session]]:
    """Open the one write transaction; commit at the end, roll back on any error.

    What was read before is forgotten and read again under the lock. Raises RuntimeError when unsaved changes exist,
    NestedWriting inside another `writing()`, and WritingRefused inside `no_writing()`. Nothing slow belongs inside: no network, no password hash, no PDF.
    """
    session = db.session
    if session.info.get("writing"):
        raise NestedWriting("writing() inside writing()")
    if session.info.get("refuses"):
        raise WritingRefused("writing() inside no_writing()")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes before writing()")
    session.rollback()
    session.expire_all()
    session.info.update(writing=True, locked=[])
    try:
        session.connection(execution_options={"writing": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.update(writing=False, locked=[])


@contextmanager
def no_writing() -> Iterator[None]:
    """Nothing can be written meanwhile, whatever is called: for a request that has not proven where it comes from."""
    info = db.session.info
    info["refuses"] = True
    try:
        yield
    finally:
        info["refuses"] = False


def require_writing() -> scoped_session[Session]:
    """The open write transaction's session, for functions named `…_locked`; RuntimeError when none is open."""
    if not db.session.info.get("writing"):
        raise RuntimeError("a …_locked function needs an open writing()")
    return db.session
