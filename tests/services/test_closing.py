"""Closing an event: outcomes, an end for what still waited, a job; once, and not too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from models.attendance import Presence
from models.base import db, now
from models.courses import Course, Publication
from models.events import Event, EventKind, Quota, Run
from models.outbox import AuditEntry, Job, OutboxMessage
from models.registrations import Outcome, Registration, Status, Transition
from services.closing import AlreadyClosed, NotHeld, NotOver, close, conclude_late, preview
from services.orders import receive_money
from services.soundness import violations
from services.transaction import writing
from services.walk_ins import add_walk_in
from services.wishes import Wish
from tests.cast import Cast, make_event, morning_in
from tests.services.held import ABSENT, EXCUSED, LATE, PRESENT, UNMARKED, Held, enrol, held, tap
from tests.services.post import registered


def fresh(event: Event) -> Event:
    db.session.rollback()
    return db.session.get_one(Event, event.id, populate_existing=True)


def results(found: Held) -> list[tuple[Outcome | None, int | None]]:
    db.session.rollback()
    rows = [db.session.get_one(Registration, row.id, populate_existing=True) for row in found.registrations]
    return [(row.outcome and Outcome(row.outcome), row.attended_minutes) for row in rows]


def test_it_works(cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT], [PRESENT, ABSENT], [UNMARKED, EXCUSED])
    closed = close(found.event.id, cast.alice)
    assert results(found) == [(Outcome.COMPLETED, 420), (Outcome.PARTIAL, 210), (Outcome.EXCUSED, 0)]
    assert fresh(found.event).run == Run.CLOSED
    job = db.session.query(Job).one()
    assert (job.kind, job.total, job.actor_id) == ("issue_certificates", 1, cast.alice.id)
    assert closed.job is not None
    entry = db.session.query(AuditEntry).filter_by(action="event.closed").one()
    assert (entry.details["completed"], entry.details["partial"]) == (1, 1)
    assert violations() == []


def test_the_preview_says_what_closing_then_does(cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT], [PRESENT, ABSENT], [UNMARKED, UNMARKED])
    before = preview(fresh(found.event))
    assert before.planned == 420
    assert before.minimum_percent == 80
    assert [(slot.id, count) for slot, count in before.unmarked] == [(slot.id, 1) for slot in found.slots]
    assert [line.registration.given_name for line in before.of(Outcome.COMPLETED)] == ["Bob"]
    close(found.event.id, cast.alice)
    after = preview(fresh(found.event))
    assert [line.result for line in after.lines] == [line.result for line in before.lines]


def test_closing_twice_closes_once(cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT])
    close(found.event.id, cast.alice)
    with pytest.raises(AlreadyClosed):
        close(found.event.id, cast.alice)
    assert db.session.query(Job).count() == 1


@pytest.mark.parametrize("run", [Run.GUARANTEED, Run.RUNNING, Run.ENDED])
def test_it_closes_from_wherever_the_clock_left_it(cast: Cast, run: Run) -> None:
    found = held(cast, [PRESENT, PRESENT])
    with writing() as session:
        session.get_one(Event, found.event.id).run = run
    close(found.event.id, cast.alice)
    assert fresh(found.event).run == Run.CLOSED


@pytest.mark.parametrize("run", [Run.TENTATIVE, Run.POSTPONED, Run.CANCELLED])
def test_what_was_not_held_is_not_closed(cast: Cast, run: Run) -> None:
    found = held(cast, [PRESENT, PRESENT])
    with writing() as session:
        session.get_one(Event, found.event.id).run = run
    with pytest.raises(NotHeld):
        close(found.event.id, cast.alice)
    assert results(found) == [(None, None)]


def test_a_draft_is_not_closed(cast: Cast) -> None:
    event = make_event(starts_at=morning_in(-5), publication=Publication.DRAFT)
    with pytest.raises(NotHeld):
        close(event.id, cast.alice)


def test_not_before_the_last_slot_is_over(cast: Cast) -> None:
    found = held(cast, [PRESENT, UNMARKED], starts_at=morning_in(-1))
    last = found.slots[-1].ends_at
    with pytest.raises(NotOver) as refused:
        close(found.event.id, cast.alice, at=last - timedelta(seconds=1))
    assert refused.value.ends_at == last
    close(found.event.id, cast.alice, at=last)


def test_what_still_waited_or_was_unpaid_ends_without_a_mail(cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT], people=[cast.bob], capacity=3)
    with writing() as session:
        event = session.get_one(Event, found.event.id)
        event.run = Run.GUARANTEED
    unpaid = held_unpaid(cast, found)
    mails = db.session.query(OutboxMessage).count()
    assert preview(fresh(found.event)).ending == 2
    close(found.event.id, cast.alice)
    statuses = [db.session.get_one(Registration, row.id, populate_existing=True).status for row in unpaid]
    assert statuses == [Status.EXPIRED, Status.EXPIRED]
    reasons = [step.reason for step in db.session.query(Transition).filter_by(to_status="expired")]
    assert reasons == ["event_closed", "event_closed"]
    assert db.session.query(OutboxMessage).count() == mails
    assert db.session.query(Quota.taken).filter_by(event_id=found.event.id).scalar() == 1
    assert violations() == []


def held_unpaid(cast: Cast, found: Held) -> list[Registration]:
    """One who never paid, and one who waited for approval."""
    import time_machine

    from models.events import Approval, Ticket

    with time_machine.travel(found.slots[0].starts_at - timedelta(days=9), tick=False):
        with writing() as session:
            session.query(Ticket).filter_by(event_id=found.event.id).one().net_cents = 10000
        carol = enrol(found.event, cast.carol)
        with writing() as session:
            session.get_one(Event, found.event.id).approval = Approval.ORGANISER
        dora = enrol(found.event, cast.dora)
    assert [carol.status, dora.status] == [Status.AWAITING_PAYMENT, Status.PENDING_APPROVAL]
    return [carol, dora]


def test_who_was_there_and_has_yet_to_pay_keeps_owing_and_is_concluded_later(app: Flask, cast: Cast) -> None:
    found = held(cast, people=[], starts_at=morning_in(-5), public_cents=42000)
    with writing() as session:
        session.get_one(Event, found.event.id).run = Run.RUNNING
    walk_in = add_walk_in(found.event.id, Wish("Zoé", "Zola", "zoe@example.org"), actor=cast.alice, locale="en")
    for slot in found.slots:
        tap(walk_in, slot, PRESENT)
    assert [row.given_name for row in preview(fresh(found.event)).owing] == ["Zoé"]
    closed = close(found.event.id, cast.alice)
    assert closed.job is None
    order = db.session.get_one(Registration, walk_in.id, populate_existing=True)
    assert order.status == Status.AWAITING_PAYMENT
    assert conclude_late() == 0
    pay(walk_in, cast)
    assert conclude_late() == 1
    assert conclude_late() == 0
    paid = db.session.get_one(Registration, walk_in.id, populate_existing=True)
    assert (paid.status, paid.outcome, paid.attended_minutes) == (Status.CONFIRMED, Outcome.COMPLETED, 420)
    assert db.session.query(Job).one().total == 1


def pay(registration: Registration, cast: Cast) -> None:
    from models.orders import Order

    (code,) = db.session.query(Order.code).filter_by(id=registration.order_id).one()
    receive_money(code, 50820, provider="transfer", provider_reference="B1", booked_at=now(), actor=cast.fay, note="")


def test_elsewhere_than_at_trainings_one_slot_is_enough_and_nothing_is_certified(cast: Cast) -> None:
    found = held(cast, [LATE, ABSENT], [ABSENT, UNMARKED], kind=EventKind.NETWORKING)
    closed = close(found.event.id, cast.alice)
    assert results(found) == [(Outcome.COMPLETED, 105), (Outcome.NO_SHOW, 0)]
    assert closed.job is None


def test_the_courses_own_minimum_decides(cast: Cast) -> None:
    found = held(cast, [PRESENT, ABSENT])
    with writing() as session:
        session.get_one(Course, found.event.course_id).minimum_attendance = 50
    close(found.event.id, cast.alice)
    assert results(found) == [(Outcome.COMPLETED, 210)]


def test_a_slot_across_the_autumn_clock_change_has_its_real_minutes(cast: Cast) -> None:
    """25 October 2026: from 1:00 summer time to 4:00 winter time four hours pass; the next morning has three."""
    zone = ZoneInfo("Europe/Brussels")
    night = (
        datetime(2026, 10, 25, 1, tzinfo=zone).astimezone(UTC),
        datetime(2026, 10, 25, 4, tzinfo=zone).astimezone(UTC),
    )
    morning = (
        datetime(2026, 10, 26, 9, tzinfo=zone).astimezone(UTC),
        datetime(2026, 10, 26, 12, tzinfo=zone).astimezone(UTC),
    )
    found = held(cast, [PRESENT, ABSENT], [ABSENT, PRESENT], slots=[night, morning], starts_at=night[0],
                 kind=EventKind.CONFERENCE)  # fmt: skip
    assert preview(fresh(found.event)).planned == 420
    close(found.event.id, cast.alice, at=morning[1] + timedelta(hours=1))
    assert results(found) == [(Outcome.COMPLETED, 240), (Outcome.COMPLETED, 180)]


def test_a_removed_slot_does_not_count(cast: Cast) -> None:
    found = held(cast, [PRESENT, UNMARKED])
    with writing():
        found.slots[1].cancelled_at = now()
    close(found.event.id, cast.alice)
    assert results(found) == [(Outcome.COMPLETED, 210)]


def test_an_event_nobody_came_to_closes_too(cast: Cast) -> None:
    found = held(cast)
    assert close(found.event.id, cast.alice).job is None


def test_nobody_is_marked_after_the_closing(cast: Cast) -> None:
    from services.attendance import EventOver

    found = held(cast, [PRESENT, PRESENT])
    registered(cast.carol, make_event(public_cents=0, member_cents=None))
    close(found.event.id, cast.alice)
    with pytest.raises(EventOver):
        tap(found.registrations[0], found.slots[0], Presence.ABSENT)


def test_the_command(app: Flask, cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT], [ABSENT, ABSENT])
    runner = app.test_cli_runner()
    first = runner.invoke(args=["close-event", found.event.slug])
    assert first.exit_code == 0, first.output
    assert "1  completed" in first.output
    assert "1  no show" in first.output
    again = runner.invoke(args=["close-event", found.event.slug])
    assert again.exit_code == 1
    assert "closed already" in again.output
    assert runner.invoke(args=["close-event", "nothing"]).exit_code == 2
