"""Cancelling: the place goes to the first who waits, in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models.base import db, now
from models.events import Event, EventKind
from models.orders import LedgerEntry, Order
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.orders import AlreadyBooked, NothingToBook, balance, load_order, receive_money
from services.places import lock_event_locked
from services.positions import position
from services.registrations import accept_offer, cancel, decline_offer, expire_due, rename
from services.soundness import violations
from services.transaction import writing
from services.waiting_list import promote_locked
from services.walk_ins import add_walk_in
from tests.cast import Cast, make_event
from tests.services.test_register import enrol, mails, taken, wish


def status_of(registration: Registration) -> Status:
    return Status(
        db.session.scalars(select(Registration.status).where(Registration.public_id == registration.public_id)).one()
    )


def test_it_works(cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=0, member_cents=None, kind=EventKind.NETWORKING)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    assert position(carol) == 1
    cancel(bob.public_id, actor=cast.bob)
    assert (status_of(bob), status_of(carol)) == (Status.CANCELLED, Status.CONFIRMED)
    assert taken(event) == 1
    assert mails()[-2:] == ["registration_cancelled", "registration_confirmed"]
    assert violations() == []


def test_a_paid_place_is_offered_with_a_deadline(cast: Cast) -> None:
    event = make_event(capacity=1)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    cancel(bob.public_id, actor=cast.bob)
    offered = db.session.get_one(Registration, carol.id)
    assert offered.status == Status.OFFERED
    assert offered.hold_until is not None
    assert now() < offered.hold_until < event.starts_at
    assert taken(event) == 1
    assert mails()[-1] == "place_offered"


def test_an_accepted_offer_awaits_payment_and_a_receipt_confirms_it(cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=10000, member_cents=None)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    cancel(bob.public_id, actor=cast.bob)
    accept_offer(carol.public_id, actor=cast.carol)
    assert status_of(carol) == Status.AWAITING_PAYMENT
    code = db.session.scalars(select(Order.code).where(Order.buyer_id == cast.carol.id)).one()
    receive(code, 12100, "bank-1", cast.fay)
    assert status_of(carol) == Status.CONFIRMED
    assert mails()[-1] == "payment_received"
    with pytest.raises(TransitionRefused):
        accept_offer(carol.public_id, actor=cast.carol)


def test_a_declined_offer_goes_to_the_next_and_keeps_the_tail(cast: Cast) -> None:
    event = make_event(capacity=1)
    first = enrol(cast.emil, event)
    carol, fay = enrol(cast.carol, event), enrol(cast.fay, event)
    cancel(first.public_id, actor=cast.emil)
    assert status_of(carol) == Status.OFFERED
    decline_offer(carol.public_id, actor=cast.carol)
    assert (status_of(carol), status_of(fay)) == (Status.WAITLISTED, Status.OFFERED)
    assert taken(event) == 1
    assert violations() == []


def test_members_wait_before_others(cast: Cast) -> None:
    event = make_event(capacity=1)
    enrol(cast.emil, event)
    carol, bob = enrol(cast.carol, event), enrol(cast.bob, event)
    assert (position(bob), position(carol)) == (1, 2)


def test_an_unpaid_place_expires_and_is_passed_on(cast: Cast) -> None:
    event = make_event(capacity=1)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    assert bob.hold_until is not None
    assert expire_due(bob.hold_until - timedelta(seconds=1)) == 0
    assert expire_due(bob.hold_until) == 1
    assert expire_due(bob.hold_until) == 0
    assert (status_of(bob), status_of(carol)) == (Status.EXPIRED, Status.OFFERED)
    assert taken(event) == 1


def test_what_is_over_cannot_be_cancelled_again(cast: Cast) -> None:
    bob = enrol(cast.bob, make_event())
    cancel(bob.public_id, actor=cast.bob)
    with pytest.raises(TransitionRefused):
        cancel(bob.public_id, actor=cast.bob)


def test_nobody_is_promoted_into_an_event_that_has_begun(cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=0, member_cents=None)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    cancel(bob.public_id, actor=cast.bob, at=event.starts_at)
    assert status_of(carol) == Status.WAITLISTED


def test_raised_capacity_promotes_in_order(cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=0, member_cents=None)
    enrol(cast.emil, event)
    waiting = [enrol(person, event) for person in (cast.carol, cast.fay, cast.ada)]
    with writing():
        locked = lock_event_locked(event.id)
        from services.places import quotas_locked

        quotas_locked(event.id)[0].capacity = 3
        promote_locked(locked, now())
    assert [status_of(each) for each in waiting] == [Status.CONFIRMED, Status.CONFIRMED, Status.WAITLISTED]
    assert violations() == []


def receive(code: str, cents: int, reference: str, actor: Person) -> Order:
    return receive_money(
        code,
        cents,
        provider="transfer",
        provider_reference=reference,
        booked_at=datetime(2026, 11, 1, tzinfo=UTC),
        actor=actor,
    )


def paid_order(cast: Cast, event: Event) -> str:
    enrol(cast.carol, event)
    return db.session.scalars(select(Order.code).where(Order.buyer_id == cast.carol.id)).one()


def test_too_little_keeps_waiting_and_the_rest_confirms(cast: Cast) -> None:
    code = paid_order(cast, make_event(public_cents=10000, member_cents=None))
    receive(code, 100, "bank-1", cast.fay)
    order = load_order(code)
    assert order is not None
    assert (balance(order).status, balance(order).to_pay_cents) == ("partly_paid", 12000)
    receive(code, 12000, "bank-2", cast.fay)
    order = load_order(code)
    assert order is not None
    assert balance(order).status == "paid"
    assert order.registrations[0].status == Status.CONFIRMED


def test_the_same_bank_reference_counts_once(cast: Cast) -> None:
    code = paid_order(cast, make_event(public_cents=10000, member_cents=None))
    receive(code, 12100, "bank-1", cast.fay)
    with pytest.raises(AlreadyBooked):
        receive(code, 12100, "bank-1", cast.fay)
    assert len(db.session.scalars(select(LedgerEntry)).all()) == 1


@pytest.mark.parametrize("cents", [0, -1])
def test_an_amount_must_be_positive(cast: Cast, cents: int) -> None:
    code = paid_order(cast, make_event())
    with pytest.raises(NothingToBook):
        receive(code, cents, "bank-1", cast.fay)


def test_cancelling_a_paid_place_leaves_a_refund_due(cast: Cast) -> None:
    code = paid_order(cast, make_event(public_cents=10000, member_cents=None))
    receive(code, 12200, "bank-1", cast.fay)
    order = load_order(code)
    assert order is not None
    assert balance(order).status == "overpaid"
    cancel(order.registrations[0].public_id, actor=cast.carol)
    order = load_order(code)
    assert order is not None
    assert (balance(order).status, balance(order).to_return_cents) == ("refund_due", 12200)


def test_a_walk_in_takes_a_place_at_the_door(cast: Cast) -> None:
    begins = now() - timedelta(minutes=10)
    event = make_event(run="running", slots=[(begins, begins + timedelta(hours=3))], public_cents=0, member_cents=None)
    walk_in = add_walk_in(event.id, wish(cast.carol, email=""), actor=cast.alice, locale="en")
    assert walk_in.status == Status.CONFIRMED
    assert walk_in.source == "walk_in"
    assert taken(event) == 1


def test_a_name_is_corrected_on_the_registration_only(cast: Cast) -> None:
    bob = enrol(cast.bob, make_event())
    rename(bob.public_id, given_name="Bobby", family_name="Lambert", actor=cast.bob)
    again = db.session.get_one(Registration, bob.id)
    assert again.name == "Bobby Lambert"
    assert db.session.get_one(Person, cast.bob.id).given_name == "Bob"
