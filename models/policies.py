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


def stages(tiers: Sequence[Tier], first_day: date) -> list[tuple[int, date | None]]:
    """What leaving costs over time: each percentage with the last day on which it holds, None for the last one.

    Neighbours that cost the same are one stage.
    """
    found: list[tuple[int, date | None]] = []
    ordered = sorted(tiers, key=lambda tier: -tier["days"])
    for place, tier in enumerate(ordered):
        is_last = place == len(ordered) - 1
        until = None if is_last else last_day_with(tier["days"], first_day)
        if found and found[-1][0] == tier["percent"]:
            found.pop()
        found.append((tier["percent"], until))
    return found


def last_day_with(days: int, first_day: date) -> date:
    """The last day that has at least `days` working days between itself and the first day."""
    day, count = first_day - timedelta(days=1), 0
    while count < days:
        count += is_working_day(day)
        day -= timedelta(days=1)
    return day
