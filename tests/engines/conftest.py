"""Tests in this folder run on both engines, whatever --engine says."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import drop_database, postgres_url

numbers = itertools.count(1)


def new_database(engine: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without tables."""
    number = next(numbers)
    if engine == "sqlite":
        yield f"sqlite:///{folder / f'engines_{number}.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"engines_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{number}"
    yield postgres_url(server, name)
    drop_database(server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def both_engines(request: pytest.FixtureRequest, memory_folder: Path) -> Iterator[str]:
    """The address of a database without tables, first on SQLite, then on PostgreSQL."""
    yield from new_database(request.param, memory_folder, request)


@pytest.fixture
def other_engine(both_engines: str, request: pytest.FixtureRequest, memory_folder: Path) -> Iterator[str]:
    """The address of a second database without tables, on the engine that `both_engines` is not."""
    yield from new_database("postgresql" if both_engines.startswith("sqlite") else "sqlite", memory_folder, request)
