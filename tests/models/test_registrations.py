"""The state tables, walked pair by pair."""

from __future__ import annotations

import itertools

import pytest

from models.base import now
from models.events import RUN_TRANSITIONS, Event, Run, RunTransitionRefused
from models.registrations import HOLDING, LIVE, START, TRANSITIONS, Registration, Status, TransitionRefused


@pytest.mark.parametrize("before, after", list(itertools.product(Status, Status)))
def test_every_pair_of_registration_statuses(before: Status, after: Status) -> None:
    registration = Registration(status=before)
    if after in TRANSITIONS[before]:
        step = registration.move(after, actor=None, reason="test", at=now())
        assert (registration.status, step.from_status, step.to_status) == (after, before, after)
    else:
        with pytest.raises(TransitionRefused):
            registration.move(after, actor=None, reason="test", at=now())
        assert registration.status == before


def test_what_the_design_says_of_the_statuses() -> None:
    final = {Status.DECLINED, Status.EXPIRED, Status.CANCELLED, Status.TRANSFERRED, Status.SUBSTITUTED}
    assert set(Status) - LIVE == final
    assert {Status.AWAITING_PAYMENT, Status.OFFERED, Status.CONFIRMED} == HOLDING
    assert {Status.PENDING_APPROVAL, Status.AWAITING_PAYMENT, Status.WAITLISTED, Status.CONFIRMED} == START
    assert all(Status.CANCELLED in TRANSITIONS[status] for status in LIVE), "a person can leave from every live status"
    assert Status.OFFERED not in START


@pytest.mark.parametrize("before, after", list(itertools.product(Run, Run)))
def test_every_pair_of_run_states(before: Run, after: Run) -> None:
    event = Event(run=before)
    if after in RUN_TRANSITIONS[before]:
        event.go(after, now())
        assert event.run == after
    else:
        with pytest.raises(RunTransitionRefused):
            event.go(after, now())
        assert event.run == before


def test_guaranteed_never_goes_back_to_tentative() -> None:
    assert Run.TENTATIVE not in RUN_TRANSITIONS[Run.GUARANTEED]
    assert RUN_TRANSITIONS[Run.CLOSED] == RUN_TRANSITIONS[Run.CANCELLED] == frozenset()
