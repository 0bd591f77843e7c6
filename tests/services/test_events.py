"""Events at the desk: made, changed under a version, moved in the calendar, told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models.base import db, now
from models.courses import Publication
from models.events import Event, EventKind, Modality, Quota, Run, Slot, Ticket
from models.outbox import AuditEntry, OutboxMessage
from models.registrations import Registration, Status
from services.event_plans import EventPlan, NoSuchTime, PlanRefused, SlotPlan, TicketPlan, local_instant, shifted
from services.events import CannotArchive, ChangedMeanwhile, archive, create, edit, load_plan, slug_of
from services.registrations import register
from services.search import EVENT, find
from services.transaction import writing
from services.wishes import Wish
from tests.cast import Cast, make_event, morning_in


def enrol(person: Any, event: Event) -> Registration:
    wish = Wish(person.given_name, person.family_name, f"{person.given_name.lower()}@example.org")
    order = register(person, event.id, wish, locale="en")
    return db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()


def change(event: Event, actor: Any, version: int | None = None, **changes: Any) -> Event:
    """Save the event's form with some fields changed."""
    present, plan = load_plan(event.id)
    return edit(event.id, replace(plan, **changes), version or present.version, actor)


def codes(refused: pytest.ExceptionInfo[PlanRefused]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in refused.value.problems]


def mails(template: str) -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == template)))


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def evening(days: int, hours: int = 2) -> SlotPlan:
    start = morning_in(days) + timedelta(hours=8)
    return SlotPlan(start, start + timedelta(hours=hours))


def networking(**changes: Any) -> EventPlan:
    values: dict[str, Any] = {
        "kind": EventKind.NETWORKING,
        "titles": {"en": "Été à Gand: a walk"},
        "slots": (evening(10),),
        "places": {Modality.ONSITE: 30},
        "tickets": (TicketPlan({"en": "Everyone"}),),
    }
    return EventPlan(**{**values, **changes})


def test_it_works(cast: Cast) -> None:
    event = create(networking(), cast.alice)
    assert event.slug == "ete-a-gand-a-walk"
    assert event.publication == Publication.DRAFT
    assert event.run == Run.GUARANTEED
    present, plan = load_plan(event.id)
    assert (present.starts_at, present.ends_at) == (plan.slots[0].starts_at, plan.slots[0].ends_at)
    assert plan.places == {Modality.ONSITE: 30}
    assert actions() == ["event.created"]
    assert find(EVENT, "gand") == [event.id]


def test_same_title_gets_its_own_address(cast: Cast) -> None:
    slugs = [create(networking(), cast.alice).slug for _ in range(3)]
    assert slugs == ["ete-a-gand-a-walk", "ete-a-gand-a-walk-2", "ete-a-gand-a-walk-3"]


@pytest.mark.parametrize(
    "title, slug", [("GMP: l’essentiel", "gmp-l-essentiel"), ("…", "event"), ("x" * 200, "x" * 80)]
)
def test_slug(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_a_minimum_makes_a_draft_tentative(cast: Cast) -> None:
    assert create(networking(minimum=8), cast.alice).run == Run.TENTATIVE


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"titles": {}}, ("titles", "no_title")),
        ({"course": "gmp"}, ("course", "only_trainings_have_courses")),
        ({"kind": EventKind.TRAINING}, ("course", "training_needs_course")),
        ({"slots": (evening(10), evening(10))}, ("slots-1", "overlap")),
        ({"slots": (evening(10, hours=0),)}, ("slots-0", "ends_before_start")),
        ({"minimum": 31}, ("minimum", "more_than_places")),
        ({"organisation_cap": 0}, ("organisation_cap", "at_least_one")),
        ({"decides_at": morning_in(20)}, ("decides", "decides_after_start")),
        ({"registration_opens_at": morning_in(20)}, ("registration_opens", "opens_after_start")),
        (
            {"registration_opens_at": morning_in(5), "registration_closes_at": morning_in(4)},
            ("registration_closes", "closes_before_opening"),
        ),
        ({"tickets": (TicketPlan({}, modality=Modality.ONLINE),)}, ("tickets-0-modality", "no_places_for_ticket")),
        ({"tickets": (TicketPlan({}, net_cents=-1),)}, ("tickets-0-price", "negative")),
        ({"tickets": (TicketPlan({}, limit=0),)}, ("tickets-0-limit", "at_least_one")),
    ],
)
def test_what_no_event_may_be(cast: Cast, changes: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(PlanRefused) as refused:
        create(networking(**changes), cast.alice)
    assert problem in codes(refused)
    assert db.session.scalar(select(func.count()).select_from(Event)) == 0


def test_a_training_slot_is_at_most_a_half_day(cast: Cast) -> None:
    event = make_event(slots=1)
    start = morning_in(30)
    change(event, cast.alice, slots=(SlotPlan(start, start + timedelta(hours=4, minutes=30)),))
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, slots=(SlotPlan(start, start + timedelta(hours=4, minutes=31)),))
    assert codes(refused) == [("slots-0", "longer_than_half_day")]


