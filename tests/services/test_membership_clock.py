"""What time does to memberships: the same whether the clock came each day, twice, or late."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select

from models.base import db, now
from models.organisations import Membership, MembershipStatus as S
from services.membership_clock import advance_memberships, due_steps
from services.transaction import writing
from tests.cast import Cast, add_member_locked
from tests.services.test_affiliations import mails
from tests.services.test_memberships import fresh, is_member

FIRST = date(2027, 1, 1)
DAYS = st.integers(-5, 900).map(lambda days: FIRST + timedelta(days=days))


def paid_year(grace: int, **changes: object) -> Membership:
    last = date(2027, 12, 31)
    values = {"status": S.ACTIVE, "starts_on": FIRST, "ends_on": last, "grace_until": last + timedelta(days=grace)}
    return Membership(**{**values, "leaves_at_end": False, **changes})


def run(row: Membership, day: date, *, is_renewed: bool = False) -> list[S]:
    """The clock of one day, on the row alone."""
    steps = due_steps(row, day, is_renewed=is_renewed)
    for status, reason in steps:
        row.move(status, actor=None, reason=reason, at=now())
    return [status for status, _ in steps]


@pytest.mark.pure
@given(st.integers(0, 120), st.lists(DAYS, max_size=8), DAYS)
def test_the_days_decide_and_not_the_clock(grace: int, runs: list[date], day: date) -> None:
    """Whenever the clock came before, and however often: a member from the first day to the last of grace."""
    row = paid_year(grace)
    for earlier in sorted(run_day for run_day in runs if run_day <= day):
        run(row, earlier)
    member = FIRST <= day <= row.ends_on + timedelta(days=grace)
    assert row.gives_member_price(day) == member
    run(row, day)
    assert row.gives_member_price(day) == member


@pytest.mark.pure
@given(
    st.integers(0, 120),
    st.lists(DAYS, max_size=8),
    DAYS,
    st.booleans(),
    st.sampled_from([S.ACTIVE, S.SUSPENDED, S.APPROVED]),
)
def test_where_it_ends_up_depends_on_the_day_alone(
    grace: int, runs: list[date], day: date, leaves: bool, status: S
) -> None:
    often, once = (paid_year(grace, leaves_at_end=leaves, status=status) for _ in range(2))
    for earlier in sorted(run_day for run_day in runs if run_day <= day):
        run(often, earlier)
    run(often, day)
    run(once, day)
    assert often.status == once.status
    assert run(once, day) == []


@pytest.mark.pure
@given(DAYS, st.integers(0, 120))
def test_a_renewed_one_needs_no_grace(day: date, grace: int) -> None:
    row = paid_year(grace)
    run(row, day, is_renewed=True)
    assert row.status == (S.LAPSED if day > row.ends_on else S.ACTIVE)


def test_it_works(cast: Cast) -> None:
    row = db.session.scalars(select(Membership)).one()
    last = row.ends_on
    assert advance_memberships(last) == 0
    assert advance_memberships(last + timedelta(days=1)) == 1
    row = fresh(row)
    assert (row.status, row.reason) == (S.GRACE, "ended")
    assert is_member(cast.bob, last + timedelta(days=60))
    assert advance_memberships(last + timedelta(days=60)) == 0
    assert advance_memberships(last + timedelta(days=61)) == 1
    assert (fresh(row).status, fresh(row).reason) == (S.LAPSED, "not_renewed")
    assert not is_member(cast.bob, last + timedelta(days=61))
    assert advance_memberships(last + timedelta(days=400)) == 0
    assert mails() == [("membership_decided", "dora@lysara.example")] * 2


def test_a_clock_that_comes_a_year_late_tells_the_end_only(cast: Cast) -> None:
    with writing():
        add_member_locked("Orvane", "orvane.example")
    row = db.session.scalars(select(Membership)).first()
    assert row is not None
    assert advance_memberships(row.ends_on + timedelta(days=365)) == 2
    assert fresh(row).status == S.LAPSED
    assert len(mails()) == 1  # Orvane has nobody to tell
