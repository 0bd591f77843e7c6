"""What PostgreSQL has prepared for one reader serves the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from app import create_app
from models.base import Base, db
from models.people import Person
from tests.conftest import make_settings, postgres_url


def test_it_works(postgres: Any, tmp_path: Path) -> None:
    """A rollback would throw it away: every page would have all its statements planned again."""
    app = create_app(make_settings(tmp_path, postgres_url(postgres, "engines_prepared")))
    with app.app_context():
        with db.engine.connect().execution_options(writing=True) as connection:
            Base.metadata.create_all(connection)
            connection.commit()
        for _ in range(10):
            db.session.scalars(select(Person.given_name)).all()
            db.session.rollback()
        prepared = list(db.session.scalars(text("SELECT statement FROM pg_prepared_statements")))
        db.session.remove()
        db.engine.dispose()
    assert any("person.given_name" in statement for statement in prepared)
