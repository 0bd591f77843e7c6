"""Migrations on both engines: they make what the models say, and lose neither a row nor a trigger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, inspect, text

from app import create_app
from models.base import Base, db
from models.search import SearchEntry
from services import schema
from services.transaction import writing
from tests.conftest import make_settings

pytestmark = pytest.mark.engines


@pytest.fixture
def empty_app(both_engines: str, tmp_path: Path) -> Flask:
    """The application on a database without tables."""
    return create_app(make_settings(tmp_path, both_engines))


def differences(connection: Connection) -> list[Any]:
    """What autogenerate would still change."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        return not str(name).startswith(("search_fts", "ix_search_entry_words"))

    options = {"compare_type": True, "include_object": is_ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def triggers(connection: Connection) -> set[str]:
    if connection.dialect.name != "sqlite":
        return set()
    return set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))


def test_it_makes_what_the_models_say(empty_app: Flask) -> None:
    with empty_app.app_context():
        assert schema.present_revision() is None
        schema.migrate()
        assert schema.present_revision() == schema.newest_revision()
        with db.engine.connect() as connection:
            assert differences(connection) == []
            by_hand = {index["name"] for index in inspect(connection).get_indexes("search_entry")}
            assert connection.dialect.name == "sqlite" or "ix_search_entry_words" in by_hand
        db.engine.dispose()


def test_it_makes_the_same_tables_as_create_all(empty_app: Flask) -> None:
    """CHECK constraints and partial indexes too, which autogenerate does not compare."""
    with empty_app.app_context():
        schema.migrate()
        with db.engine.connect() as connection:
            migrated = constraints(connection)
        with db.engine.connect().execution_options(writing=True) as connection:
            connection.execute(text("DROP TABLE alembic_version"))
            Base.metadata.drop_all(connection)
            Base.metadata.create_all(connection)
            connection.commit()
        with db.engine.connect() as connection:
            assert constraints(connection) == migrated
        db.engine.dispose()


def constraints(connection: Connection) -> dict[str, Any]:
    found = inspect(connection)
    return {
        table: (
            sorted((check["name"] or "", check["sqltext"]) for check in found.get_check_constraints(table)),
            sorted((index["name"] or "", index["unique"]) for index in found.get_indexes(table)),
            sorted(tuple(key["constrained_columns"]) for key in found.get_foreign_keys(table)),
        )
        for table in found.get_table_names()
        if not table.startswith(("search_fts", "alembic"))
    }


def test_a_rebuilt_parent_keeps_its_children_and_triggers(empty_app: Flask) -> None:
    """The trap of SQLite: a batch rebuild drops the table, and with it triggers and, with foreign keys on, children."""
    with empty_app.app_context():
        schema.migrate()
        fill()
        with db.engine.connect() as connection:
            rows, before = schema.counts(connection), triggers(connection)
        db.session.remove()
        rebuild_through_env()
        with db.engine.connect() as connection:
            assert schema.counts(connection) == rows
            assert triggers(connection) == before
            names = {column["name"]: column for column in inspect(connection).get_columns("search_entry")}
            assert names["words"]["nullable"]
        with writing() as session:
            session.add(SearchEntry(subject="event", subject_id=2, words="second"))
        if db.engine.dialect.name == "sqlite":
            found = db.session.scalars(text("SELECT rowid FROM search_fts WHERE search_fts MATCH 'second'")).all()
            assert len(found) == 1
            assert db.session.scalar(text("PRAGMA foreign_keys")) == 1
        db.session.remove()
        db.engine.dispose()


def fill() -> None:
    """A person with two children, and an indexed row."""
    from tests.cast import add_person_locked

    with writing() as session:
        person = add_person_locked("Bob", "Lambert", "bob@lysara.example")
        session.flush()
        add_person_locked("Carol", "Kelvin", "carol@kelvin-home.example", merged_into_id=person.id)
        session.add(SearchEntry(subject="event", subject_id=1, words="first"))


def rebuild_through_env() -> None:
    """Run migrations/env.py with one made-up step that rebuilds a parent table and the indexed one."""
    from alembic import op
    from alembic.runtime.environment import EnvironmentContext

    def step(revision: Any, context: Any) -> list[Any]:
        with op.batch_alter_table("person") as batch:
            batch.alter_column("given_name", nullable=True)
        with op.batch_alter_table("search_entry") as batch:
            batch.alter_column("words", nullable=True)
        return []

    config = schema.alembic_config()
    with EnvironmentContext(config, schema.scripts(), fn=step) as environment:
        environment.script.run_env()
