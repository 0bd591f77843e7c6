"""Loading the sample season: counts, invariants, and a demo that is alive on any day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from models.attendance import AttendanceMark, SlotSignOff
from models.base import Base, db
from models.courses import Course, Programme, Publication
from models.events import Event, EventKind, Quota, Run, Slot, Visibility
from models.orders import Order, OrderLine, PaymentStatus
from models.organisations import Affiliation, AffiliationStatus, Membership, MembershipStatus, Organisation
from models.outbox import OutboxMessage
from models.people import EmailAddress, Person, StaffRole
from models.registrations import HOLDING, TRANSITIONS, Outcome, Registration, Status, Transition
from services.membership_clock import due_steps
from services.orders import balance, load_order
from services.sample import Loaded, load_sample
from services.sample.days import instant
from services.search import EVENT, find
from services.soundness import violations
from tests.cast import BRUSSELS
from tests.conftest import empty_database, keep_as

DAYS = [date(2026, 3, 30), date(2026, 7, 15), date(2026, 10, 24), date(2026, 12, 23)]
"""The Monday after the clocks go forward, a summer day, the eve of the clocks going back, and the eve of Christmas."""


@pytest.fixture(scope="module", params=DAYS, ids=str)
def today(request: pytest.FixtureRequest, session_app: Flask, engine_name: str) -> Iterator[date]:
    """One of four days, with the season loaded on it once for all the tests that only read."""
    day: date = request.param
    with session_app.app_context():
        begin_on(day, session_app, engine_name)
        yield day
        db.session.remove()


LOADED: dict[date, Loaded] = {}  # of which days there is a file


def begin_on(day: date, app: Flask, engine_name: str) -> Loaded:
    """The season loaded on that day into an empty database; on SQLite from a file when it was loaded before."""
    kept = f"season-{day}.db"
    if day in LOADED:
        empty_database(app, engine_name, kept)
        return LOADED[day]
    empty_database(app, engine_name)
    loaded = load_sample(day)
    assert loaded is not None
    if engine_name == "sqlite":
        keep_as(kept, app.extensions["atrium"].instance)
        LOADED[day] = loaded
    return loaded


def midnight(today: date) -> datetime:
    return instant(today, "00:00", BRUSSELS)


def person(address: str) -> Person:
    query = select(Person).join(EmailAddress).where(EmailAddress.key == address)
    return db.session.scalars(query).one()


def row_counts() -> dict[str, int]:
    tables = Base.metadata.sorted_tables
    counts = {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    db.session.rollback()
    return counts


def test_a_second_run_changes_nothing(today: date) -> None:
    before = row_counts()
    assert load_sample(today + timedelta(days=9)) is None
    assert row_counts() == before


def test_no_mail_is_sent(today: date) -> None:
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_the_books_are_sound(today: date) -> None:
    assert violations() == []
    waited_for = select(Registration.quota_id).where(Registration.status == Status.WAITLISTED)
    for quota in db.session.scalars(select(Quota).where(Quota.id.in_(waited_for))):
        assert quota.free == 0


def test_every_status_is_there(today: date) -> None:
    statuses = Counter(db.session.scalars(select(Registration.status)))
    assert statuses.keys() >= {
        Status.CONFIRMED,
        Status.AWAITING_PAYMENT,
        Status.WAITLISTED,
        Status.OFFERED,
        Status.PENDING_APPROVAL,
        Status.CANCELLED,
        Status.EXPIRED,
    }


def test_every_history_could_have_happened(today: date) -> None:
    histories: dict[int, list[Transition]] = {}
    for step in db.session.scalars(select(Transition).order_by(Transition.id)):
        histories.setdefault(step.registration_id, []).append(step)
    events = {event.id: event for event in db.session.scalars(select(Event))}
    for registration in db.session.scalars(select(Registration)):
        steps = histories[registration.id]
        event = events[registration.event_id]
        assert event.registration_opens_at is not None
        assert steps[0].from_status is None
        assert all(step.to_status in TRANSITIONS[Status(step.from_status)] for step in steps if step.from_status)
        assert [step.at for step in steps] == sorted(step.at for step in steps)
        assert event.registration_opens_at <= steps[0].at == registration.created_at < event.starts_at
        assert steps[-1].at <= midnight(today)


def test_what_is_held_is_held_for_a_while_yet(today: date) -> None:
    held = db.session.scalars(
        select(Registration).where(Registration.status.in_((Status.AWAITING_PAYMENT, Status.OFFERED)))
    ).all()
    assert len(held) > 10
    for registration in held:
        assert registration.hold_until is not None
        assert registration.hold_until > midnight(today) + timedelta(hours=24)


def test_money_is_what_the_ledger_says(today: date) -> None:
    expected = {
        Status.CONFIRMED: (PaymentStatus.PAID, PaymentStatus.NOT_REQUIRED),
        Status.AWAITING_PAYMENT: (PaymentStatus.UNPAID,),
        Status.CANCELLED: (PaymentStatus.NOT_REQUIRED, PaymentStatus.REFUNDED, PaymentStatus.REFUND_DUE),
    }
    seen: Counter[PaymentStatus] = Counter()
    lines = selectinload(Order.lines).joinedload(OrderLine.registration)
    for order in db.session.scalars(select(Order).options(lines, selectinload(Order.ledger))):
        status = Status(order.lines[0].registration.status)
        seen[balance(order).status] += 1
        assert balance(order).status in expected.get(status, (PaymentStatus.NOT_REQUIRED,)), order.code
        assert (order.reference is None) == (order.lines[0].gross_cents == 0)
    assert seen[PaymentStatus.REFUND_DUE] == 1  # Fay has something to pay back
    assert seen[PaymentStatus.REFUNDED] == 4


def test_members_paid_the_member_price_of_their_day(today: date) -> None:
    lines = db.session.scalars(select(OrderLine).options(joinedload(OrderLine.registration)))
    reasons = Counter((line.registration.is_member, line.why.partition(",")[0].partition(".")[0]) for line in lines)
    assert {is_member for (is_member, why) in reasons if why in ("Member price", "Prix membre", "Tarif membre")} <= {
        True
    }
    assert len({is_member for is_member, _ in reasons}) == 2


def test_the_axes_match_the_calendar(today: date) -> None:
    at = midnight(today)
    runs: Counter[Run] = Counter()
    for event in db.session.scalars(select(Event)):
        runs[Run(event.run)] += 1
        assert (event.run in (Run.CLOSED, Run.ENDED)) == (event.ends_at < at)
        assert (event.run == Run.RUNNING) == (event.starts_at < at < event.ends_at)
        assert (event.kind == EventKind.TRAINING) == (event.course_id is not None)
    assert runs.keys() == set(Run)
    drafts = db.session.scalars(select(Event.publication).where(Event.publication != Publication.PUBLISHED)).all()
    assert drafts == [Publication.DRAFT]


def test_attendance_is_marked_for_what_is_over_and_only_that(today: date) -> None:
    at = midnight(today)
    marks = db.session.execute(
        select(AttendanceMark, Slot, Registration.status)
        .join(Slot, Slot.id == AttendanceMark.slot_id)
        .join(Registration, Registration.id == AttendanceMark.registration_id)
    ).all()
    assert len(marks) > 600
    for mark, slot, status in marks:
        assert slot.ends_at <= at
        assert mark.marked_at <= slot.ends_at
        assert status == Status.CONFIRMED
    over = select(Slot.id).join(Event).where(Slot.ends_at <= at, Event.kind == EventKind.TRAINING)
    assert set(db.session.scalars(select(SlotSignOff.slot_id))) == set(db.session.scalars(over))


def test_closed_events_have_their_outcomes_and_no_others(today: date) -> None:
    rows = db.session.execute(
        select(Event.run, Registration.status, Registration.outcome, Registration.attended_minutes).join(Registration)
    ).all()
    outcomes: Counter[Outcome] = Counter()
    for run, status, outcome, minutes in rows:
        assert (outcome is not None) == (run == Run.CLOSED and status == Status.CONFIRMED)
        if outcome:
            outcomes[Outcome(outcome)] += 1
            assert bool(minutes) == (outcome in (Outcome.COMPLETED, Outcome.PARTIAL))
    assert outcomes.keys() == {Outcome.COMPLETED, Outcome.PARTIAL, Outcome.NO_SHOW, Outcome.EXCUSED}
    assert outcomes[Outcome.COMPLETED] > 300


def test_the_cast_can_play_its_parts(today: date) -> None:
    cast = {
        name: person(address)
        for name, address in {
            "alice": "alice@mosan.example",
            "bob": "bob@lysara.example",
            "carol": "carol@kelvin-home.example",
            "dora": "dora@lysara.example",
            "emil": "emil@vasseur.example",
            "fay": "fay@mosan.example",
            "ada": "ada@mosan.example",
        }.items()
    }
    roles = set(db.session.execute(select(StaffRole.person_id, StaffRole.role).where(StaffRole.event_id.is_(None))))
    expected = {("alice", "organiser"), ("emil", "trainer"), ("fay", "finance"), ("ada", "admin")}
    assert {tuple(row) for row in roles} == {(cast[name].id, role) for name, role in expected}
    affiliations = {row.person_id: row for row in db.session.scalars(select(Affiliation))}
    assert affiliations[cast["bob"].id].status == AffiliationStatus.VERIFIED
    assert affiliations[cast["dora"].id].is_hr_manager
    assert cast["carol"].id not in affiliations
    mine = dict(
        db.session.execute(
            select(Registration.status, func.count())
            .where(Registration.person_id == cast["bob"].id)
            .group_by(Registration.status)
        ).all()
    )
    assert mine[Status.CONFIRMED] >= 5
    assert mine[Status.WAITLISTED] == 1


def test_the_rules_of_the_events_were_kept(today: date) -> None:
    members_only = db.session.scalars(
        select(Registration.is_member).join(Event).where(Event.visibility == Visibility.MEMBERS)
    ).all()
    assert members_only
    assert all(members_only)
    held = db.session.execute(
        select(Event.organisation_cap, Registration.organisation_id, func.count())
        .join(Registration, Registration.event_id == Event.id)
        .where(Event.organisation_cap.is_not(None), Registration.status.in_(HOLDING))
        .where(Registration.organisation_id.is_not(None))
        .group_by(Event.organisation_cap, Registration.organisation_id)
    ).all()
    assert held
    assert all(cap and count <= cap for cap, _, count in held)
    refunded = load_order(
        db.session.scalars(
            select(Order.code).join(Registration).join(Event).where(Event.run == Run.CANCELLED).limit(1)
        ).one()
    )
    assert refunded is not None
    assert balance(refunded).status is PaymentStatus.REFUNDED


def test_texts_are_found_and_programmes_lead_to_courses(today: date) -> None:
    assert find(EVENT, "confluent")
    programmes = db.session.scalars(select(Programme).options(selectinload(Programme.steps))).all()
    courses = {course.id for course in db.session.scalars(select(Course))}
    assert all(step.course_id in courses for programme in programmes for step in programme.steps)
    assert all(row.directory_texts["fr"] for row in db.session.scalars(select(Organisation)))


def test_memberships_stand_where_the_clock_would_put_them(today: date) -> None:
    """An application and a claim wait for an answer; everything else needs none."""
    waiting = db.session.scalars(select(Membership).where(Membership.status == MembershipStatus.APPLIED)).one()
    assert waiting.applicant_id is not None
    claims = select(func.count()).select_from(Affiliation).where(Affiliation.status == AffiliationStatus.CLAIMED)
    assert db.session.scalar(claims) == 1
    rows = db.session.scalars(select(Membership)).all()
    assert all(row.plan_id for row in rows)
    assert [due_steps(row, today, is_renewed=False) for row in rows] == [[]] * len(rows)
