"""Money that a step sets free pays for what else of its order awaits it, in the same transaction."""

from __future__ import annotations

from sqlalchemy import select

from models.base import db
from models.events import Approval, Event
from models.orders import Order
from models.registrations import Registration, Status
from services.approvals import accept
from services.date_changes import change_date
from services.event_changes import cancel as cancel_event
from services.registrations import cancel
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.billed import pay, team_ordered
from tests.services.lives import wrong_orders
from tests.services.test_register import mails

ONE = 12100


def places(order: Order) -> list[Registration]:
    db.session.rollback()
    query = select(Registration).where(Registration.order_id == order.id).order_by(Registration.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def states(order: Order) -> list[Status]:
    return [Status(row.status) for row in places(order)]


def paid_for_one(cast: Cast, **changes: object) -> Order:
    """Two places of a team, and money for the first."""
    event = make_event(public_cents=10000, member_cents=None, **changes)  # type: ignore[arg-type]
    return pay(team_ordered(cast, 2, event), ONE)


def test_of_a_cancelled_place(cast: Cast) -> None:
    order = paid_for_one(cast)
    assert states(order) == [Status.CONFIRMED, Status.AWAITING_PAYMENT]
    cancel(places(order)[0].public_id, actor=cast.dora)
    assert states(order) == [Status.CANCELLED, Status.CONFIRMED]
    assert mails()[-2:] == ["team_paid", "invoice_issued"]
    assert wrong_orders() == []


def test_what_stays_as_a_fee_pays_for_nothing(cast: Cast) -> None:
    order = paid_for_one(cast, tiers=[{"days": 0, "percent": 50}])
    cancel(places(order)[0].public_id, actor=cast.dora)
    assert states(order) == [Status.CANCELLED, Status.AWAITING_PAYMENT]
    pay(order, ONE // 2, "2")
    assert states(order) == [Status.CANCELLED, Status.CONFIRMED]


def test_a_request_that_was_paid_before_it_was_approved(cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None, approval=Approval.ORGANISER)
    order = pay(team_ordered(cast, 2, event), ONE)
    first, second = places(order)
    accept(first.public_id, actor=cast.alice)
    accept(second.public_id, actor=cast.alice)
    assert states(order) == [Status.CONFIRMED, Status.AWAITING_PAYMENT]
    assert mails().count("team_paid") == 1
    assert wrong_orders() == []


def test_of_a_cancelled_date(cast: Cast) -> None:
    order = paid_for_one(cast)
    with writing() as session:
        course_id = session.get_one(Event, places(order)[0].event_id).course_id
    later = make_event(public_cents=10000, member_cents=None, course_id=course_id)
    change_date(places(order)[1].public_id, later.id, actor=cast.dora)
    event = db.session.get_one(Event, places(order)[0].event_id)
    cancel_event(event.id, event.titles["en"], {}, cast.alice)
    assert states(order) == [Status.CANCELLED, Status.TRANSFERRED, Status.CONFIRMED]
    assert wrong_orders() == []
