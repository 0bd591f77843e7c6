"""Cancellation tiers: what leaving costs, by how many working days are left. Pure rules; no table of their own.

The days count from the day of cancelling (not included) to the day of the first slot (not included), in the event's
zone, Belgian public holidays and week-ends left out. The organiser's own cancelling never costs anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import TypedDict


class Tier(TypedDict):
    """From `days` working days before the first slot on, leaving costs `percent` of the price."""

    days: int
    percent: int


@lru_cache(maxsize=16)
def holidays_of(year: int) -> frozenset[date]:
    """The Belgian public holidays of a year."""
    import holidays

    return frozenset(holidays.country_holidays("BE", years=year))


def is_working_day(day: date) -> bool:
    """Monday to Friday, and no public holiday in Belgium."""
    return day.weekday() < 5 and day not in holidays_of(day.year)


def working_days_between(day: date, first_day: date) -> int:
    """Working days after `day` and before `first_day`."""
    count, current = 0, day + timedelta(days=1)
    while current < first_day:
        count += is_working_day(current)
        current += timedelta(days=1)
    return count


def fee_percent(tiers: Sequence[Tier], day: date, first_day: date) -> int:
    """The percentage that leaving on `day` costs. Without tiers: nothing. From the first day on: all that tiers ask."""
    if not tiers:
        return 0
    left = working_days_between(day, first_day) if day < first_day else -1
    ordered = sorted(tiers, key=lambda tier: -tier["days"])
    for tier in ordered:
        if left >= tier["days"]:
            return tier["percent"]
    return ordered[-1]["percent"]


def last_free_day(tiers: Sequence[Tier], first_day: date) -> date | None:
    """The last day on which leaving costs nothing; None when it never does, or always."""
    if not tiers or all(tier["percent"] == 0 for tier in tiers):
        return None
    day = first_day
    for _ in range(400):
        day -= timedelta(days=1)
        if fee_percent(tiers, day, first_day) == 0:
            return day
    return None
