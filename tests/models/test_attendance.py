"""Who was there is a pure function of the marks: their order, and how often each arrives, change nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from models.attendance import AttendanceMark, Presence, presence_of

pytestmark = pytest.mark.pure

START = datetime(2026, 12, 1, 8, tzinfo=UTC)


def mark(presence: Presence, second: int, client_id: str) -> AttendanceMark:
    return AttendanceMark(
        client_id=client_id,
        registration_id=1,
        slot_id=1,
        presence=presence,
        marked_at=START + timedelta(seconds=second),
    )


MARKS = st.lists(
    st.tuples(st.sampled_from(list(Presence)), st.integers(0, 3), st.integers(0, 50)), unique_by=lambda row: row[2]
)


def test_it_works() -> None:
    marks = [mark(Presence.PRESENT, 1, "a"), mark(Presence.LATE, 2, "b")]
    assert presence_of(marks) is Presence.LATE


def test_nobody_marked_is_unmarked() -> None:
    assert presence_of([]) is Presence.UNMARKED


@given(rows=MARKS, data=st.data())
def test_order_and_repeats_change_nothing(rows: list[tuple[Presence, int, int]], data: st.DataObject) -> None:
    marks = [mark(presence, second, str(name)) for presence, second, name in rows]
    shuffled = data.draw(st.permutations(marks))
    repeated = [*shuffled, *(data.draw(st.lists(st.sampled_from(marks))) if marks else [])]
    assert presence_of(repeated) == presence_of(marks)


@given(rows=MARKS)
def test_the_latest_on_the_device_counts(rows: list[tuple[Presence, int, int]]) -> None:
    marks = [mark(presence, second, str(name)) for presence, second, name in rows]
    last = mark(Presence.EXCUSED, 4, "z")
    assert presence_of([*marks, last]) is Presence.EXCUSED


@pytest.mark.parametrize(
    "presence, minutes",
    [("present", 211), ("late", 105), ("left_early", 105), ("absent", 0), ("excused", 0), ("unmarked", 0)],
)
def test_minutes_of_a_slot(presence: str, minutes: int) -> None:
    assert Presence(presence).minutes_of(211) == minutes
    assert Presence(presence).was_there is (minutes > 0)
