"""Sixty people with one code that serves ten, on three events at once, from two processes of four threads, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.storm import looking, prepare, storm
from models.registrations import LIVE, Registration
from models.vouchers import Voucher, VoucherEffect
from services.soundness import violations
from services.transaction import writing

pytestmark = pytest.mark.engines

PEOPLE, USES = 60, 10


def prepared(url: str, folder: Path) -> list[int]:
    """Three paid events with places for everybody, and a voucher for all of them that ten people may use."""
    events = prepare(url, folder, capacity=PEOPLE, people=PEOPLE, events=3, cents=10000)
    with looking(url, folder), writing() as session:
        session.add(Voucher(code="TEN", effect=VoucherEffect.PERCENT, value=50, uses_limit=USES))
    return events


def left_behind(url: str, folder: Path) -> tuple[int, int, list[str]]:
    """Live registrations with the voucher, what its counter says, and violated invariants."""
    with looking(url, folder) as session:
        live = select(func.count()).where(Registration.voucher_id.is_not(None), Registration.status.in_(LIVE))
        return session.scalar(live), session.scalars(select(Voucher.used)).one(), violations()


def test_without_the_locks_more_people_use_the_code_than_may(both_engines: str, tmp_path: Path) -> None:
    """The race is real: the event's lock alone would not do, since the code serves several events."""
    for _ in range(5):
        events = prepared(both_engines, tmp_path)
        storm(both_engines, tmp_path, events, PEOPLE, lock=False, processes=2, voucher="TEN")
        live, used, problems = left_behind(both_engines, tmp_path)
        if live > USES or problems:
            return
    pytest.fail(f"five storms without a lock broke nothing: {live} live, {used} used")


def test_ten_uses_for_sixty_people(both_engines: str, tmp_path: Path) -> None:
    events = prepared(both_engines, tmp_path)
    result = storm(both_engines, tmp_path, events, PEOPLE, processes=2, voucher="TEN")
    assert result.errors == []
    assert left_behind(both_engines, tmp_path) == (USES, USES, [])
    assert (result.done["registered"], result.done["too late"]) == (USES, PEOPLE - USES)


def test_uses_given_back_meanwhile_serve_others(both_engines: str, tmp_path: Path) -> None:
    events = prepared(both_engines, tmp_path)
    result = storm(both_engines, tmp_path, events, PEOPLE, cancel_every=2, processes=2, voucher="TEN")
    live, used, problems = left_behind(both_engines, tmp_path)
    assert result.errors == []
    assert problems == []
    assert live == used <= USES
    assert live == result.done["registered"] - result.done["cancelled"]
