"""A random life of three events: registering, paying, cancelling, requests, offers, deadlines, capacity. After every step the books
are sound."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from models.base import db, now
from models.events import Approval, Quota
from models.orders import LedgerEntry, Order
from models.people import Person
from models.registrations import LIVE, Registration, Status, TransitionRefused
from services.approvals import decide_all
from services.orders import balance, load_order, receive_money
from services.places import lock_event_locked, quotas_locked
from services.promotions import promote_by_hand
from services.registrations import RegistrationRefused, accept_offer, cancel, decline_offer, expire_due, register
from services.soundness import violations
from services.transaction import writing
from services.unanswered import end_unanswered
from services.waiting_list import promote_locked
from services.wishes import Wish
from tests.cast import make_event
from tests.conftest import empty_database

PEOPLE = 8


class Life(RuleBasedStateMachine):
    """One free event, one paid one, and one that holds a place for whoever asks; eight people, and whatever happens to them."""

    app: Flask
    engine: str

    @initialize(free=st.integers(1, 3), paid=st.integers(1, 3))
    def begin(self, free: int, paid: int) -> None:
        empty_database(self.app, self.engine)
        with writing() as session:
            session.add_all(Person(given_name="Person", family_name=str(number)) for number in range(PEOPLE))
        self.events = [
            make_event(capacity=free, public_cents=0, member_cents=None, slots=1).id,
            make_event(capacity=paid, public_cents=10000, member_cents=None, slots=1).id,
            make_event(
                capacity=paid,
                public_cents=10000,
                member_cents=None,
                slots=1,
                approval=Approval.ORGANISER,
                approval_holds_place=True,
            ).id,
        ]
        self.clock = now()
        self.receipts = 0
        for which, places in enumerate((free, paid)):  # both are full and somebody waits: here the rules have work
            for who in range(1, places + 3):
                self.somebody_registers(who, which)

    def some(self, pick: int, *statuses: Status) -> str | None:
        found = db.session.scalars(
            select(Registration.public_id).where(Registration.status.in_(statuses)).order_by(Registration.id)
        ).all()
        return found[pick % len(found)] if found else None

    @rule(who=st.integers(1, PEOPLE), which=st.integers(0, 2))
    def somebody_registers(self, who: int, which: int) -> None:
        person = db.session.get_one(Person, who)
        with suppress(RegistrationRefused):
            register(person, self.events[which], Wish("P", str(who), f"p{who}@e.org"), locale="en", at=self.clock)

    @rule(pick=st.integers(0, 50))
    def somebody_cancels(self, pick: int) -> None:
        public_id = self.some(pick, *LIVE)
        if public_id:
            cancel(public_id, actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50), take=st.booleans())
    def an_offer_is_answered(self, pick: int, take: bool) -> None:
        public_id = self.some(pick, Status.OFFERED)
        if public_id:
            (accept_offer if take else decline_offer)(public_id, actor=None, at=self.clock)

    @rule(pick=st.integers(0, 50), yes=st.booleans())
    def a_request_is_answered(self, pick: int, yes: bool) -> None:
        public_id = self.some(pick, Status.PENDING_APPROVAL)
        if public_id:
            actor = db.session.get_one(Person, 1)
            decide_all([public_id], approved=yes, actor=actor, reason="" if yes else "No.", at=self.clock)

    @rule(pick=st.integers(0, 50))
    def the_organiser_promotes_by_hand(self, pick: int) -> None:
        public_id = self.some(pick, Status.WAITLISTED)
        if public_id:
            with suppress(RegistrationRefused):
                promote_by_hand(public_id, actor=db.session.get_one(Person, 1), at=self.clock)

    @rule(pick=st.integers(0, 50), cents=st.sampled_from([100, 6050, 12000, 12100, 12200]))
    def money_arrives(self, pick: int, cents: int) -> None:
        codes = db.session.scalars(select(Order.code).where(Order.reference.is_not(None)).order_by(Order.id)).all()
        if codes:
            self.receipts += 1
            receive_money(
                codes[pick % len(codes)], cents, provider="transfer", provider_reference=f"bank-{self.receipts}",
                booked_at=self.clock, actor=None, at=self.clock,
            )  # fmt: skip

    @rule(hours=st.integers(1, 120))
    def time_passes(self, hours: int) -> None:
        self.clock += timedelta(hours=hours)
        expire_due(self.clock)
        end_unanswered(self.clock)

    @rule(which=st.integers(0, 2), capacity=st.integers(0, 5))
    def the_capacity_changes(self, which: int, capacity: int) -> None:
        with writing():
            event = lock_event_locked(self.events[which])
            quota = quotas_locked(event.id)[0]
            quota.capacity = max(capacity, quota.taken)
            promote_locked(event, self.clock)

    @rule(pick=st.integers(0, 50))
    def a_final_registration_stays_final(self, pick: int) -> None:
        public_id = self.some(pick, *(set(Status) - LIVE))
        if public_id:
            with pytest.raises(TransitionRefused):
                cancel(public_id, actor=None, at=self.clock)

    @invariant()
    def the_books_are_sound(self) -> None:
        if not hasattr(self, "events"):
            return
        db.session.rollback()
        assert violations(self.clock) == []
        for taken, capacity in db.session.execute(select(Quota.taken, Quota.capacity)):
            assert 0 <= taken <= capacity
        for code in db.session.scalars(select(Order.code)).all():
            order = load_order(code)
            assert order is not None
            money = balance(order)
            entries = db.session.scalars(select(LedgerEntry.cents).where(LedgerEntry.order_id == order.id)).all()
            assert money.received_cents - money.refunded_cents == sum(entries)
            assert money.to_pay_cents == 0 or money.to_return_cents == 0
            if Status.CONFIRMED in {row.status for row in order.registrations}:
                assert money.to_pay_cents == 0  # nobody has a place for nothing
        db.session.rollback()


def test_a_random_life_keeps_the_books_sound(app: Flask, engine_name: str) -> None:
    machine: Any = type("LifeHere", (Life,), {"app": app, "engine": engine_name})
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=quiet)
    )
