"""Go or no-go: the organisers are asked in time and once, may take more time, and the second of two is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.base import db, now
from models.events import Event, Run, RunTransitionRefused
from models.outbox import OutboxMessage
from services.decisions import ask_to_decide, extend
from services.event_changes import advance_runs, cancel, guarantee
from services.event_plans import PlanRefused
from services.events import ChangedMeanwhile, load_plan
from tests.cast import Cast, make_event, morning_in
from tests.services.post import registered


def mails(template: str = "decision_due") -> list[str]:
    db.session.rollback()
    query = db.session.query(OutboxMessage).filter_by(template=template).order_by(OutboxMessage.recipient)
    return [row.recipient for row in query]


def fresh(event: Event) -> Event:
    return load_plan(event.id)[0]


@pytest.fixture
def event(cast: Cast) -> Event:
    """Needs five people, begins in twenty days, to be decided in twelve."""
    return make_event(
        run=Run.TENTATIVE, minimum=5, public_cents=0, member_cents=None, starts_at=morning_in(20), decides_at=morning_in(12)
    )  # fmt: skip


def test_it_works(event: Event, cast: Cast) -> None:
    assert ask_to_decide(morning_in(10) - timedelta(minutes=1)) == 0
    assert ask_to_decide(morning_in(10)) == 1
    assert ask_to_decide(morning_in(12)) == 0
    assert mails() == ["alice@mosan.example"]


def test_late_it_asks_once(event: Event) -> None:
    assert [ask_to_decide(morning_in(14)), ask_to_decide(morning_in(15))] == [1, 0]


def test_whoever_organises_this_event_is_asked(cast: Cast) -> None:
    make_event(run=Run.TENTATIVE, minimum=5, decides_at=now(), organisers=[cast.otto])
    ask_to_decide()
    assert mails() == ["otto@mosan.example"]


def test_without_a_day_of_decision_its_start_counts(cast: Cast) -> None:
    event = make_event(run=Run.TENTATIVE, minimum=5, starts_at=morning_in(20))
    assert ask_to_decide(event.starts_at - timedelta(days=3)) == 0
    assert ask_to_decide(event.starts_at - timedelta(days=1)) == 1


def test_what_is_decided_asks_nobody(event: Event, cast: Cast) -> None:
    guarantee(event.id, cast.alice)
    assert ask_to_decide(morning_in(12)) == 0


def test_it_takes_place_and_everybody_is_told_once(event: Event, cast: Cast) -> None:
    registered(cast.bob, event)
    guarantee(event.id, cast.alice)
    assert mails("event_guaranteed") == ["bob@lysara.example"]
    with pytest.raises(RunTransitionRefused):
        guarantee(event.id, cast.alice)
    assert mails("event_guaranteed") == ["bob@lysara.example"]


def test_a_minimum_that_is_reached_tells_everybody_too(cast: Cast) -> None:
    event = make_event(run=Run.TENTATIVE, minimum=1, public_cents=0, member_cents=None)
    registered(cast.bob, event)
    assert [advance_runs(), advance_runs()] == [1, 0]
    assert mails("event_guaranteed") == ["bob@lysara.example"]


def test_more_time_is_told_and_asked_about_again(event: Event, cast: Cast) -> None:
    registered(cast.bob, event)
    ask_to_decide(morning_in(12))
    told = extend(event.id, morning_in(16), fresh(event).version, cast.alice, closes_at=morning_in(15))
    assert (told, fresh(event).decides_at, fresh(event).registration_closes_at) == (1, morning_in(16), morning_in(15))
    assert mails("decision_moved") == ["bob@lysara.example"]
    assert [ask_to_decide(morning_in(13)), ask_to_decide(morning_in(14))] == [0, 1]
    extend(event.id, morning_in(17), fresh(event).version, cast.alice)
    assert fresh(event).registration_closes_at == morning_in(15)
    assert mails("decision_moved") == ["bob@lysara.example"] * 2


@pytest.mark.parametrize(
    "decides, closes, field, code",
    [
        (20, None, "decides", "decides_after_start"),
        (12, None, "decides", "decides_no_later"),
        (-1, None, "decides", "decides_no_later"),
        (14, -1, "closes", "in_the_past"),
        (14, 21, "closes", "closes_after_start"),
    ],
)
def test_bad_days_change_nothing(
    event: Event, cast: Cast, decides: int, closes: int | None, field: str, code: str
) -> None:
    with pytest.raises(PlanRefused) as refused:
        closes_at = None if closes is None else morning_in(closes)
        extend(event.id, morning_in(decides), fresh(event).version, cast.alice, closes_at=closes_at)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [(field, code)]
    assert fresh(event).decides_at == morning_in(12)
    assert mails("decision_moved") == []


def test_of_two_who_decide_at_once_the_second_is_told(event: Event, cast: Cast) -> None:
    """Alice gives it more time while Ada looks at the page of before: neither of Ada's choices is taken blindly."""
    shown = fresh(event).version
    extend(event.id, morning_in(16), shown, cast.alice)
    with pytest.raises(ChangedMeanwhile):
        guarantee(event.id, cast.ada, version=shown)
    with pytest.raises(ChangedMeanwhile):
        extend(event.id, morning_in(18), shown, cast.ada)
    with pytest.raises(ChangedMeanwhile):
        cancel(event.id, "Aseptic techniques", {}, cast.ada, version=shown)
    guarantee(event.id, cast.alice, version=fresh(event).version)
    with pytest.raises(RunTransitionRefused):
        extend(event.id, morning_in(18), fresh(event).version, cast.ada)
    assert fresh(event).run == Run.GUARANTEED
