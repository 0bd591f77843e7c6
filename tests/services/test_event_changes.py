"""Postponing, resuming, deciding and cancelling an event, and what the clock moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models.base import db, now
from models.courses import Publication
from models.events import Event, Modality, Quota, Run, RunTransitionRefused
from models.orders import Order, PaymentStatus
from models.outbox import AuditEntry, OutboxMessage
from models.registrations import Registration, Status, Transition
from services.event_changes import (
    TitleMismatch,
    advance_runs,
    cancel,
    guarantee,
    postpone,
    preview_cancellation,
    resume,
)
from services.event_copies import duplicate
from services.event_plans import PlanRefused, SlotPlan
from services.events import ChangedMeanwhile, edit, load_plan
from services.orders import balance, load_order, receive_money
from services.registrations import register
from services.wishes import Wish
from tests.cast import Cast, make_event, morning_in


def enrol(person: Any, event: Event) -> Registration:
    wish = Wish(person.given_name, person.family_name, f"{person.given_name.lower()}@example.org")
    order = register(person, event.id, wish, locale="en")
    return db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()


def pay(registration: Registration, cents: int) -> str:
    order = db.session.get_one(Order, registration.order_id)
    receive_money(
        order.code, cents, provider="transfer", provider_reference=f"bank-{order.code}", booked_at=now(), actor=None
    )
    return order.code


def mails(template: str) -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == template)))


def fresh(event: Event) -> Event:
    return load_plan(event.id)[0]


def half_day(days: int) -> SlotPlan:
    return SlotPlan(morning_in(days), morning_in(days) + timedelta(hours=3))


def test_cancelling_ends_every_live_registration_and_tells_everybody_once(cast: Cast) -> None:
    event = make_event(capacity=2, public_cents=0, member_cents=None)
    for person in (cast.bob, cast.carol, cast.dora):
        enrol(person, event)
    cancel(event.id, "Aseptic techniques", {"en": "The trainer is ill."}, cast.alice)
    states = db.session.scalars(select(Registration.status)).all()
    assert states == ["cancelled"] * 3
    assert db.session.scalar(select(Quota.taken)) == 0
    told = mails("event_cancelled")
    assert sorted(mail.recipient for mail in told) == ["bob@example.org", "carol@example.org", "dora@example.org"]
    assert {mail.context["reason"] for mail in told} == {"The trainer is ill."}
    assert mails("registration_cancelled") == []
    assert len(mails("registration_confirmed")) == 2  # nobody was promoted from the waiting list meanwhile
    reasons = db.session.scalars(select(Transition.reason).where(Transition.to_status == "cancelled")).all()
    assert reasons == ["event_cancelled"] * 3
    assert (fresh(event).run, fresh(event).sequence, fresh(event).version) == (Run.CANCELLED, 1, 2)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "event.cancelled")).one()
    assert entry.details == {"registrations": 3, "refund_cents": 0}


def test_cancelling_asks_for_the_title(cast: Cast) -> None:
    event = make_event(titles={"en": "From bench to bedside", "fr": "L’essentiel"})
    for typed in ("", "bench", "Aseptic techniques"):
        with pytest.raises(TitleMismatch):
            cancel(event.id, typed, {}, cast.alice)
    assert fresh(event).run == Run.GUARANTEED
    cancel(event.id, "  l'ESSENTIEL ", {}, cast.alice)
    assert fresh(event).run == Run.CANCELLED


def test_cancelling_shows_the_refunds_before_and_opens_them_after(cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    paid, part, _unpaid = (enrol(person, event) for person in (cast.bob, cast.carol, cast.dora))
    codes = [pay(paid, 12100), pay(part, 5000)]
    preview = preview_cancellation(event.id)
    assert preview.by_status == {Status.CONFIRMED: 1, Status.AWAITING_PAYMENT: 2}
    assert (preview.people, preview.orders_to_refund, preview.refund_cents) == (3, 2, 17100)
    cancel(event.id, "Aseptic techniques", {}, cast.alice)
    for code, cents in zip(codes, (12100, 5000), strict=True):
        order = load_order(code)
        assert order is not None
        assert (balance(order).status, balance(order).to_return_cents) == (PaymentStatus.REFUND_DUE, cents)
    assert preview_cancellation(event.id).people == 0


@pytest.mark.parametrize("run", [Run.ENDED, Run.CLOSED, Run.CANCELLED])
def test_what_is_over_cannot_be_cancelled(cast: Cast, run: Run) -> None:
    event = make_event(run=run)
    with pytest.raises(RunTransitionRefused):
        cancel(event.id, "Aseptic techniques", {}, cast.alice)


def test_a_draft_cannot_be_cancelled_or_postponed(cast: Cast) -> None:
    event = make_event(publication=Publication.DRAFT)
    with pytest.raises(RunTransitionRefused):
        cancel(event.id, "Aseptic techniques", {}, cast.alice)
    with pytest.raises(RunTransitionRefused):
        postpone(event.id, {}, cast.alice)


def test_postponing_keeps_every_place_and_tells_everybody(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    postpone(event.id, {"en": "New dates in spring."}, cast.alice)
    assert (fresh(event).run, fresh(event).sequence) == (Run.POSTPONED, 1)
    assert db.session.scalars(select(Registration.status)).all() == ["confirmed"]
    assert [mail.context["reason"] for mail in mails("event_postponed")] == ["New dates in spring."]


def test_new_dates_bring_it_back_and_say_old_and_new(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, slots=2)
    enrol(cast.bob, event)
    postpone(event.id, {"en": "Wait."}, cast.alice)
    present, plan = load_plan(event.id)
    moved = tuple(
        replace(slot, starts_at=slot.starts_at + timedelta(days=30), ends_at=slot.ends_at + timedelta(days=30))
        for slot in plan.slots
    )
    resume(event.id, moved, present.version, cast.alice)
    assert (fresh(event).run, fresh(event).sequence, fresh(event).notices) == (Run.GUARANTEED, 2, {})
    [mail] = mails("event_changed")
    assert mail.context["before"]["slots"][0][0] == plan.slots[0].starts_at.isoformat()


def test_the_same_dates_after_all_still_move_the_calendar(cast: Cast) -> None:
    event = make_event()
    postpone(event.id, {}, cast.alice)
    present, plan = load_plan(event.id)
    resume(event.id, plan.slots, present.version, cast.alice)
    assert fresh(event).sequence == 2


def test_a_tentative_event_comes_back_tentative(cast: Cast) -> None:
    event = make_event(minimum=5, run=Run.TENTATIVE)
    postpone(event.id, {}, cast.alice)
    resume(event.id, (half_day(40),), 2, cast.alice, decides_at=morning_in(30))
    assert (fresh(event).run, fresh(event).decides_at) == (Run.TENTATIVE, morning_in(30))


def test_resuming_needs_dates_ahead_and_the_present_version(cast: Cast) -> None:
    event = make_event()
    postpone(event.id, {}, cast.alice)
    with pytest.raises(ChangedMeanwhile):
        resume(event.id, (half_day(40),), 1, cast.alice)
    for slots, problem in (((), ("slots", "no_slots")), ((half_day(-3),), ("slots-0", "in_the_past"))):
        with pytest.raises(PlanRefused) as refused:
            resume(event.id, slots, 2, cast.alice)
        assert (refused.value.problems[0].field, refused.value.problems[0].code) == problem


def test_dates_of_a_postponed_event_change_only_by_resuming(cast: Cast) -> None:
    event = make_event()
    postpone(event.id, {}, cast.alice)
    present, plan = load_plan(event.id)
    with pytest.raises(PlanRefused) as refused:
        edit(event.id, replace(plan, slots=(half_day(40),)), present.version, cast.alice)
    assert [problem.code for problem in refused.value.problems] == ["event_is_postponed"]
    edit(event.id, replace(plan, summaries={"en": "Other words"}), present.version, cast.alice)


def test_the_organiser_decides_that_it_takes_place(cast: Cast) -> None:
    event = make_event(minimum=5, run=Run.TENTATIVE)
    guarantee(event.id, cast.alice)
    assert fresh(event).run == Run.GUARANTEED
    assert fresh(event).guaranteed_at is not None
    with pytest.raises(RunTransitionRefused):
        guarantee(event.id, cast.alice)


@pytest.mark.parametrize(
    "run, starts, ends, after",
    [
        (Run.GUARANTEED, 5, 8, Run.GUARANTEED),
        (Run.GUARANTEED, -1, 2, Run.RUNNING),
        (Run.RUNNING, -3, -1, Run.ENDED),
        (Run.GUARANTEED, -8, -5, Run.ENDED),  # the clock slept over it
        (Run.POSTPONED, -8, -5, Run.POSTPONED),
        (Run.CANCELLED, -8, -5, Run.CANCELLED),
    ],
)
def test_the_clock(cast: Cast, run: Run, starts: int, ends: int, after: Run) -> None:
    span = (now() + timedelta(hours=starts), now() + timedelta(hours=ends))
    event = make_event(slots=[span], run=run)
    moved = advance_runs()
    assert fresh(event).run == after
    assert moved == int(run != after)
    assert advance_runs() == 0


def test_the_clock_guarantees_what_reached_its_minimum(cast: Cast) -> None:
    event = make_event(minimum=2, run=Run.TENTATIVE, public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    assert advance_runs() == 0
    enrol(cast.carol, event)
    assert advance_runs() == 1
    assert (fresh(event).run, fresh(event).guaranteed_at is None) == (Run.GUARANTEED, False)


def test_the_clock_never_cancels(cast: Cast) -> None:
    event = make_event(slots=[(now() - timedelta(hours=2), now() - timedelta(hours=1))], minimum=2, run=Run.TENTATIVE)
    assert advance_runs() == 0
    assert fresh(event).run == Run.TENTATIVE


def test_a_copy_has_everything_but_people_and_history(cast: Cast) -> None:
    event = make_event(
        public_cents=0, member_cents=0, trainers=[cast.emil], minimum=5, decides_at=morning_in(8), sequence=4
    )
    enrol(cast.bob, event)
    copy = duplicate(event.id, 28, cast.alice)
    (present, plan), (_, source) = load_plan(copy.id), load_plan(event.id)
    assert (present.publication, present.run, present.sequence) == (Publication.DRAFT, Run.TENTATIVE, 0)
    assert present.slug == "aseptic-techniques"
    assert plan.slots[0].trainers == (cast.emil.public_id,)
    assert [ticket.audience for ticket in plan.tickets] == [ticket.audience for ticket in source.tickets]
    assert (plan.places, plan.areas, plan.course) == ({Modality.ONSITE: 20}, ("biopharmacy",), source.course)
    assert plan.decides_at is not None
    assert abs((plan.decides_at - morning_in(8)) - timedelta(days=28)) <= timedelta(hours=1)
    taken = db.session.scalar(select(func.sum(Quota.taken)).where(Quota.event_id == copy.id))
    assert taken == 0


def test_a_copy_keeps_the_hour_on_the_wall(cast: Cast) -> None:
    event = make_event()
    copy = duplicate(event.id, 182, cast.alice)
    (_, source), (present, plan) = load_plan(event.id), load_plan(copy.id)
    hours = {slot.starts_at.astimezone(present.tz).hour for slot in (*source.slots, *plan.slots)}
    assert hours == {9}


def test_a_copy_without_dates(cast: Cast) -> None:
    event = make_event(decides_at=morning_in(5))
    copy = duplicate(event.id, None, cast.alice)
    present, plan = load_plan(copy.id)
    assert (plan.slots, present.decides_at) == ((), None)
