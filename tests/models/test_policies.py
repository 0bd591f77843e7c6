"""Cancellation tiers: working days as Belgium counts them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from models.policies import Tier, fee_percent, stages, working_days_between

TIERS: list[Tier] = [{"days": 15, "percent": 0}, {"days": 5, "percent": 50}, {"days": 0, "percent": 100}]
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    "day, first, count",
    [
        (date(2026, 11, 23), date(2026, 11, 24), 0),  # Monday to Tuesday
        (date(2026, 11, 20), date(2026, 11, 24), 1),  # Friday to Tuesday: the Monday
        (date(2026, 12, 18), date(2026, 12, 28), 4),  # Christmas Day is a Friday
        (date(2026, 11, 10), date(2026, 11, 12), 0),  # Armistice Day between
    ],
)
def test_working_days_between(day: date, first: date, count: int) -> None:
    assert working_days_between(day, first) == count


def test_the_tiers() -> None:
    first = date(2026, 12, 11)
    free = stages(TIERS, first)[0][1]
    assert free is not None
    assert fee_percent(TIERS, free, first) == 0
    assert fee_percent(TIERS, free + timedelta(days=1), first) == 50
    assert fee_percent(TIERS, date(2026, 12, 3), first) == 50  # five working days: 4, 7, 8, 9, 10
    assert fee_percent(TIERS, date(2026, 12, 4), first) == 100
    assert fee_percent(TIERS, first, first) == 100
    assert fee_percent([], date(2026, 12, 10), first) == 0


@given(days, days)
def test_waiting_never_makes_it_cheaper(day: date, first: date) -> None:
    assert fee_percent(TIERS, day, first) <= fee_percent(TIERS, day + timedelta(days=1), first)


@given(
    days, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 100)), min_size=1, max_size=3, unique_by=lambda t: t[0])
)
def test_the_stages_say_what_each_day_costs(first: date, steps: list[tuple[int, int]]) -> None:
    tiers: list[Tier] = [{"days": left, "percent": percent} for left, percent in steps]
    found = stages(tiers, first)
    for back in range(1, 70):
        day = first - timedelta(days=back)
        said = next(percent for percent, until in found if until is None or day <= until)
        assert said == fee_percent(tiers, day, first)
    assert all(one[0] != two[0] for one, two in pairwise(found))