def test_every_problem_at_once(cast: Cast) -> None:
    event = make_event(slots=1, capacity=5, public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    enrol(cast.carol, event)
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, slots=(), places={Modality.ONSITE: 1})
    assert codes(refused) == [("slots", "no_slots"), ("places_onsite", "below_taken")]


def test_lowering_capacity_below_taken_is_refused_with_the_numbers(cast: Cast) -> None:
    event = make_event(capacity=5, public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    enrol(cast.carol, event)
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, places={Modality.ONSITE: 1})
    [problem] = refused.value.problems
    assert problem.facts == {"capacity": 1, "taken": 2}
    assert change(event, cast.alice, places={Modality.ONSITE: 2}).version == 2
    assert db.session.scalar(select(Quota.capacity)) == 2


def test_raising_capacity_promotes_the_waiting_list_in_the_same_transaction(cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    carol, dora = enrol(cast.carol, event), enrol(cast.dora, event)
    assert (carol.status, dora.status) == (Status.WAITLISTED, Status.WAITLISTED)
    change(event, cast.alice, places={Modality.ONSITE: 2})
    states = dict(db.session.execute(select(Registration.person_id, Registration.status)).all())
    assert sorted(states.values()) == ["confirmed", "confirmed", "waitlisted"]
    assert db.session.scalar(select(Quota.taken)) == 2


def test_the_second_who_saves_is_told(cast: Cast) -> None:
    event = make_event()
    change(event, cast.alice, version=1, venue="La Meuse")
    with pytest.raises(ChangedMeanwhile) as conflict:
        change(event, cast.ada, version=1, venue="Le Grognon")
    assert conflict.value.version == 2
    assert load_plan(event.id)[0].venue == "La Meuse"


def test_saving_without_a_change_changes_nothing(cast: Cast) -> None:
    event = make_event()
    before = event.updated_at
    assert change(event, cast.alice).version == 1
    assert load_plan(event.id)[0].updated_at == before
    assert actions() == []


def test_a_new_date_moves_the_sequence_and_tells_everybody_once(cast: Cast) -> None:
    event = make_event(slots=2, capacity=1, public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    enrol(cast.carol, event)
    _, plan = load_plan(event.id)
    was = plan.slots[0].starts_at.isoformat()
    later = tuple(
        replace(slot, starts_at=slot.starts_at + timedelta(days=7), ends_at=slot.ends_at + timedelta(days=7))
        for slot in plan.slots
    )
    changed = change(event, cast.alice, slots=later, venue="La Meuse")
    assert changed.sequence == 1
    assert changed.starts_at == plan.slots[0].starts_at + timedelta(days=7)
    told = mails("event_changed")
    assert sorted(mail.recipient for mail in told) == ["bob@example.org", "carol@example.org"]
    assert told[0].context["before"]["slots"][0][0] == was
    assert told[0].context["before"]["venue"] == "Le Delta"
    uids = set(db.session.scalars(select(Slot.public_id)))
    assert uids == {slot.public_id for slot in plan.slots}


@pytest.mark.parametrize(
    "changes, sequence",
    [({"summaries": {"en": "Other words"}}, 0), ({"venue": "La Meuse"}, 1), ({"online_url": "https://x.example"}, 1)],
)
def test_only_time_and_place_move_the_sequence(cast: Cast, changes: dict[str, Any], sequence: int) -> None:
    event = make_event(public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    assert change(event, cast.alice, **changes).sequence == sequence
    assert len(mails("event_changed")) == sequence


def test_a_draft_moves_silently(cast: Cast) -> None:
    event = create(networking(), cast.alice)
    assert change(event, cast.alice, slots=(evening(20),)).sequence == 0


def test_what_is_over_may_be_corrected_and_tells_nobody(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, slots=1)
    enrol(cast.bob, event)
    with writing():
        row = db.session.get_one(Event, event.id)
        row.run = Run.ENDED
        slot = db.session.scalars(select(Slot).where(Slot.event_id == event.id)).one()
        row.starts_at, row.ends_at = slot.starts_at, slot.ends_at = (
            now() - timedelta(hours=5),
            now() - timedelta(hours=2),
        )
    _, plan = load_plan(event.id)
    earlier = replace(plan.slots[0], ends_at=plan.slots[0].ends_at - timedelta(minutes=30))
    assert change(event, cast.alice, slots=(earlier,)).sequence == 1
    assert mails("event_changed") == []
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, slots=(evening(3),))
    assert ("slots", "event_is_over") in codes(refused)


def test_a_removed_slot_stays_for_the_calendars(cast: Cast) -> None:
    event = make_event(slots=2)
    _, plan = load_plan(event.id)
    change(event, cast.alice, slots=plan.slots[:1])
    gone = db.session.scalars(select(Slot).where(Slot.public_id == plan.slots[1].public_id)).one()
    assert gone.cancelled_at is not None
    assert load_plan(event.id)[0].ends_at == plan.slots[0].ends_at


def test_a_removed_slot_of_a_draft_goes(cast: Cast) -> None:
    event = create(networking(slots=(evening(10), evening(11))), cast.alice)
    _, plan = load_plan(event.id)
    change(event, cast.alice, slots=plan.slots[1:])
    assert db.session.scalars(select(Slot.public_id)).all() == [plan.slots[1].public_id]


def test_a_draft_slot_with_a_trainer_goes_too(cast: Cast) -> None:
    slot = replace(evening(10), trainers=(cast.emil.public_id,))
    event = create(networking(slots=(slot, evening(11))), cast.alice)
    _, plan = load_plan(event.id)
    assert plan.slots[0].trainers == (cast.emil.public_id,)
    change(event, cast.alice, slots=plan.slots[1:])
    assert db.session.scalar(select(func.count()).select_from(Slot)) == 1


def test_a_slot_of_another_event_is_refused(cast: Cast) -> None:
    event, other = make_event(), make_event()
    _, theirs = load_plan(other.id)
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, slots=theirs.slots)
    assert ("slots-0", "slot_gone") in codes(refused)


def test_a_sold_ticket_is_withdrawn_and_an_unsold_one_goes(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=0)
    enrol(cast.carol, event)
    change(event, cast.alice, tickets=(TicketPlan({"en": "New"}),))
    left = db.session.scalars(select(Ticket).where(Ticket.event_id == event.id)).all()
    assert sorted((ticket.audience, ticket.withdrawn_at is None) for ticket in left) == [
        ("everyone", False),
        ("everyone", True),
    ]


def test_a_ticket_limit_below_what_is_held_is_refused_with_the_numbers(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None)
    enrol(cast.bob, event)
    enrol(cast.carol, event)
    _, plan = load_plan(event.id)
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, tickets=(replace(plan.tickets[0], limit=1),))
    assert refused.value.problems[0].facts == {"capacity": 1, "taken": 2}


