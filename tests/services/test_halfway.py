"""The reminder at half time: once for each hold, to whoever has to pay or answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.base import db, now
from models.outbox import OutboxMessage
from models.registrations import Registration, Status
from services.halfway import remind_halfway
from services.registrations import accept_offer, cancel, expire_due
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.post import offered, registered


def mails() -> list[tuple[str, str]]:
    db.session.rollback()
    reminders = ("payment_reminder", "offer_reminder")
    query = db.session.query(OutboxMessage).filter(OutboxMessage.template.in_(reminders)).order_by(OutboxMessage.id)
    return [(row.template, row.recipient) for row in query]


def until(registration: Registration) -> datetime:
    db.session.rollback()
    moment = db.session.get_one(Registration, registration.id).hold_until
    assert moment
    return moment


@pytest.fixture
def unpaid(cast: Cast) -> Registration:
    return registered(cast.bob, make_event())


def test_it_works(unpaid: Registration) -> None:
    half = now() + (until(unpaid) - now()) / 2
    assert remind_halfway(half - timedelta(minutes=1)) == 0
    assert remind_halfway(half + timedelta(minutes=1)) == 1
    assert remind_halfway(half + timedelta(minutes=2)) == 0
    assert mails() == [("payment_reminder", "bob@lysara.example")]


def test_late_it_reminds_until_the_end_and_not_after(unpaid: Registration, cast: Cast) -> None:
    late = registered(cast.carol, make_event(title="Another"))
    assert until(late) == until(unpaid)
    deadline = until(unpaid)
    assert remind_halfway(deadline) == 0
    cancel(late.public_id, actor=cast.carol)
    assert remind_halfway(deadline - timedelta(seconds=1)) == 1
    expire_due(deadline)
    assert remind_halfway(deadline - timedelta(seconds=1)) == 0
    assert mails() == [("payment_reminder", "bob@lysara.example")]


def test_an_offer_and_then_its_payment_are_each_reminded_of(cast: Cast) -> None:
    registration = offered(cast)
    half = until(registration) - timedelta(minutes=1)
    assert remind_halfway(half) == 1
    accept_offer(registration.public_id, actor=cast.carol)
    assert remind_halfway(now()) == 0
    assert remind_halfway(until(registration) - timedelta(minutes=1)) == 1
    assert [template for template, _ in mails()] == ["offer_reminder", "payment_reminder"]


def test_nobody_is_reminded_of_what_they_gave_back_or_of_a_place_without_a_deadline(
    unpaid: Registration, cast: Cast
) -> None:
    deadline = until(unpaid) - timedelta(minutes=1)
    door = registered(cast.carol, make_event(title="Another"))
    with writing() as session:
        session.get_one(Registration, door.id).hold_until = None
    cancel(unpaid.public_id, actor=cast.bob)
    assert remind_halfway(deadline) == 0


def test_one_order_for_several_is_one_reminder_to_whoever_ordered(unpaid: Registration, cast: Cast) -> None:
    """Bob ordered for himself and for Dora: both are held until the same moment, and one mail says so."""
    with writing() as session:
        first = session.get_one(Registration, unpaid.id)
        second = registered_too(first, cast)
        session.add(second)
    assert remind_halfway(until(unpaid) - timedelta(minutes=1)) == 2
    assert mails() == [("payment_reminder", "bob@lysara.example")]


def registered_too(first: Registration, cast: Cast) -> Registration:
    from models.registrations import Transition

    second = Registration(
        event_id=first.event_id, person_id=cast.dora.id, ticket_id=first.ticket_id, quota_id=first.quota_id,
        order_id=first.order_id, status=Status.AWAITING_PAYMENT, hold_until=first.hold_until,
        given_name="Dora", family_name="Wouters", email="dora@lysara.example",
    )  # fmt: skip
    step = Transition(registration=second, from_status=None, to_status=second.status, reason="registered", at=now())
    db.session.add(step)
    return second
