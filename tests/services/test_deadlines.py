"""Deadlines a person can live with."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from services.deadlines import offer_deadline, payment_due

BRUSSELS = ZoneInfo("Europe/Brussels")
ZONE = "Europe/Brussels"
FIRST, LAST = datetime(2026, 1, 1), datetime(2027, 12, 31)  # noqa: DTZ001  (hypothesis adds the zone)
moments = st.datetimes(FIRST, LAST, timezones=st.just(BRUSSELS), allow_imaginary=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    "ordered, begins, due",
    [
        ("2026-11-24 10:00", "2026-12-20 09:00", "2026-12-08 23:59:59"),  # fourteen days
        ("2026-11-24 10:00", "2026-12-01 09:00", "2026-11-30 23:59:59"),  # the day before
        ("2026-11-30 10:00", "2026-12-01 09:00", "2026-11-30 23:59:59"),
        ("2026-11-30 18:00", "2026-12-01 09:00", "2026-12-01 09:00:00"),  # the evening before: until the start
        ("2026-12-01 08:00", "2026-12-01 09:00", "2026-12-01 09:00:00"),
        ("2026-10-20 10:00", "2026-10-26 09:00", "2026-10-25 23:59:59"),  # over the autumn clock change
    ],
)
def test_until_when_to_pay(ordered: str, begins: str, due: str) -> None:
    assert payment_due(at(ordered), at(begins), ZONE) == at(due)


@pytest.mark.parametrize(
    "offered, begins, until",
    [
        ("2026-11-24 10:00", "2026-12-20 09:00", "2026-11-26 10:00"),  # 48 hours
        ("2026-11-24 10:00", "2026-11-28 10:00", "2026-11-25 10:00"),  # a quarter of what is left
        ("2026-11-24 21:00", "2026-12-20 09:00", "2026-11-27 08:00"),  # not in the night: the next morning
        ("2026-11-24 03:00", "2026-12-20 09:00", "2026-11-26 08:00"),
        ("2026-11-24 19:00", "2026-11-25 07:00", "2026-11-25 07:00"),  # never past the first slot
    ],
)
def test_until_when_an_offer_holds(offered: str, begins: str, until: str) -> None:
    assert offer_deadline(at(offered), at(begins), ZONE) == at(until)


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=200)))
def test_an_offer_ends_by_day_and_before_the_event(offered: datetime, left: timedelta) -> None:
    begins = (offered.astimezone(ZoneInfo("UTC")) + left).astimezone(BRUSSELS)
    until = offer_deadline(offered, begins, ZONE).astimezone(BRUSSELS)
    assert offered < until <= begins
    assert until == begins or time(8) <= until.time() < time(20)


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=200)))
def test_a_payment_is_due_before_the_event_and_never_at_once(ordered: datetime, left: timedelta) -> None:
    begins = (ordered.astimezone(ZoneInfo("UTC")) + left).astimezone(BRUSSELS)
    due = payment_due(ordered, begins, ZONE)
    assert ordered < due <= begins
    assert due == begins or due - ordered > timedelta(hours=12)