def test_kind_and_address_are_fixed_once_published(cast: Cast) -> None:
    event = make_event(kind=EventKind.NETWORKING)
    with pytest.raises(PlanRefused) as refused:
        change(event, cast.alice, kind=EventKind.WORKSHOP, slug="elsewhere")
    assert codes(refused) == [("kind", "fixed_once_published"), ("slug", "fixed_once_published")]


def test_areas_and_online_places(cast: Cast) -> None:
    event = make_event(areas=("biopharmacy",))
    make_event(areas=("digital-health",))
    _, plan = load_plan(event.id)
    both = {Modality.ONSITE: 20, Modality.ONLINE: 100}
    online = TicketPlan({"en": "Online"}, modality=Modality.ONLINE)
    change(event, cast.alice, areas=("digital-health",), places=both, tickets=(*plan.tickets, online))
    _, plan = load_plan(event.id)
    assert (plan.areas, plan.places) == (("digital-health",), both)
    assert [ticket.modality for ticket in plan.tickets] == ["onsite", "onsite", "online"]
    change(event, cast.alice, places={Modality.ONSITE: 20}, tickets=plan.tickets[:2])
    assert db.session.scalar(select(func.count()).select_from(Quota).where(Quota.event_id == event.id)) == 1


def test_archive(cast: Cast) -> None:
    draft, live, gone = create(networking(), cast.alice), make_event(), make_event(run=Run.CANCELLED)
    assert archive(draft.id, cast.alice).publication == Publication.ARCHIVED
    assert archive(gone.id, cast.alice).publication == Publication.ARCHIVED
    for event in (draft, live):
        with pytest.raises(CannotArchive):
            archive(event.id, cast.alice)


@pytest.mark.parametrize(
    "typed, instant",
    [
        (datetime.fromisoformat("2026-03-28T09:00"), datetime(2026, 3, 28, 8, 0, tzinfo=UTC)),
        (datetime.fromisoformat("2026-03-29T09:00"), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        (
            datetime.fromisoformat("2026-10-25T02:30"),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),  # exists twice: the first
    ],
)
def test_wall_clock_times(typed: datetime, instant: datetime) -> None:
    assert local_instant(typed, "Europe/Brussels") == instant


def test_a_time_the_spring_change_skips_is_refused() -> None:
    with pytest.raises(NoSuchTime):
        local_instant(datetime.fromisoformat("2026-03-29T02:30"), "Europe/Brussels")


def test_shifting_days_keeps_the_hour_on_the_wall() -> None:
    before = datetime(2026, 10, 24, 7, 0, tzinfo=UTC)  # 9:00 in summer
    assert shifted(before, 7, "Europe/Brussels") == datetime(2026, 10, 31, 8, 0, tzinfo=UTC)  # 9:00 in winter
