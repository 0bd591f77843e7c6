"""A hundred people press the button together, from four processes, on both engines: nobody gets a place twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from bench.storm import looking, prepare, storm
from models.events import Quota
from models.registrations import Registration, Status
from services.soundness import violations

pytestmark = pytest.mark.engines


def left_behind(url: str, folder: Path) -> tuple[Counter[str], int, list[str]]:
    """Registrations by status, places taken, and violated invariants."""
    with looking(url, folder) as session:
        statuses = Counter(str(status) for status in session.scalars(select(Registration.status)))
        return statuses, sum(session.scalars(select(Quota.taken))), violations()


def test_without_the_lock_the_storm_oversells(both_engines: str, tmp_path: Path) -> None:
    """The race is real: with the lock taken away the books break, so the next tests cannot pass by luck."""
    for _ in range(5):
        events = prepare(both_engines, tmp_path, capacity=20, people=100)
        storm(both_engines, tmp_path, events, 100, lock=False)
        statuses, taken, problems = left_behind(both_engines, tmp_path)
        if problems or statuses[Status.CONFIRMED] > 20:
            return
    pytest.fail(f"five storms without a lock broke nothing: {statuses}, {taken} taken")


def test_a_hundred_for_twenty_places(both_engines: str, tmp_path: Path) -> None:
    for _ in range(2):
        events = prepare(both_engines, tmp_path, capacity=20, people=100)
        result = storm(both_engines, tmp_path, events, 100)
        statuses, taken, problems = left_behind(both_engines, tmp_path)
        assert result.errors == []
        assert statuses == {Status.CONFIRMED: 20, Status.WAITLISTED: 80}
        assert (taken, problems) == (20, [])


def test_mixed_with_cancellations_nobody_waits_while_a_place_is_free(both_engines: str, tmp_path: Path) -> None:
    events = prepare(both_engines, tmp_path, capacity=20, people=100)
    result = storm(both_engines, tmp_path, events, 100, cancel_every=3)
    statuses, taken, problems = left_behind(both_engines, tmp_path)
    assert result.errors == []
    assert result.done["cancelled"] == 33
    assert statuses == {Status.CONFIRMED: 20, Status.WAITLISTED: 47, Status.CANCELLED: 33}
    assert (taken, problems) == (20, [])
