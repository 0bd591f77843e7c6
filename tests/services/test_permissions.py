"""Who may do what: the cast against the rules, on an own event and on a foreign one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event as sqlalchemy_event

from models.base import db
from models.people import Role, StaffRole
from services.permissions import (
    NOBODY,
    Roles,
    event_by_slug,
    is_staff,
    may_create_events,
    may_mark_attendance,
    may_organise,
    may_receive_money,
    may_see_attendees,
    may_see_event,
    roles_of,
    visible_at_desk,
)
from services.transaction import writing
from tests.cast import Cast, make_event

EVENT_RULES: dict[str, tuple[Callable[[Roles, int], bool], set[str], set[str]]] = {
    "organise": (may_organise, {"alice", "ada", "otto"}, {"alice", "ada"}),
    "see attendees": (may_see_attendees, {"alice", "ada", "otto", "fay"}, {"alice", "ada", "fay"}),
    "mark attendance": (may_mark_attendance, {"alice", "ada", "otto", "emil"}, {"alice", "ada"}),
    "see the event": (may_see_event, {"alice", "ada", "otto", "emil", "fay"}, {"alice", "ada", "fay"}),
}
RULES: dict[str, tuple[Callable[[Roles], bool], set[str]]] = {
    "is staff": (is_staff, {"alice", "ada", "otto", "emil", "fay"}),
    "create events": (may_create_events, {"alice", "ada"}),
    "receive money": (may_receive_money, {"fay", "ada"}),
}
EVERYBODY = ("alice", "bob", "carol", "dora", "emil", "fay", "ada", "otto")


@pytest.fixture
def events(cast: Cast) -> tuple[int, int]:
    """An event that Otto organises and Emil trains, and one that is nobody's in particular."""
    mine = make_event(organisers=[cast.otto], trainers=[cast.emil])
    return mine.id, make_event(title="Another one").id


@pytest.mark.parametrize("rule", EVENT_RULES)
def test_rules_of_an_event(cast: Cast, events: tuple[int, int], rule: str) -> None:
    may, on_own, on_foreign = EVENT_RULES[rule]
    own, foreign = events
    assert {name for name in EVERYBODY if may(roles_of(getattr(cast, name)), own)} == on_own
    assert {name for name in EVERYBODY if may(roles_of(getattr(cast, name)), foreign)} == on_foreign
    assert not may(NOBODY, own)


@pytest.mark.parametrize("rule", RULES)
def test_rules_of_the_house(cast: Cast, events: tuple[int, int], rule: str) -> None:
    may, who = RULES[rule]
    assert {name for name in EVERYBODY if may(roles_of(getattr(cast, name)))} == who
    assert not may(NOBODY)


def test_signed_out_is_nobody(app: Flask) -> None:
    assert roles_of(None) is NOBODY


def test_what_the_desk_lists(cast: Cast, events: tuple[int, int]) -> None:
    own, _ = events
    assert visible_at_desk(roles_of(cast.alice)) is None
    assert visible_at_desk(roles_of(cast.fay)) is None
    assert visible_at_desk(roles_of(cast.otto)) == frozenset({own})
    assert visible_at_desk(roles_of(cast.emil)) == frozenset({own})
    assert visible_at_desk(roles_of(cast.bob)) == frozenset()


def test_a_trainer_scoped_by_role(cast: Cast, events: tuple[int, int]) -> None:
    _, foreign = events
    with writing() as session:
        session.add(StaffRole(person_id=cast.carol.id, role=Role.TRAINER, event_id=foreign))
    roles = roles_of(cast.carol)
    assert may_mark_attendance(roles, foreign)
    assert not may_see_attendees(roles, foreign)
    assert is_staff(roles)


def test_one_query(cast: Cast, events: tuple[int, int]) -> None:
    db.session.rollback()
    assert cast.emil.id
    seen: list[str] = []
    sqlalchemy_event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    roles_of(cast.emil)
    assert len([statement for statement in seen if statement.lstrip().startswith("SELECT")]) == 1


def test_event_by_slug(cast: Cast) -> None:
    made = make_event()
    found = event_by_slug(made.slug)
    assert found is not None
    assert found.id == made.id
    assert event_by_slug("nothing") is None
