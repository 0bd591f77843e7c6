"""A random life of five events: every way to a place and out of it, money, vouchers, capacities, and the clock. After every
step everything holds that the design promises (§4)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import func, select

from models.base import db, now
from models.events import Approval, Audience, Event, EventKind, Modality, Quota, Ticket
from models.orders import Order, OrderLine
from models.organisations import Organisation
from models.outbox import Job
from models.people import Person
from models.registrations import LIVE, Registration, Status, TransitionRefused
from models.vouchers import Voucher, VoucherEffect
from services.approvals import accept, decide_all, decline
from services.date_changes import NotTheSameCourse, change_date
from services.event_changes import cancel as cancel_event, preview_cancellation
from services.event_plans import PlanRefused
from services.event_refunds import refund_next
from services.events import edit, load_plan
from services.modality_switch import switch_modality
from services.placeholders import AlreadyNamed, name_place
from services.promotions import promote_by_hand
from services.registrations import RegistrationRefused, accept_offer, cancel, decline_offer, expire_due, register
from services.substitutions import Colleague, substitute
from services.team_lists import TeamWish
from services.team_orders import NobodyAdded, order_for_team
from services.transaction import writing
from services.unanswered import end_unanswered
from services.voucher_changes import change_voucher, plan_of
from services.voucher_desk import VoucherPlan, add_voucher, release_ended, withdraw_voucher
from services.walk_ins import add_walk_in
from services.wishes import Wish
from services.withdrawals import WithdrawalRefused, withdraw
from tests.cast import add_member_locked, add_people_locked, affiliate_locked, make_event, morning_in
from tests.services.lives import PICK, Life, illegal_steps, live, picked

PEOPLE = 12
FIRST, SECOND, FREE, ASKED, HELD = EVENTS = range(5)
TAKEN = (Status.CONFIRMED, Status.AWAITING_PAYMENT)
TIERS = [{"days": 5, "percent": 0}, {"days": 0, "percent": 50}]
NUMBERS = st.integers(0, PEOPLE - 1)
KEPT = "KEPT-1"


class PlacesLife(Life):
    """Two dates of a paid course, the first on site and online, with a place kept for a voucher, the second with a cap
    for each organisation and two places at the members' price; a free evening; two events whose organiser decides, one free, and
    one that holds a place for whoever asks. All but the second date are full, and people wait for each."""

    refusals = (
        RegistrationRefused, PlanRefused, NotTheSameCourse, AlreadyNamed, WithdrawalRefused,
    )  # fmt: skip

    @initialize(places=st.lists(st.integers(1, 2), min_size=len(EVENTS), max_size=len(EVENTS)))
    def begin(self, places: list[int]) -> None:
        self.empty()
        self.clock, self.names, self.codes, self.steps = now(), 0, 0, 0
        self.meet()
        self.announce(places)
        for which in (FIRST, FREE, ASKED, HELD):
            for who in range(places[which] + 2):
                self.somebody_registers(who, which, particular=False, code=False)
        self.a_team_is_booked(SECOND, [], new=0, unnamed=2, waits=False, code=False)
        for who, particular in (
            (7, True),
            (6, False),
        ):  # one waits for a price that two have, one fills the company's cap
            self.somebody_registers(who, SECOND, particular=particular, code=False)
        self.somebody_pays_what_is_asked(places[FIRST] + 1)
        for who in range(number := places[FIRST] + 2, number + 3):
            self.somebody_registers(who, FIRST, particular=True, code=False)
        self.everything_asked_is_approved(ASKED)

    def meet(self) -> None:
        """Twelve people; Dora manages the people of Lysara, and seven of the twelve work there; Alice organises."""
        with writing():
            rows = [Person(given_name="Person", family_name=f"Number{number}") for number in range(PEOPLE)]
            rows += [Person(given_name="Dora", family_name="Wouters"), Person(given_name="Alice", family_name="Renard")]
            addresses = [f"p{number}@home.example" for number in range(PEOPLE)]
            add_people_locked(rows, [*addresses, "dora@lysara.example", "alice@mosan.example"])
            self.lysara: Organisation = add_member_locked("Lysara", "lysara.example")
            for colleague in rows[1:8]:
                affiliate_locked(colleague, self.lysara)
            affiliate_locked(rows[PEOPLE], self.lysara, is_hr_manager=True)
        self.people, self.dora, self.alice = rows[:PEOPLE], rows[PEOPLE], rows[PEOPLE + 1]

    def announce(self, places: list[int]) -> None:
        asks: dict[str, Any] = {"approval": Approval.ORGANISER, "slots": 1, "member_cents": None}
        first = make_event(
            capacity=places[FIRST] + 1, public_cents=10000, member_cents=5000, slots=1, tiers=TIERS, starts_at=morning_in(30),
            has_waiting_list=True,
        )  # fmt: skip
        second = make_event(
            capacity=places[SECOND] + 3, public_cents=30000, member_cents=20000, slots=1, starts_at=morning_in(40),
            course_id=first.course_id, organisation_cap=3,
        )  # fmt: skip
        free = make_event(
            kind=EventKind.NETWORKING, capacity=places[FREE], public_cents=0, member_cents=None, slots=1,
            starts_at=morning_in(20),
        )  # fmt: skip
        asked = make_event(capacity=places[ASKED], public_cents=0, starts_at=morning_in(35), **asks)
        held = make_event(
            capacity=places[HELD], public_cents=10000, starts_at=morning_in(30), approval_holds_place=True, **asks
        )
        self.events = [event.id for event in (first, second, free, asked, held)]
        with writing() as session:
            there = session.get_one(Event, first.id)
            quota = Quota(event=there, modality=Modality.ONLINE, capacity=2)
            session.add(quota)
            online = [
                Ticket(event=there, quota=quota, position=5, names={"en": "Online"}, audience=audience, net_cents=cents)
                for audience, cents in ((Audience.EVERYONE, 10000), (Audience.MEMBERS, 5000))
            ]
            session.add_all(online)
            session.flush()
            few = select(Ticket).where(Ticket.event_id == second.id, Ticket.audience == Audience.MEMBERS)
            members = session.scalars(few).one()
            members.limit = 2
            self.particular = {FIRST: online[0].public_id, SECOND: members.public_id}
        plan = VoucherPlan(VoucherEffect.PERCENT, 10, code=KEPT, reserved=1, uses_limit=3)
        add_voucher(plan, self.alice, first.id)

    def everything_asked_is_approved(self, which: int) -> None:
        while public_id := self.some(0, Status.PENDING_APPROVAL, event_id=self.events[which]):
            accept(public_id, actor=self.alice, at=self.clock)
        self.somebody_registers(PEOPLE - 1, which, particular=False, code=False)

    @rule(who=NUMBERS, which=st.sampled_from((*EVENTS, SECOND)), particular=st.booleans(), code=st.booleans())
    def somebody_registers(self, who: int, which: int, particular: bool, code: bool) -> None:
        """For the best ticket, or a particular one: online, or for members."""
        event_id, person = self.events[which], db.session.get_one(Person, self.people[who].id)
        wish = Wish(
            "Person", f"Number{who}", f"p{who}@home.example",
            ticket=self.particular.get(which) if particular else None,
            voucher=self.a_code(who) if code and which == FIRST else "",
        )  # fmt: skip
        with self.or_refused():
            register(person, event_id, wish, locale="en", at=self.clock)

    def a_code(self, pick: int) -> str:
        codes = db.session.scalars(select(Voucher.code).order_by(Voucher.id)).all()
        return codes[pick % len(codes)]

    @rule(
        which=st.sampled_from(EVENTS),
        who=st.lists(NUMBERS, max_size=2),
        new=st.integers(0, 1),
        unnamed=st.integers(0, 2),
        waits=st.booleans(),
        code=st.booleans(),
    )
    def a_team_is_booked(self, which: int, who: list[int], new: int, unnamed: int, waits: bool, code: bool) -> None:
        lines = [f"Person Number{number} <p{number}@home.example>" for number in who]
        lines += [f"Nadia Haddad{self.names + extra} <n{self.names + extra}@x.example>" for extra in range(new)]
        self.names += new
        voucher = self.a_code(unnamed) if code and which == FIRST else ""
        wish = TeamWish(people="\n".join(lines), unnamed=unnamed, may_wait=waits, voucher=voucher)
        with self.or_refused(), suppress(NobodyAdded):  # who has a place already is told of it
            order_for_team(self.dora, self.lysara, self.events[which], wish, locale="en", at=self.clock)

    @rule(pick=PICK, cents=st.sampled_from([100, 5445, 12100, 36300]), times=st.integers(0, 2))
    def money_arrives(self, pick: int, cents: int, times: int) -> None:
        """Any sum, or the price of one or two places of the order."""
        if code := self.some_order(pick):
            self.receive(code, times * self.price_of(code) or cents, self.clock)

    @rule(pick=PICK)
    def somebody_pays_what_is_asked(self, pick: int) -> None:
        """For one place; late as well, when it was given up."""
        awaited = select(Order.code).join(Registration, Registration.order_id == Order.id)
        awaited = awaited.where(Registration.status.in_((Status.AWAITING_PAYMENT, Status.EXPIRED)))
        codes = db.session.scalars(awaited.where(Order.reference.is_not(None)).order_by(Registration.id)).all()
        if code := picked(pick, codes):
            self.receive(code, self.price_of(code), self.clock)

    def price_of(self, code: str) -> int:
        lines = select(OrderLine.gross_cents).join(Order, Order.id == OrderLine.order_id).where(Order.code == code)
        return db.session.scalars(lines.order_by(OrderLine.id).limit(1)).one()

    @rule(pick=PICK, who=NUMBERS)
    def somebody_takes_over(self, pick: int, who: int) -> None:
        """A colleague comes instead; one who has a place is refused, and then nothing has changed."""
        if public_id := self.some(pick, *TAKEN):
            with self.or_refused():
                substitute(public_id, self.colleague(who), actor=None, at=self.clock)

    @rule(pick=PICK, who=NUMBERS)
    def a_place_gets_its_name(self, pick: int, who: int) -> None:
        if public_id := self.some(pick, *LIVE, person_id=None):
            with self.or_refused():
                name_place(public_id, self.colleague(who), actor=self.dora, at=self.clock)

    def colleague(self, who: int) -> Colleague:
        return Colleague("Person", f"Number{who}", f"p{who}@home.example")

    @rule(pick=PICK, back=st.booleans(), code=st.booleans())
    def somebody_moves(self, pick: int, back: bool, code: bool) -> None:
        there, then = (self.events[SECOND], self.events[FIRST]) if back else self.events[FIRST : SECOND + 1]
        if public_id := self.some(pick, *TAKEN, event_id=there):
            with self.or_refused():
                change_date(public_id, then, actor=None, code=self.a_code(pick) if code else "", at=self.clock)

    @rule(pick=PICK, code=st.booleans())
    def somebody_switches(self, pick: int, code: bool) -> None:
        if public_id := self.some(pick, *TAKEN, Status.WAITLISTED, event_id=self.events[FIRST]):
            with self.or_refused():
                switch_modality(public_id, actor=None, code=self.a_code(pick) if code else "", at=self.clock)

    @rule(who=NUMBERS, which=st.sampled_from((FIRST, FREE)), code=st.booleans())
    def somebody_stands_at_the_door(self, who: int, which: int, code: bool) -> None:
        voucher = self.a_code(who) if code and which == FIRST else ""
        wish = Wish("Person", f"Number{who}", f"p{who}@home.example", voucher=voucher)
        with self.or_refused():
            add_walk_in(self.events[which], wish, actor=self.alice, locale="en", at=self.clock)

    @rule(pick=PICK, yes=st.booleans())
    def a_request_is_answered(self, pick: int, yes: bool) -> None:
        if public_id := self.some(pick, Status.PENDING_APPROVAL):
            if yes:
                accept(public_id, actor=self.alice, at=self.clock)
            else:
                decline(public_id, actor=self.alice, reason="Full of experts.", at=self.clock)

    @rule(picks=st.lists(PICK, min_size=2, max_size=3), yes=st.booleans())
    def many_requests_are_answered(self, picks: list[int], yes: bool) -> None:
        asked = [public_id for pick in picks if (public_id := self.some(pick, Status.PENDING_APPROVAL))]
        decided = decide_all(asked, approved=yes, actor=self.alice, reason="No." if not yes else "", at=self.clock)
        assert {row.public_id for row in decided.done} | set(decided.left) == set(asked)

    @rule(pick=PICK)
    def the_organiser_promotes_by_hand(self, pick: int) -> None:
        if public_id := self.some(pick, Status.WAITLISTED):
            with self.or_refused():
                promote_by_hand(public_id, actor=self.alice, at=self.clock)

    @rule(pick=PICK, take=st.booleans())
    def an_offer_is_answered(self, pick: int, take: bool) -> None:
        if public_id := self.some(pick, Status.OFFERED):
            (accept_offer if take else decline_offer)(public_id, actor=None, at=self.clock)

    @rule(pick=PICK, by_organiser=st.booleans())
    def somebody_cancels(self, pick: int, by_organiser: bool) -> None:
        """From every live status, whoever does it."""
        if public_id := self.some(pick, *LIVE):
            cancel(public_id, actor=self.alice if by_organiser else None, by_organiser=by_organiser, at=self.clock)

    @rule(pick=PICK)
    def a_consumer_withdraws(self, pick: int) -> None:
        if code := self.some_order(pick):
            with self.or_refused():
                withdraw(code, "Person", None, self.clock)

    @rule(which=st.sampled_from(EVENTS), places=st.integers(1, 5), online=st.booleans())
    def the_capacity_changes(self, which: int, places: int, online: bool) -> None:
        """Up at any time; down only to what is taken or kept."""
        modality = Modality.ONLINE if online and which == FIRST else Modality.ONSITE
        event, plan = load_plan(self.events[which])
        quota = db.session.scalars(select(Quota).where(Quota.event_id == event.id, Quota.modality == modality)).one()
        version, fewest = event.version, quota.taken + quota.kept
        db.session.rollback()
        plan = replace(plan, places={**plan.places, modality: places})
        if places < fewest:
            with pytest.raises(PlanRefused):
                edit(self.events[which], plan, version, self.alice, self.clock)
        else:
            edit(self.events[which], plan, version, self.alice, self.clock)

    @rule(keeps=st.integers(0, 2), days=st.integers(1, 9))
    def a_voucher_is_made(self, keeps: int, days: int) -> None:
        self.codes += 1
        ends = self.clock + timedelta(days=days)
        plan = VoucherPlan(
            VoucherEffect.AMOUNT, 2000, code=f"MADE-{self.codes}", reserved=keeps, uses_limit=2, valid_until=ends
        )
        with self.or_refused():
            add_voucher(plan, self.alice, self.events[FIRST])

    @rule(pick=PICK, keeps=st.integers(0, 3), limit=st.sampled_from([None, 1, 3]))
    def a_voucher_is_changed(self, pick: int, keeps: int, limit: int | None) -> None:
        query = select(Voucher).where(Voucher.withdrawn_at.is_(None)).order_by(Voucher.id)
        if voucher := picked(pick, db.session.scalars(query).all()):
            public_id, plan = voucher.public_id, replace(plan_of(voucher), reserved=keeps, uses_limit=limit)
            with self.or_refused():
                change_voucher(public_id, plan, self.alice, self.events[FIRST], self.clock)

    @rule(pick=PICK)
    def a_voucher_is_withdrawn(self, pick: int) -> None:
        query = select(Voucher.public_id).where(Voucher.withdrawn_at.is_(None)).order_by(Voucher.id)
        if code := picked(pick, db.session.scalars(query).all()):
            withdraw_voucher(code, self.alice, self.events[FIRST], self.clock)

    @rule(hours=st.sampled_from([1, 50, 170]))
    def time_passes(self, hours: int) -> None:
        self.clock += timedelta(hours=hours)
        expire_due(self.clock)
        release_ended(self.clock)
        end_unanswered(self.clock)

    @rule(pick=PICK)
    def a_final_registration_stays_final(self, pick: int) -> None:
        if public_id := self.some(pick, *(set(Status) - LIVE)):
            with pytest.raises(TransitionRefused):
                cancel(public_id, actor=None, at=self.clock)

    @precondition(lambda self: self.steps > 15)
    @rule(which=st.sampled_from(EVENTS))
    def an_event_is_cancelled(self, which: int) -> None:
        """Every live registration of it ends, and all the money above what is owed elsewhere is to go back."""
        event = db.session.get_one(Event, self.events[which])
        title, live_already = event.titles["en"], event.is_live and self.clock < event.ends_at
        if not live_already:
            return
        refund = preview_cancellation(event.id).refund_cents
        db.session.rollback()
        cancel_event(self.events[which], title, {}, self.alice, self.clock)
        assert self.some(0, *LIVE, event_id=self.events[which]) is None
        job = db.session.scalar(select(Job.id).order_by(Job.id.desc()).limit(1)) if refund else None
        db.session.rollback()
        while job and refund_next(job):
            pass

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "steps"):
            return
        self.steps += 1
        self.must_hold(self.clock)
        assert illegal_steps() == []
        assert beyond_the_limits() == []
        db.session.rollback()


def beyond_the_limits() -> list[str]:
    """Tickets and organisations with more places than they may hold."""
    held = func.count(Registration.id)
    tickets = select(Ticket.id, held).join(Registration, Registration.ticket_id == Ticket.id).group_by(Ticket.id)
    organisations = select(Event.slug, held).join(Registration, Registration.event_id == Event.id)
    queries: list[Any] = [
        tickets.where(Registration.holds_place.is_(True)).having(held > Ticket.limit),
        organisations.where(Registration.holds_place.is_(True), Registration.organisation_id.is_not(None))
        .group_by(Event.id, Event.slug, Event.organisation_cap, Registration.organisation_id)
        .having(held > Event.organisation_cap),
    ]
    return [f"{what}: {number} places" for query in queries for what, number in db.session.execute(query)]


@pytest.mark.life
def test_a_random_life_of_places(app: Flask, engine_name: str) -> None:
    live(PlacesLife, examples={"sqlite": 10, "postgresql": 4}, steps=40, app=app, engine=engine_name)
