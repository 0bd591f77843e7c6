"""The database's tables: made, brought up to date, compared with the models. Alembic is imported where it is used."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect

from config import ROOT
from models.base import Base, db
from services.dumps import kept_tables

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

FOLDER = ROOT / "migrations"
logging.getLogger("alembic").setLevel(logging.WARNING)  # what it plans at each step is nobody's news


def alembic_config() -> Config:
    from alembic.config import Config

    config = Config(attributes={"engine": db.engine})
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(alembic_config())


def newest_revision() -> str:
    """The revision that this version of the program wants."""
    return str(scripts().get_current_head())


def present_revision() -> str | None:
    """The revision the database stands at; None when it has no tables of ours."""
    from alembic.runtime.migration import MigrationContext

    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this version of the program can read a database of that revision."""
    return any(script.revision == revision for script in scripts().walk_revisions())


def migrate(revision: str = "head") -> None:
    """Bring the database to a revision, in one transaction. An empty database gets every table."""
    from alembic import command

    db.session.rollback()
    command.upgrade(alembic_config(), revision)


def drop_tables() -> None:
    """Remove every table of ours, with its rows."""
    with db.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver.execute("PRAGMA foreign_keys=OFF").close()
        connection.execution_options(writing=True)
        quote = connection.dialect.identifier_preparer.quote
        names = [table.name for table in kept_tables(connection)] + ["search_fts", "alembic_version"]
        for name in names:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(name)}{'' if sqlite else ' CASCADE'}")
        connection.commit()
        if sqlite:
            driver.execute("PRAGMA foreign_keys=ON").close()


def write_revision(message: str) -> str:
    """Write the migration from the database's tables to the models' and return its path. For developers.

    The database must stand at the newest revision. Read what was written: a rename looks like a removal and an addition.
    """
    from alembic import command

    number = len(list(scripts().walk_revisions())) + 1
    made: Any = command.revision(alembic_config(), message, autogenerate=True, rev_id=f"{number:04d}")
    return str(made.path)


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each of our tables has."""
    present = set(inspect(connection).get_table_names())
    quote = connection.dialect.identifier_preparer.quote
    return {
        table.name: int(connection.exec_driver_sql(f"SELECT count(*) FROM {quote(table.name)}").scalar_one())
        for table in Base.metadata.sorted_tables
        if table.name in present
    }
