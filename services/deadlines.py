"""Deadlines that a person can live with: when to pay, and how long an offered place is held. Pure functions."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

PAYMENT_DAYS = 14
OFFER_LONGEST = timedelta(hours=48)
EVENING, MORNING = time(20), time(8)


def payment_due(at: datetime, starts_at: datetime, zone: str) -> datetime:
    """Until when a transfer is waited for: the end of the fourteenth day, no later than the day before the first slot;
    an order placed the day before or later has until the start."""
    tz = ZoneInfo(zone)
    last_day = min(
        (at + timedelta(days=PAYMENT_DAYS)).astimezone(tz).date(), starts_at.astimezone(tz).date() - timedelta(1)
    )
    due = datetime.combine(last_day, time(23, 59, 59), tz)
    return due if due > at + timedelta(hours=12) else starts_at


def offer_deadline(at: datetime, starts_at: datetime, zone: str) -> datetime:
    """Until when an offered place is held: the shorter of 48 hours and a quarter of the time left; a deadline in the
    night (20:00 to 8:00, event's zone) moves to 8:00; never past the first slot."""
    tz = ZoneInfo(zone)
    deadline = (at + min(OFFER_LONGEST, (starts_at - at) / 4)).astimezone(tz)
    if deadline.timetz().replace(tzinfo=None) >= EVENING:
        deadline = datetime.combine(deadline.date() + timedelta(days=1), MORNING, tz)
    elif deadline.timetz().replace(tzinfo=None) < MORNING:
        deadline = datetime.combine(deadline.date(), MORNING, tz)
    return min(deadline, starts_at.astimezone(tz))
