"""The waiting list, clause by clause: who is next, who may have a place, what every freed place does, how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.base import db, now
from models.events import Event, Modality, Quota, Run, Ticket
from models.outbox import OutboxMessage
from models.registrations import Registration, Status, TransitionRefused
from services.date_changes import change_date
from services.deadlines import offer_deadline
from services.events import edit, load_plan
from services.modality_switch import switch_modality
from services.positions import position
from services.promotions import promote_by_hand
from services.registration_pages import registration_desk
from services.registrations import (
    EventFull,
    RegistrationClosed,
    accept_offer,
    cancel,
    decline_offer,
    expire_due,
)
from services.soundness import violations
from services.substitutions import Colleague, substitute
from services.transaction import writing
from services.unanswered import end_unanswered
from tests.cast import Cast, make_event, morning_in
from tests.services.test_cancel_registration import status_of
from tests.services.test_register import enrol, mails, taken

FREE: dict[str, Any] = {"public_cents": 0, "member_cents": None}
PAID: dict[str, Any] = {"public_cents": 10000, "member_cents": None}


def reread(registration: Registration) -> Registration:
    return db.session.get_one(Registration, registration.id, populate_existing=True)


def held_until(registration: Registration) -> datetime:
    until = reread(registration).hold_until
    assert until is not None
    return until


def add_online_locked(event: Event, capacity: int) -> None:
    """A second quota of the event, with a ticket of the same price."""
    session = db.session
    quota = Quota(event_id=event.id, modality=Modality.ONLINE, capacity=capacity)
    session.add(quota)
    session.flush()
    session.add(Ticket(event_id=event.id, quota_id=quota.id, position=5, names={"en": "Online"}))


def test_it_works(cast: Cast) -> None:
    event = make_event(capacity=1, **PAID)
    first, second = enrol(cast.emil, event), enrol(cast.carol, event)
    cancel(first.public_id, actor=cast.emil)
    assert status_of(second) == Status.OFFERED
    accept_offer(second.public_id, actor=cast.carol)
    assert (status_of(second), taken(event)) == (Status.AWAITING_PAYMENT, 1)
    assert violations() == []


def test_who_passed_a_place_on_stands_behind_everybody_member_or_not(cast: Cast) -> None:
    event = make_event(capacity=1)
    first, bob, carol = enrol(cast.emil, event), enrol(cast.bob, event), enrol(cast.carol, event)
    assert (position(bob), position(carol)) == (1, 2)
    cancel(first.public_id, actor=cast.emil)
    decline_offer(bob.public_id, actor=cast.bob)
    assert status_of(carol) == Status.OFFERED
    fay = enrol(cast.fay, event)
    assert (position(fay), position(reread(bob))) == (1, 2)  # Bob is a member, and still behind Fay
    cancel(carol.public_id, actor=cast.carol)
    assert (status_of(fay), status_of(bob)) == (Status.OFFERED, Status.WAITLISTED)


def test_an_offer_that_nobody_answered_goes_to_the_next(cast: Cast) -> None:
    event = make_event(capacity=1, **PAID)
    first, carol, fay = enrol(cast.emil, event), enrol(cast.carol, event), enrol(cast.fay, event)
    cancel(first.public_id, actor=cast.emil)
    ends = held_until(carol)
    assert expire_due(ends) == 1
    assert (status_of(carol), status_of(fay)) == (Status.EXPIRED, Status.OFFERED)
    assert mails()[-2:] == ["registration_expired", "place_offered"]


def test_an_offer_is_not_taken_after_its_deadline_even_before_the_clock_has_seen_it(cast: Cast) -> None:
    event = make_event(capacity=1, **PAID)
    first, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    cancel(first.public_id, actor=cast.emil)
    with pytest.raises(TransitionRefused):
        accept_offer(carol.public_id, actor=cast.carol, at=held_until(carol))
    assert status_of(carol) == Status.OFFERED


@pytest.mark.parametrize("days, hours", [(20, 48), (8, 47), (3, 23)])
def test_an_offer_ends_by_day_after_48_hours_or_a_quarter_of_the_time_left(cast: Cast, days: int, hours: int) -> None:
    """It begins at nine; three days before, the quarter ends at three in the night and moves to eight."""
    event = make_event(capacity=1, starts_at=morning_in(days), **PAID)
    first, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    at = event.starts_at - timedelta(days=min(days, 20))
    cancel(first.public_id, actor=cast.emil, at=at)
    expected = at + timedelta(hours=hours)
    assert held_until(carol) == offer_deadline(at, event.starts_at, event.zone)
    assert abs(held_until(carol) - expected) <= timedelta(hours=1)
    assert held_until(carol) <= event.starts_at


def test_a_ticket_of_its_own_limit_keeps_others_waiting_and_nobody_else(cast: Cast) -> None:
    event = make_event(capacity=2, **FREE)
    with writing() as session:
        row = session.scalars(select(Ticket).where(Ticket.event_id == event.id)).one()
        row.limit = 1
    first, second = enrol(cast.emil, event), enrol(cast.carol, event)
    assert status_of(second) == Status.WAITLISTED  # a place is free, and not for this ticket
    assert violations() == []
    cancel(first.public_id, actor=cast.emil)
    assert status_of(second) == Status.CONFIRMED


def test_the_cap_of_an_organisation_is_kept_when_a_place_becomes_free(cast: Cast) -> None:
    event = make_event(capacity=1, organisation_cap=1, **FREE)
    first, bob, dora, carol = (enrol(person, event) for person in (cast.emil, cast.bob, cast.dora, cast.carol))
    cancel(first.public_id, actor=cast.emil)
    assert status_of(bob) == Status.CONFIRMED
    plan = load_plan(event.id)[1]
    edit(event.id, changed(plan, places={Modality.ONSITE: 3}), 1, cast.alice)
    assert (status_of(dora), status_of(carol)) == (Status.WAITLISTED, Status.CONFIRMED)  # Lysara has its one place
    assert violations() == []
    cancel(bob.public_id, actor=cast.bob)
    assert status_of(dora) == Status.CONFIRMED


def changed(plan: Any, **values: Any) -> Any:
    from dataclasses import replace

    return replace(plan, **values)


def test_more_places_in_the_editor_promote(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    enrol(cast.emil, event)
    carol = enrol(cast.carol, event)
    plan = load_plan(event.id)[1]
    edit(event.id, changed(plan, places={Modality.ONSITE: 2}), 1, cast.alice)
    assert status_of(carol) == Status.CONFIRMED


def test_a_move_to_another_date_promotes(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    later = make_event(course_id=event.course_id, starts_at=morning_in(30), **FREE)
    emil, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    change_date(emil.public_id, later.id, actor=cast.emil)
    assert status_of(carol) == Status.CONFIRMED


def test_a_switch_to_online_promotes_in_the_quota_that_was_left(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    emil, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    with writing():
        add_online_locked(event, 5)
    switch_modality(emil.public_id, actor=cast.emil)
    assert (status_of(emil), status_of(carol)) == (Status.CONFIRMED, Status.CONFIRMED)


def test_a_colleague_takes_the_same_place_and_a_refused_one_leaves_it(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    from services.registrations import AlreadyRegistered

    with pytest.raises(AlreadyRegistered):
        substitute(bob.public_id, Colleague("Carol", "N", cast.address(cast.carol)), actor=cast.bob)
    assert (status_of(bob), status_of(carol)) == (Status.CONFIRMED, Status.WAITLISTED)
    substitute(bob.public_id, Colleague("Dora", "W", cast.address(cast.dora)), actor=cast.bob)
    assert (status_of(carol), taken(event)) == (Status.WAITLISTED, 1)


def test_the_organiser_gives_a_free_place_by_hand(cast: Cast) -> None:
    event = make_event(capacity=1, **PAID)
    first, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    with pytest.raises(EventFull):
        promote_by_hand(carol.public_id, actor=cast.alice)
    cancel(first.public_id, actor=cast.emil)
    decline_offer(carol.public_id, actor=cast.carol)  # the place stays free: nobody else waits
    assert status_of(carol) == Status.WAITLISTED
    promote_by_hand(carol.public_id, actor=cast.alice)
    assert (status_of(carol), mails()[-1]) == (Status.OFFERED, "place_offered")
    with pytest.raises(TransitionRefused):
        promote_by_hand(carol.public_id, actor=cast.alice)


def test_by_hand_too_a_ticket_keeps_to_its_limit(cast: Cast) -> None:
    event = make_event(capacity=9, **FREE)
    with writing() as session:
        session.scalars(select(Ticket).where(Ticket.event_id == event.id)).one().limit = 1
    first, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    with pytest.raises(EventFull):
        promote_by_hand(carol.public_id, actor=cast.alice)
    assert (status_of(first), status_of(carol), taken(event)) == (Status.CONFIRMED, Status.WAITLISTED, 1)


def test_nothing_is_given_by_hand_once_it_has_begun(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    first, carol = enrol(cast.emil, event), enrol(cast.carol, event)
    cancel(first.public_id, actor=cast.emil, at=event.starts_at)
    with pytest.raises(RegistrationClosed):
        promote_by_hand(carol.public_id, actor=cast.alice, at=event.starts_at)


def test_the_first_slot_ends_the_wait_and_tells_once(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    enrol(cast.emil, event)
    carol = enrol(cast.carol, event)
    assert end_unanswered(event.starts_at - timedelta(seconds=1)) == 0
    assert end_unanswered(event.starts_at) == 1
    assert end_unanswered(event.starts_at) == 0
    assert status_of(carol) == Status.EXPIRED
    assert mails().count("wait_ended") == 1


def test_long_after_the_event_nobody_is_told(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    enrol(cast.emil, event)
    carol = enrol(cast.carol, event)
    end_unanswered(event.ends_at)
    assert (status_of(carol), mails().count("wait_ended")) == (Status.EXPIRED, 0)


def test_who_waits_for_a_postponed_event_goes_on_waiting(cast: Cast) -> None:
    event = make_event(capacity=1, **FREE)
    enrol(cast.emil, event)
    carol = enrol(cast.carol, event)
    with writing() as session:
        session.get_one(Event, event.id).run = Run.POSTPONED
    assert end_unanswered(event.ends_at) == 0
    assert status_of(carol) == Status.WAITLISTED


def test_the_page_counts_those_who_come_before_this_reader(cast: Cast) -> None:
    event = make_event(capacity=1)
    enrol(cast.emil, event)
    enrol(cast.carol, event)
    bobs, fays = (registration_desk(event.slug, person, now()) for person in (cast.bob, cast.fay))
    assert bobs is not None
    assert fays is not None
    assert (bobs.waiting, fays.waiting) == (0, 1)  # Bob is a member


def test_a_buyer_is_told_of_each_colleague_who_waited_in_vain(cast: Cast) -> None:
    from services.team_lists import TeamWish
    from services.team_orders import order_for_team

    event = make_event(capacity=1, **FREE)
    enrol(cast.emil, event)
    order_for_team(
        cast.dora, cast.lysara, event.id, TeamWish(people="Nadia Haddad <nadia@o.example>", may_wait=True), locale="en"
    )
    end_unanswered(event.starts_at)
    told = db.session.scalars(select(OutboxMessage.recipient).where(OutboxMessage.template == "wait_ended")).all()
    assert sorted(told) == ["dora@lysara.example", "nadia@o.example"]
