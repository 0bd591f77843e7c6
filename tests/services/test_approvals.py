"""Approving and declining: one by one, many at once, and when nothing is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import db
from models.events import Approval, Event
from models.registrations import Registration, Status, Transition, TransitionRefused
from services.approvals import ReasonMissing, accept, decide_all, decline
from services.positions import position
from services.registrations import cancel
from services.soundness import violations
from tests.cast import Cast, make_event
from tests.services.test_cancel_registration import status_of
from tests.services.test_register import enrol, mails, taken


def by_request(**changes: object) -> Event:
    return make_event(**{"approval": Approval.ORGANISER, **changes})  # type: ignore[arg-type]


def test_it_works(cast: Cast) -> None:
    event = by_request()
    registration = enrol(cast.carol, event)
    assert (registration.status, taken(event)) == (Status.PENDING_APPROVAL, 0)
    accept(registration.public_id, actor=cast.alice)
    fresh = db.session.get_one(Registration, registration.id)
    assert fresh.status == Status.AWAITING_PAYMENT
    assert fresh.hold_until is not None
    assert taken(event) == 1
    assert mails()[-1] == "registration_received"


def test_a_free_place_is_confirmed_at_once(cast: Cast) -> None:
    registration = enrol(cast.carol, by_request(public_cents=0, member_cents=None))
    accept(registration.public_id, actor=cast.alice)
    assert status_of(registration) == Status.CONFIRMED
    assert mails()[-1] == "registration_confirmed"


def test_approved_while_full_waits_at_the_head(cast: Cast) -> None:
    event = by_request(capacity=1, public_cents=0, member_cents=None)
    first, second, third = (enrol(person, event) for person in (cast.emil, cast.carol, cast.bob))
    accept(first.public_id, actor=cast.alice)
    accept(second.public_id, actor=cast.alice)
    assert position(db.session.get_one(Registration, second.id)) == 1
    accept(third.public_id, actor=cast.alice)  # a member, but approved later while full: the earlier head stays
    cancel(first.public_id, actor=cast.emil)
    assert {status_of(second), status_of(third)} == {Status.CONFIRMED, Status.WAITLISTED}
    assert violations() == []


def test_declining_tells_why(cast: Cast) -> None:
    registration = enrol(cast.carol, by_request())
    with pytest.raises(ReasonMissing):
        decline(registration.public_id, actor=cast.alice, reason="  ")
    decline(registration.public_id, actor=cast.alice, reason="The mission is for companies.")
    assert status_of(registration) == Status.DECLINED
    assert mails()[-1] == "registration_declined"
    last = db.session.scalars(select(Transition).order_by(Transition.id.desc())).first()
    assert last is not None
    assert (last.reason, last.actor_id) == ("The mission is for companies.", cast.alice.id)


def test_what_is_decided_stays_decided(cast: Cast) -> None:
    registration = enrol(cast.carol, by_request())
    accept(registration.public_id, actor=cast.alice)
    with pytest.raises(TransitionRefused):
        accept(registration.public_id, actor=cast.alice)
    with pytest.raises(TransitionRefused):
        decline(registration.public_id, actor=cast.alice, reason="Too late.")


def test_many_at_once(cast: Cast) -> None:
    event = by_request(capacity=2, public_cents=0, member_cents=None)
    asked = [enrol(person, event) for person in (cast.carol, cast.bob, cast.fay)]
    cancel(asked[0].public_id, actor=cast.carol)
    assert decide_all([each.public_id for each in asked], approved=True, actor=cast.alice) == (2, 1)
    assert taken(event) == 2
    with pytest.raises(ReasonMissing):
        decide_all([], approved=False, actor=cast.alice)
    assert event.starts_at > asked[0].created_at + timedelta(days=1)
