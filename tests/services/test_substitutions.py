"""A colleague takes the place: same place, same order, same price; and moving to another date of the course."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.base import db, now
from models.events import Audience, Event, EventKind, Ticket
from models.orders import Order, OrderLine
from models.registrations import Registration, Status, TransitionRefused
from services.date_changes import NotTheSameCourse, change_date, other_dates
from services.orders import balance, load_order
from services.registrations import AlreadyRegistered, EventFull, OrganisationCapReached, RegistrationClosed, cancel
from services.soundness import violations
from services.substitutions import Colleague, substitute
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.test_cancel_registration import paid_order, receive, status_of
from tests.services.test_register import enrol, mails, taken

NADIA = Colleague("Nadia", "Haddad", "nadia@orvane.example")


def test_it_works(cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=10000, member_cents=5000)
    bob = enrol(cast.bob, event)
    due = bob.hold_until
    waiting = enrol(cast.carol, event)
    nadia = substitute(bob.public_id, NADIA, actor=cast.bob)
    assert (status_of(bob), nadia.status, status_of(waiting)) == (
        Status.SUBSTITUTED,
        Status.AWAITING_PAYMENT,
        Status.WAITLISTED,
    )
    assert nadia.order_id == bob.order_id
    assert nadia.hold_until == due
    assert taken(event) == 1
    order = load_order(db.session.scalars(select(Order.code).where(Order.id == bob.order_id)).one())
    assert order is not None
    assert balance(order).owed_cents == 6050  # the member price stays
    assert mails()[-2:] == ["registration_substituted", "team_place"]
    assert violations() == []


def test_the_new_date_keeps_its_own_limits(cast: Cast) -> None:
    """A ticket at its own limit leaves the next one of the same places; an organisation at its cap moves nobody there."""
    old = make_event(public_cents=10000, member_cents=5000)
    new = make_event(public_cents=30000, member_cents=20000, course_id=old.course_id)
    members = select(Ticket).where(Ticket.event_id == new.id, Ticket.audience == Audience.MEMBERS)
    with writing() as session:
        session.scalars(members).one().limit = 1
    enrol(cast.dora, new)
    moved = change_date(enrol(cast.bob, old).public_id, new.id, actor=cast.bob)
    assert db.session.get_one(Ticket, moved.ticket_id).audience == Audience.EVERYONE
    cancel(moved.public_id, actor=cast.bob)
    with writing() as session:
        session.get_one(Event, new.id).organisation_cap = 1
    again = enrol(cast.bob, old)
    with pytest.raises(OrganisationCapReached):
        change_date(again.public_id, new.id, actor=cast.bob)
    assert status_of(again) == Status.AWAITING_PAYMENT
    assert violations() == []


def test_not_once_it_has_begun(cast: Cast) -> None:
    event = make_event(slots=1)
    bob = enrol(cast.bob, event)
    with pytest.raises(RegistrationClosed):
        substitute(bob.public_id, NADIA, actor=cast.bob, at=event.starts_at)
    assert substitute(bob.public_id, NADIA, actor=cast.bob, at=event.starts_at - timedelta(seconds=1)).holds_place


def test_a_colleague_who_has_a_place_keeps_it(cast: Cast) -> None:
    event = make_event()
    bob, _ = enrol(cast.bob, event), enrol(cast.dora, event)
    with pytest.raises(AlreadyRegistered):
        substitute(bob.public_id, Colleague("Dora", "Wouters", "dora@lysara.example"), actor=cast.bob)
    assert status_of(bob) == Status.AWAITING_PAYMENT
    assert taken(event) == 2


def test_who_waits_has_nothing_to_pass_on(cast: Cast) -> None:
    event = make_event(capacity=1)
    enrol(cast.bob, event)
    carol = enrol(cast.carol, event)
    with pytest.raises(TransitionRefused):
        substitute(carol.public_id, NADIA, actor=cast.carol)


def two_dates(**second: object) -> tuple[Event, Event]:
    """Two dates of one course, the second dearer."""
    first = make_event(capacity=1, public_cents=10000, member_cents=None)
    other = make_event(**{"capacity": 1, "public_cents": 30000, "member_cents": None, **second})  # type: ignore[arg-type]
    with writing() as session:
        session.get_one(Event, other.id).course_id = session.get_one(Event, first.id).course_id
    return first, other


def test_moving_to_another_date_keeps_the_price_and_frees_the_place(cast: Cast) -> None:
    first, second = two_dates()
    code = paid_order(cast, first)
    receive(code, 12100, "bank-1", cast.fay)
    waiting = enrol(cast.fay, first)
    carol = db.session.scalars(select(Registration).where(Registration.person_id == cast.carol.id)).one()
    assert [date.event.id for date in other_dates(carol, now())] == [second.id]
    moved = change_date(carol.public_id, second.id, actor=cast.carol)
    assert (status_of(carol), moved.status, status_of(waiting)) == (
        Status.TRANSFERRED,
        Status.CONFIRMED,
        Status.OFFERED,
    )
    assert (taken(first), taken(second)) == (1, 1)
    order = load_order(code)
    assert order is not None
    assert balance(order).status == "paid"
    assert violations() == []


def test_a_full_date_and_another_course_are_refused_and_nothing_is_half_done(cast: Cast) -> None:
    first, second = two_dates()
    enrol(cast.emil, second)
    bob = enrol(cast.bob, first)
    with pytest.raises(EventFull):
        change_date(bob.public_id, second.id, actor=cast.bob)
    with pytest.raises(NotTheSameCourse):
        change_date(bob.public_id, make_event(kind=EventKind.NETWORKING).id, actor=cast.bob)
    assert status_of(bob) == Status.AWAITING_PAYMENT
    assert db.session.scalar(select(func.count()).select_from(OrderLine)) == 2
    assert violations() == []


TIERS = [{"days": 15, "percent": 0}, {"days": 5, "percent": 50}, {"days": 0, "percent": 100}]


@pytest.mark.parametrize("weeks, owed", [(8, 0), (2, 6050), (0, 12100)])
def test_leaving_late_costs_what_was_agreed(cast: Cast, weeks: int, owed: int) -> None:
    event = make_event(public_cents=10000, member_cents=None, tiers=TIERS, starts_at=now() + timedelta(weeks=9))
    code = paid_order(cast, event)
    with writing() as session:
        session.get_one(Event, event.id).tiers = []  # what the event says later changes nothing
    order = load_order(code)
    assert order is not None
    at = event.starts_at - timedelta(weeks=weeks, days=2)
    cancel(order.registrations[0].public_id, actor=cast.carol, at=at)
    order = load_order(code)
    assert order is not None
    assert balance(order).owed_cents == owed


def test_the_organisers_own_cancelling_never_costs(cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None, tiers=TIERS)
    code = paid_order(cast, event)
    order = load_order(code)
    assert order is not None
    cancel(order.registrations[0].public_id, actor=cast.alice, by_organiser=True)
    order = load_order(code)
    assert order is not None
    assert balance(order).owed_cents == 0
