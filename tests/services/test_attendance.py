"""Marking who is there: append-only, repeatable, only people of the event, only while it is open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy.exc import NoResultFound

from models.attendance import AttendanceMark, Presence
from models.base import db, now, random_id
from models.events import Event, Run
from models.outbox import AuditEntry
from services.attendance import (
    EventOver,
    NotAttending,
    NotOpenYet,
    Tap,
    UnknownRegistration,
    mark,
    mark_all_present,
    mark_many,
    sheet,
    sign_off,
    slot_counts,
    slot_of,
    take_back,
)
from services.registrations import cancel
from services.transaction import writing
from services.walk_ins import add_walk_in
from services.wishes import Wish
from tests.cast import Cast, make_event, morning_in
from tests.services.held import PRESENT, UNMARKED, Held, held, slots_of, tap
from tests.services.post import registered


@pytest.fixture
def today(cast: Cast) -> Held:
    """A training that began yesterday: Bob and Carol are on it, nobody is marked yet."""
    return held(cast, [UNMARKED, UNMARKED], [UNMARKED, UNMARKED], starts_at=morning_in(-1))


def rows() -> list[AttendanceMark]:
    db.session.rollback()
    return db.session.query(AttendanceMark).order_by(AttendanceMark.id).all()


def presences(found: Held, index: int = 0) -> list[Presence]:
    db.session.rollback()
    event = db.session.get_one(Event, found.event.id, populate_existing=True)
    return [line.presence for line in sheet(event, found.slots[index]).lines]


def test_it_works(cast: Cast, today: Held) -> None:
    slot, bob = today.slots[0], today.registrations[0]
    answer = mark(slot.public_id, bob.public_id, PRESENT, actor=cast.emil, client_id="tap-1")
    assert answer is PRESENT
    [row] = rows()
    assert (row.presence, row.method, row.actor_id) == ("present", "list", cast.emil.id)
    assert presences(today) == [PRESENT, UNMARKED]  # Lambert, Nguyễn
    assert presences(today, 1) == [UNMARKED, UNMARKED]


def test_a_repeated_send_changes_nothing(cast: Cast, today: Held) -> None:
    slot, bob = today.slots[0].public_id, today.registrations[0].public_id
    for _ in range(3):
        mark(slot, bob, PRESENT, actor=cast.emil, client_id="tap-1")
    mark(slot, bob, Presence.ABSENT, actor=cast.emil, client_id="tap-1")
    assert [row.presence for row in rows()] == ["present"]


def test_a_correction_is_a_new_mark_and_undoing_too(cast: Cast, today: Held) -> None:
    slot, bob = today.slots[0].public_id, today.registrations[0].public_id
    for presence in (PRESENT, Presence.LATE, UNMARKED):
        assert mark(slot, bob, presence, actor=cast.emil, client_id=random_id()) is presence
    assert [row.presence for row in rows()] == ["present", "late", "unmarked"]


def test_marks_of_a_phone_that_was_offline_count_by_when_the_finger_touched(cast: Cast, today: Held) -> None:
    slot, bob = today.slots[0].public_id, today.registrations[0].public_id
    at = now()
    mark(slot, bob, Presence.LATE, actor=cast.alice, client_id="online", at=at)
    taps = [Tap("early", bob, PRESENT, timedelta(minutes=20))]
    assert mark_many(slot, taps, actor=cast.emil, at=at + timedelta(minutes=1)) == {}
    assert presences(today)[0] is Presence.LATE
    early = next(row for row in rows() if row.client_id == "early")
    assert early.marked_at == at - timedelta(minutes=19)
    assert early.received_at == at + timedelta(minutes=1)


def test_a_clock_that_runs_ahead_does_not_win_for_ever(cast: Cast, today: Held) -> None:
    slot, bob = today.slots[0].public_id, today.registrations[0].public_id
    at = now()
    mark(slot, bob, PRESENT, actor=None, client_id="ahead", marked_at=at + timedelta(days=1), at=at)
    assert (
        mark(slot, bob, Presence.ABSENT, actor=None, client_id="later", at=at + timedelta(seconds=1)) is Presence.ABSENT
    )


def test_people_of_other_events_cannot_be_marked(cast: Cast, today: Held) -> None:
    other = held(cast, [UNMARKED, UNMARKED], people=[cast.dora], starts_at=morning_in(-3))
    slot, stranger = today.slots[0].public_id, other.registrations[0].public_id
    with pytest.raises(UnknownRegistration):
        mark(slot, stranger, PRESENT, actor=cast.emil, client_id="x")
    with pytest.raises(NoResultFound):
        mark("nothing", stranger, PRESENT, actor=cast.emil, client_id="x")
    assert slot_of(today.event.id, other.slots[0].public_id) is None
    assert rows() == []


def test_someone_who_left_is_not_on_the_list(cast: Cast, today: Held) -> None:
    cancel(today.registrations[0].public_id, actor=cast.alice)
    with pytest.raises(NotAttending):
        mark(today.slots[0].public_id, today.registrations[0].public_id, PRESENT, actor=None, client_id="x")
    assert presences(today) == [UNMARKED]


def test_one_refusal_does_not_hold_up_the_others(cast: Cast, today: Held) -> None:
    cancel(today.registrations[0].public_id, actor=cast.alice)
    taps = [Tap("a", today.registrations[0].public_id, PRESENT), Tap("b", today.registrations[1].public_id, PRESENT)]
    refused = mark_many(today.slots[0].public_id, taps, actor=cast.emil)
    assert [(key, type(why)) for key, why in refused.items()] == [("a", NotAttending)]
    assert presences(today) == [PRESENT]


def test_marking_opens_two_hours_before(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None)
    bob = registered(cast.bob, event)
    slot = slots_of(event)[0]
    opens = slot.starts_at - timedelta(hours=2)
    with pytest.raises(NotOpenYet) as refused:
        mark(slot.public_id, bob.public_id, PRESENT, actor=None, client_id="x", at=opens - timedelta(seconds=1))
    assert refused.value.opens_at == opens
    assert mark(slot.public_id, bob.public_id, PRESENT, actor=None, client_id="x", at=opens) is PRESENT


@pytest.mark.parametrize("run", [Run.CLOSED, Run.CANCELLED, Run.POSTPONED])
def test_marking_ends_with_the_event(cast: Cast, today: Held, run: Run) -> None:
    with writing() as session:
        session.get_one(Event, today.event.id).run = run
    with pytest.raises(EventOver):
        mark(today.slots[0].public_id, today.registrations[0].public_id, PRESENT, actor=None, client_id="x")
    assert not sheet(db.session.get_one(Event, today.event.id, populate_existing=True), today.slots[0]).is_open


def test_a_walk_in_is_on_the_list_even_before_the_money(cast: Cast) -> None:
    found = held(cast, [UNMARKED, UNMARKED], starts_at=morning_in(-1), public_cents=42000)
    with writing() as session:
        session.get_one(Event, found.event.id).run = Run.RUNNING
    walk_in = add_walk_in(found.event.id, Wish("Zoé", "Zola", "zoe@example.org"), actor=cast.alice, locale="en")
    assert tap(walk_in, found.slots[0], PRESENT) is PRESENT
    list_ = sheet(found.event, found.slots[0])
    assert [(line.name, line.unpaid) for line in list_.lines] == [("Zoé Zola", True)]  # Bob has not paid: he is not


def test_all_present_leaves_those_who_are_marked(cast: Cast) -> None:
    found = held(cast, [Presence.ABSENT, UNMARKED], [UNMARKED, UNMARKED], [Presence.LATE, UNMARKED])
    assert mark_all_present(found.slots[0].public_id, actor=cast.emil).count == 1
    assert mark_all_present(found.slots[0].public_id, actor=cast.emil).count == 0
    assert presences(found) == [Presence.ABSENT, PRESENT, Presence.LATE]
    assert slot_counts([slot.id for slot in found.slots]) == {found.slots[0].id: (2, 3), found.slots[1].id: (0, 0)}


def test_all_present_can_be_taken_back_for_two_minutes(cast: Cast, today: Held) -> None:
    slot, at = today.slots[0].public_id, now()
    done = mark_all_present(slot, actor=cast.emil, at=at)
    tap(today.registrations[1], today.slots[0], Presence.ABSENT, minutes=99)  # before, on a phone that was offline
    mark(
        slot, today.registrations[1].public_id, Presence.LATE, actor=None, client_id="own", at=at + timedelta(seconds=5)
    )
    assert take_back(slot, done.batch, actor=cast.emil, at=at + timedelta(seconds=119)) == 1
    assert presences(today) == [UNMARKED, Presence.LATE]
    again = mark_all_present(slot, actor=cast.emil, at=at + timedelta(minutes=3))
    assert take_back(slot, again.batch, actor=cast.emil, at=at + timedelta(minutes=6)) == 0
    assert take_back(slot, "x", actor=cast.emil) == 0
    assert presences(today) == [PRESENT, Presence.LATE]


def test_signing_and_signing_again_after_a_correction(cast: Cast, today: Held) -> None:
    slot = today.slots[0]
    tap(today.registrations[0], slot, PRESENT)
    sign_off(slot.public_id, cast.emil)
    signature = sheet(today.event, slot).signature
    assert signature is not None
    assert (signature.name, signature.outdated) == ("Emil Vasseur", False)
    mark(slot.public_id, today.registrations[1].public_id, PRESENT, actor=cast.alice, client_id="late")
    outdated = sheet(today.event, slot).signature
    assert outdated is not None
    assert outdated.outdated
    sign_off(slot.public_id, cast.alice)
    renewed = sheet(today.event, slot).signature
    assert renewed is not None
    assert (renewed.name, renewed.outdated) == ("Alice Renard", False)
    assert db.session.query(AuditEntry).filter_by(action="attendance.signed").count() == 2


def test_a_list_is_signed_once_it_has_begun(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None)
    slot = slots_of(event)[0]
    with pytest.raises(NotOpenYet):
        sign_off(slot.public_id, cast.emil, at=slot.starts_at - timedelta(minutes=5))


def test_a_sheet_takes_few_queries(cast: Cast, today: Held) -> None:
    tap(today.registrations[0], today.slots[0], PRESENT)
    event, slot = today.event, today.slots[0]
    db.session.expire_all()
    db.session.refresh(event)
    db.session.refresh(slot)
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    sql_event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert len(sheet(event, slot).lines) == 2
    finally:
        sql_event.remove(db.engine, "before_cursor_execute", note)
    assert len([query for query in seen if query.startswith("SELECT")]) <= 5


def test_the_list_is_in_the_order_of_the_names(cast: Cast) -> None:
    people = [cast.dora, cast.carol, cast.bob, cast.ada]
    found = held(cast, *([[UNMARKED, UNMARKED]] * 4), people=people)
    assert [line.family_name for line in sheet(found.event, found.slots[0]).lines] == [
        "Lambert", "Nguyễn", "Peeters", "Wouters",
    ]  # fmt: skip
