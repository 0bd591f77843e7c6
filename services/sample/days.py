"""When a sample event takes place: rules relative to today, kept off weekends and Belgian holidays. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
FIXED = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
AROUND_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
YEAR_END = ((12, 24), (1, 2))  # nobody trains between these two days
Span = tuple[datetime, datetime]


def easter(year: int) -> date:
    """Easter Sunday, Gregorian calendar (the anonymous algorithm of Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=16)
def holidays(year: int) -> frozenset[date]:
    """The ten legal holidays of Belgium (royal decree of 18 April 1974)."""
    movable = {easter(year) + timedelta(days=days) for days in AROUND_EASTER}
    return frozenset({date(year, month, day) for month, day in FIXED} | movable)


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in holidays(day.year)


def is_quiet(day: date) -> bool:
    """A holiday, or a day between the years."""
    month_day = (day.month, day.day)
    return not is_working_day(day) or month_day >= YEAR_END[0] or month_day <= YEAR_END[1]


def next_working_day(day: date) -> date:
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def autumn_change(year: int) -> date:
    """The last Sunday of October, when summer time ends in the European Union (directive 2000/84/EC)."""
    last = date(year, 10, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def nearest_autumn_change(today: date) -> date:
    """The end of summer time that is closest to today, past or to come: never more than six months away."""
    changes = (autumn_change(today.year + shift) for shift in (-1, 0, 1))
    return min(changes, key=lambda day: abs((day - today).days))


def autumn_day(rule: dict[str, Any], today: date) -> date:
    """A weekday of the week before, or of the week after, the clocks go back."""
    sunday = nearest_autumn_change(today)
    monday = sunday + timedelta(days=1 if rule["autumn"] == "after" else -6)
    return next_working_day(monday + timedelta(days=WEEKDAYS.index(rule["day"])))


def week_day(rule: dict[str, Any], today: date, shift: int = 0) -> date:
    """The weekday of a rule, counted from the Monday of this week, `shift` weeks further away."""
    weeks = rule["week"] + (shift if rule["week"] >= 0 else -shift)
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(weeks=weeks, days=WEEKDAYS.index(rule["day"]))


def days_of(rules: list[dict[str, Any]], today: date) -> list[date]:
    """The day of each rule, in the same order.

    `in_days` is today and so many days more, moved on to a working day; `autumn` lies around the end of summer time;
    `week` and `day` are stepped over as a block, away from today, until no day of the block is a holiday.
    """
    shifts = {ahead: shift_of([r for r in rules if "week" in r and (r["week"] >= 0) == ahead], today)
              for ahead in (True, False)}  # fmt: skip
    return [day_of(rule, today, shifts) for rule in rules]


def day_of(rule: dict[str, Any], today: date, shifts: dict[bool, int]) -> date:
    if "in_days" in rule:
        return next_working_day(today + timedelta(days=rule["in_days"]))
    if "autumn" in rule:
        return autumn_day(rule, today)
    return week_day(rule, today, shifts[rule["week"] >= 0])


def shift_of(rules: list[dict[str, Any]], today: date) -> int:
    """By how many weeks a block of rules must move away from today to meet no holiday."""
    shift = 0
    while any(is_quiet(week_day(rule, today, shift)) for rule in rules):
        shift += 1
    return shift


def instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The instant of a clock time (HH:MM) on a day in a zone, in UTC."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def spans_of(rules: list[dict[str, Any]], today: date, zone: str) -> list[Span]:
    """Start and end of each slot rule, in the same order."""
    tz = ZoneInfo(zone)
    found = zip(rules, days_of(rules, today), strict=True)
    return [(instant(day, rule["from"], tz), instant(day, rule["to"], tz)) for rule, day in found]


def state_by_date(spans: Iterable[Span], at: datetime) -> str:
    """What an event that runs by the calendar is at an instant: closed, running or published."""
    spans = list(spans)
    if max(ends for _, ends in spans) <= at:
        return "closed"
    return "running" if min(starts for starts, _ in spans) <= at else "published"
