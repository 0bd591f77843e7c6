"""Approving and declining: one by one, many at once, and when nothing is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import db
from models.events import Approval, Event
from models.registrations import Registration, Status, Transition, TransitionRefused
from services.approvals import Left, ReasonMissing, accept, decide_all, decline
from services.positions import position
from services.registrations import cancel
from services.soundness import violations
from services.team_lists import TeamWish
from services.team_orders import NotEnoughPlaces, order_for_team
from services.transaction import writing
from services.unanswered import end_unanswered
from tests.cast import Cast, add_person_locked, make_event
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
    found = decide_all([each.public_id for each in asked], approved=True, actor=cast.alice)
    assert [row.id for row in found.done] == [asked[1].id, asked[2].id]
    assert found.left == {asked[0].public_id: Left.MOVED_ON}
    assert taken(event) == 2
    with pytest.raises(ReasonMissing):
        decide_all([], approved=False, actor=cast.alice)
    assert event.starts_at > asked[0].created_at + timedelta(days=1)


def holding(**changes: object) -> Event:
    """An event that keeps a place for whoever asks, until the answer."""
    return by_request(approval_holds_place=True, **changes)


def test_a_request_may_hold_a_place_until_the_answer(cast: Cast) -> None:
    event = holding(capacity=1, public_cents=0, member_cents=None)
    first, second = enrol(cast.carol, event), enrol(cast.fay, event)
    assert (status_of(first), status_of(second)) == (Status.PENDING_APPROVAL, Status.WAITLISTED)
    assert (taken(event), violations()) == (1, [])
    accept(first.public_id, actor=cast.alice)
    assert (status_of(first), taken(event)) == (Status.CONFIRMED, 1)


def test_the_place_of_a_declined_request_goes_to_the_next_who_asks_in_turn(cast: Cast) -> None:
    event = holding(capacity=1)
    first, second = enrol(cast.carol, event), enrol(cast.fay, event)
    decline(first.public_id, actor=cast.alice, reason="For companies.")
    assert (status_of(second), taken(event)) == (Status.PENDING_APPROVAL, 1)
    assert (mails()[-1], violations()) == ("registration_received", [])
    accept(second.public_id, actor=cast.alice)
    assert (status_of(second), taken(event)) == (Status.AWAITING_PAYMENT, 1)


def test_a_request_that_holds_a_place_gives_it_back_when_it_is_withdrawn(cast: Cast) -> None:
    event = holding(capacity=1)
    first, second = enrol(cast.carol, event), enrol(cast.fay, event)
    cancel(first.public_id, actor=cast.carol)
    assert (status_of(second), taken(event), violations()) == (Status.PENDING_APPROVAL, 1, [])


def test_what_was_asked_for_before_the_rule_changed_stays_as_it_was(cast: Cast) -> None:
    event = by_request(capacity=1, public_cents=0, member_cents=None)
    early = enrol(cast.carol, event)
    with writing() as session:
        session.get_one(Event, event.id).approval_holds_place = True
    late = enrol(cast.fay, event)
    assert (taken(event), status_of(late)) == (1, Status.PENDING_APPROVAL)
    accept(early.public_id, actor=cast.alice)  # the place is held for the other
    assert status_of(early) == Status.WAITLISTED
    assert violations() == []


def test_approved_while_full_and_no_list_to_wait_on(cast: Cast) -> None:
    event = by_request(capacity=1, public_cents=0, member_cents=None, has_waiting_list=False)
    first, second = enrol(cast.carol, event), enrol(cast.fay, event)
    found = decide_all([first.public_id, second.public_id], approved=True, actor=cast.alice)
    assert ([row.id for row in found.done], found.left) == ([first.id], {second.public_id: Left.FULL})
    assert status_of(second) == Status.PENDING_APPROVAL


def test_thirty_at_once_of_whom_some_cannot_be_approved(cast: Cast) -> None:
    event = by_request(capacity=20, public_cents=0, member_cents=None)
    with writing():
        people = [add_person_locked("Guest", f"No {number}", f"guest{number}@e.example") for number in range(30)]
    asked = [enrol(person, event) for person in people]
    for registration in asked[:3]:
        cancel(registration.public_id, actor=None)
    decline(asked[3].public_id, actor=cast.alice, reason="Twice on the list.")
    found = decide_all([row.public_id for row in asked], approved=True, actor=cast.alice)
    assert (len(found.done), taken(event)) == (26, 20)
    assert found.left == {row.public_id: Left.MOVED_ON for row in asked[:4]}
    assert [position(row) for row in found.done[20:]] == [1, 2, 3, 4, 5, 6]
    assert mails().count("registration_waitlisted") == 6


def test_nobody_is_approved_into_an_event_that_has_begun(cast: Cast) -> None:
    event = by_request()
    registration = enrol(cast.carol, event)
    found = decide_all([registration.public_id], approved=True, actor=cast.alice, at=event.starts_at)
    assert found.left == {registration.public_id: Left.CLOSED}


def test_the_first_slot_ends_a_request_that_nobody_answered_and_tells_once(cast: Cast) -> None:
    event = holding(capacity=1)
    registration = enrol(cast.carol, event)
    assert end_unanswered(event.starts_at) == 1
    assert end_unanswered(event.starts_at) == 0
    assert (status_of(registration), taken(event), mails().count("wait_ended")) == (Status.EXPIRED, 0, 1)
    with pytest.raises(TransitionRefused):
        accept(registration.public_id, actor=cast.alice, at=event.starts_at)


def test_a_team_asks_for_places_that_are_held(cast: Cast) -> None:
    event = holding(capacity=1, public_cents=0, member_cents=None)
    wish = TeamWish(people="Nadia Haddad <nadia@o.example>\nZoé Petit <zoe@o.example>")
    with pytest.raises(NotEnoughPlaces):
        order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en")
    order_for_team(cast.dora, cast.lysara, event.id, replace(wish, may_wait=True), locale="en")
    query = select(Registration.status).order_by(Registration.id)
    assert db.session.scalars(query).all() == [Status.PENDING_APPROVAL, Status.WAITLISTED]
    assert violations() == []
