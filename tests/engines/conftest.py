"""Tests in this folder run on both engines, whatever --engine says."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import drop_database, postgres_url

numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def both_engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, first on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'engines.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"engines_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(numbers)}"
    yield postgres_url(server, name)
    drop_database(server, name)
