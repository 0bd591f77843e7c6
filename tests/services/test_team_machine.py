"""A random life of three dates: teams, colleagues who take over, new dates, online in place of on site, approvals. After
every step the books are sound."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from models.base import db, now
from models.events import Approval, Audience, Event, Modality, Quota, Ticket
from models.orders import Order
from models.organisations import Organisation
from models.people import Person
from models.registrations import LIVE, Registration, Status, TransitionRefused
from services.approvals import accept, decline
from services.date_changes import change_date
from services.modality_switch import switch_modality
from services.orders import balance, load_order, receive_money
from services.placeholders import name_place
from services.registrations import (
    RegistrationRefused,
    accept_offer,
    cancel,
    decline_offer,
    expire_due,
    register,
)
from services.soundness import violations
from services.substitutions import Colleague, substitute
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transaction import writing
from services.wishes import Wish
from tests.cast import add_member_locked, add_person_locked, affiliate_locked, make_event
from tests.conftest import empty_database

PEOPLE = 8
TAKEN = (Status.CONFIRMED, Status.AWAITING_PAYMENT)
TIERS = [{"days": 5, "percent": 0}, {"days": 0, "percent": 50}]


class TeamLife(RuleBasedStateMachine):
    """Two dates of a paid course, the first one hybrid; and a free event whose organiser decides."""

    app: Flask
    engine: str

    @initialize(first=st.integers(2, 6), online=st.integers(1, 3), second=st.integers(2, 5), asked=st.integers(1, 3))
    def begin(self, first: int, online: int, second: int, asked: int) -> None:
        empty_database(self.app, self.engine)
        with writing():
            self.people = [
                add_person_locked("Person", f"Number{number}", f"p{number}@home.example") for number in range(PEOPLE)
            ]
            self.dora = add_person_locked("Dora", "Wouters", "dora@lysara.example")
            self.lysara: Organisation = add_member_locked("Lysara", "lysara.example")
            affiliate_locked(self.dora, self.lysara, is_hr_manager=True)
        one = make_event(capacity=first, public_cents=10000, member_cents=5000, slots=1, tiers=TIERS)
        two = make_event(capacity=second, public_cents=30000, member_cents=None, slots=1)
        three = make_event(capacity=asked, public_cents=0, member_cents=None, slots=1, approval=Approval.ORGANISER)
        with writing() as session:
            session.get_one(Event, two.id).course_id = session.get_one(Event, one.id).course_id
            quota = Quota(event=session.get_one(Event, one.id), modality=Modality.ONLINE, capacity=online)
            session.add(quota)
            for place, (audience, cents) in enumerate(((Audience.EVERYONE, 10000), (Audience.MEMBERS, 5000))):
                session.add(
                    Ticket(event=quota.event, quota=quota, position=5 + place, names={"en": "Online"},
                           audience=audience, net_cents=cents)
                )  # fmt: skip
        self.events = [one.id, two.id, three.id]
        self.clock, self.receipts, self.names = now(), 0, 0
        for who in range(first + 1):  # the first date is full and somebody waits: here the rules have work
            self.somebody_registers(who, 0)

    def some(self, pick: int, *statuses: Status) -> str | None:
        found = db.session.scalars(
            select(Registration.public_id).where(Registration.status.in_(statuses)).order_by(Registration.id)
        ).all()
        return found[pick % len(found)] if found else None

    def person(self, which: int) -> Person:
        return db.session.get_one(Person, self.people[which].id)

    @rule(who=st.integers(0, PEOPLE - 1), which=st.integers(0, 2))
    def somebody_registers(self, who: int, which: int) -> None:
        wish = Wish("Person", str(who), f"p{who}@home.example")
        with suppress(RegistrationRefused):
            register(self.person(who), self.events[which], wish, locale="en", at=self.clock)

    @rule(
        which=st.integers(0, 2),
        who=st.lists(st.integers(0, PEOPLE - 1), max_size=3),
        new=st.integers(0, 2),
        unnamed=st.integers(0, 2),
        waits=st.booleans(),
    )
    def a_team_is_booked(self, which: int, who: list[int], new: int, unnamed: int, waits: bool) -> None:
        lines = [f"Person Number <p{number}@home.example>" for number in who]
        lines += [f"Nadia Haddad{self.names + extra} <n{self.names + extra}@x.example>" for extra in range(new)]
        self.names += new
        before = self.count()
        wish = TeamWish(people="\n".join(lines), unnamed=unnamed, may_wait=waits)
        try:
            order_for_team(self.dora, self.lysara, self.events[which], wish, locale="en", at=self.clock)
        except RegistrationRefused:
            db.session.rollback()
            assert self.count() == before  # nothing is half booked

    def count(self) -> int:
        return db.session.scalar(select(func.count()).select_from(Registration)) or 0

    @rule(pick=st.integers(0, 50), who=st.integers(0, PEOPLE - 1), which=st.integers(0, 1))
    def somebody_changes(self, pick: int, who: int, which: int) -> None:
        """A colleague takes over, or a place without a name gets one."""
        public_id = self.some(pick, *TAKEN)
        colleague = Colleague("Person", str(who), f"p{who}@home.example")
        if public_id:
            act = (substitute, name_place)[which]
            with suppress(RegistrationRefused, TransitionRefused, ValueError):
                act(public_id, colleague, actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50), which=st.integers(0, 1))
    def somebody_moves(self, pick: int, which: int) -> None:
        public_id = self.some(pick, *TAKEN)
        if public_id:
            with suppress(RegistrationRefused, TransitionRefused, ValueError):
                change_date(public_id, self.events[which], actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50))
    def somebody_switches(self, pick: int) -> None:
        public_id = self.some(pick, *TAKEN)
        if public_id:
            with suppress(RegistrationRefused, TransitionRefused):
                switch_modality(public_id, actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50), yes=st.booleans())
    def the_organiser_answers(self, pick: int, yes: bool) -> None:
        public_id = self.some(pick, Status.PENDING_APPROVAL)
        if public_id:
            with suppress(RegistrationRefused):
                if yes:
                    accept(public_id, actor=self.dora, at=self.clock)
                else:
                    decline(public_id, actor=self.dora, reason="Full of experts.", at=self.clock)

    @rule(pick=st.integers(0, 50), take=st.booleans())
    def an_offer_is_answered(self, pick: int, take: bool) -> None:
        public_id = self.some(pick, Status.OFFERED)
        if public_id:
            (accept_offer if take else decline_offer)(public_id, actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50))
    def somebody_cancels(self, pick: int) -> None:
        public_id = self.some(pick, *LIVE)
        if public_id:
            cancel(public_id, actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50), cents=st.sampled_from([100, 6050, 12100, 18150, 36300]))
    def money_arrives(self, pick: int, cents: int) -> None:
        codes = db.session.scalars(select(Order.code).where(Order.reference.is_not(None)).order_by(Order.id)).all()
        if codes:
            self.receipts += 1
            receive_money(
                codes[pick % len(codes)], cents, provider="transfer", provider_reference=f"bank-{self.receipts}",
                booked_at=self.clock, actor=None, at=self.clock,
            )  # fmt: skip

    @rule(hours=st.integers(1, 90))
    def time_passes(self, hours: int) -> None:
        self.clock += timedelta(hours=hours)
        expire_due(self.clock)

    @invariant()
    def the_books_are_sound(self) -> None:
        if not hasattr(self, "receipts"):
            return
        db.session.rollback()
        assert violations(self.clock) == []
        for code in db.session.scalars(select(Order.code)).all():
            order = load_order(code)
            assert order is not None
            money = balance(order)
            assert money.owed_cents == sum(line.owed_cents for line in order.lines)
            assert all(line.owed_cents <= line.gross_cents for line in order.lines)
            assert len(order.lines) == len(order.registrations)
            waiting = [row for row in order.registrations if row.status == Status.AWAITING_PAYMENT]
            assert all(row.hold_until for row in waiting)
        db.session.rollback()


def test_a_random_life_of_teams_keeps_the_books_sound(app: Flask, engine_name: str) -> None:
    machine: Any = type("TeamLifeHere", (TeamLife,), {"app": app, "engine": engine_name})
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=quiet)
    )
