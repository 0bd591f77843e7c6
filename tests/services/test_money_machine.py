"""A random life of money: cards, transfers, refunds, disputes, lost and repeated web hooks, deadlines. After every step
the ledger and the balances agree; in the end it says what Stripe says, to the cent."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from integrations.stripe_simulator.server import Simulator
from integrations.stripe_simulator.store import Refused, Thing
from models.base import db, now
from models.events import Quota
from models.orders import LedgerEntry, Order
from models.payments import Dispute, DisputeState
from models.people import Person
from models.registrations import LIVE, Registration
from services.disputes import decide
from services.orders import balance, load_order, receive_money
from services.payment_inbox import receive, work_off, work_off_due
from services.payments import PaymentRefused, look, start
from services.reconciliation import reconcile
from services.refunds import RefundRefused, Wanted, carry_out, request
from services.registrations import RegistrationRefused, cancel, expire_due, register
from services.soundness import violations
from services.transaction import writing
from services.wishes import Wish
from tests.cast import make_event
from tests.conftest import empty_database
from tests.services.paying import stripe_house

__all__ = ["stripe_house"]

PEOPLE = 5
PICK = st.integers(0, 50)


class Life(RuleBasedStateMachine):
    """One paid event of two places, five people, one account at Stripe."""

    app: Flask
    engine: str
    simulator: Simulator

    @initialize()
    def begin(self) -> None:
        empty_database(self.app, self.engine)
        store = self.simulator.store
        for kept in (store.things, store.events, store.answers, store.methods):
            kept.clear()
        store.skipped = 0.0
        with writing() as session:
            session.add_all(Person(given_name="Person", family_name=str(number)) for number in range(PEOPLE))
        self.event = make_event(capacity=2, public_cents=10000, member_cents=None, slots=1).id
        self.transfers = 0
        for who in (
            1,
            2,
            3,
        ):  # the first has paid and we know nothing of it; the second looks at the page; the third waits
            self.somebody_registers(who)
        for pick, pays in ((0, True), (1, False)):
            self.somebody_goes_to_the_payment_page(pick, pays, comes_back=False)

    @property
    def clock(self) -> Any:
        return now() + timedelta(seconds=self.simulator.store.skipped)

    def some_order(self, pick: int) -> str | None:
        codes = db.session.scalars(select(Order.code).order_by(Order.id)).all()
        return codes[pick % len(codes)] if codes else None

    def some(self, kind: str, pick: int, **wanted: str) -> Thing | None:
        things = [thing for thing in self.simulator.store.things.values() if thing["object"] == kind]
        found = [thing for thing in things if all(thing[name] == value for name, value in wanted.items())]
        return found[pick % len(found)] if found else None

    @rule(who=st.integers(1, PEOPLE))
    def somebody_registers(self, who: int) -> None:
        person = db.session.get_one(Person, who)
        with suppress(RegistrationRefused):
            register(person, self.event, Wish("P", str(who), f"p{who}@e.org"), locale="en", at=self.clock)

    @rule(pick=PICK, pays=st.booleans(), comes_back=st.booleans())
    def somebody_goes_to_the_payment_page(self, pick: int, pays: bool, comes_back: bool) -> None:
        code = self.some_order(pick)
        if code is None:
            return
        with suppress(PaymentRefused, Refused):
            page = start(code, self.clock)
            if pays:
                self.simulator.pay(page.url.rsplit("/", 1)[1])
            if comes_back:
                look(code, self.clock)

    @rule(pick=PICK)
    def a_page_left_open_is_paid(self, pick: int) -> None:
        session = self.some("checkout.session", pick, status="open")
        if session:
            with suppress(Refused):  # its time is over
                self.simulator.pay(session["id"])

    @rule(pick=PICK, worked_off=st.booleans())
    def a_web_hook_comes(self, pick: int, worked_off: bool) -> None:
        events = self.simulator.store.events
        if events:
            body, headers = self.simulator.signed(events[pick % len(events)])
            event_id = receive("stripe", body, headers, ip="", at=self.clock)
            if event_id and worked_off:
                work_off(event_id, self.clock)

    @rule(pick=PICK, cents=st.sampled_from([100, 12000, 12100, 24200]))
    def a_transfer_arrives(self, pick: int, cents: int) -> None:
        code = self.some_order(pick)
        if code:
            self.transfers += 1
            receive_money(
                code, cents, provider="transfer", provider_reference=f"bank-{self.transfers}", booked_at=self.clock,
                actor=None, at=self.clock,
            )  # fmt: skip

    @rule(pick=PICK, cents=st.sampled_from([1, 5000, 12100]))
    def a_refund_is_asked_for(self, pick: int, cents: int) -> None:
        code = self.some_order(pick)
        if code:
            with suppress(RefundRefused):
                wanted = Wanted(cents, "so it is", "BE68539007547034", "P")
                for public_id in [refund.public_id for refund in request(code, wanted, actor=None, at=self.clock)]:
                    carry_out(public_id, self.clock)

    @rule(pick=PICK)
    def a_refund_comes_back(self, pick: int) -> None:
        refund = self.some("refund", pick, status="succeeded")
        if refund:
            self.simulator.end_refund(refund["id"], succeeds=False)

    @rule(pick=PICK)
    def a_payment_is_disputed(self, pick: int) -> None:
        intent = self.some("payment_intent", pick, status="succeeded")
        if intent and not self.some("dispute", 0, payment_intent=intent["id"]):
            self.simulator.dispute(intent["id"])

    @rule(pick=PICK, won=st.booleans())
    def a_dispute_ends(self, pick: int, won: bool) -> None:
        dispute = self.some("dispute", pick, status="needs_response")
        if dispute:
            self.simulator.end_dispute(dispute["id"], won=won)

    @rule(pick=PICK, ask=st.booleans())
    def finance_decides_about_a_lost_dispute(self, pick: int, ask: bool) -> None:
        lost = db.session.scalars(select(Dispute).where(Dispute.state == DisputeState.LOST)).all()
        if lost:
            dispute = lost[pick % len(lost)]
            code = db.session.scalars(select(Order.code).where(Order.id == dispute.order_id)).one()
            someone = db.session.get_one(Person, 1)
            decide(code, "stripe", dispute.provider_reference, ask=ask, actor=someone, at=self.clock)

    @rule(pick=PICK)
    def somebody_cancels(self, pick: int) -> None:
        found = db.session.scalars(select(Registration.public_id).where(Registration.status.in_(LIVE))).all()
        if found:
            cancel(found[pick % len(found)], actor=None, at=self.clock)

    @rule(hours=st.sampled_from([1, 30, 300]))
    def time_passes(self, hours: int) -> None:
        self.simulator.store.skip(hours * 3600)
        expire_due(self.clock)

    @rule()
    def the_clock_asks(self) -> None:
        reconcile(self.clock)

    @invariant()
    def ledger_and_balances_agree(self) -> None:
        if not hasattr(self, "event"):
            return
        db.session.rollback()
        assert violations(self.clock) == []
        for taken, capacity in db.session.execute(select(Quota.taken, Quota.capacity)):
            assert 0 <= taken <= capacity
        for code in db.session.scalars(select(Order.code)).all():
            order = load_order(code)
            assert order is not None
            money = balance(order)
            total = db.session.scalar(select(func.sum(LedgerEntry.cents)).where(LedgerEntry.order_id == order.id)) or 0
            assert money.received_cents - money.refunded_cents == total
            assert money.to_pay_cents == max(money.owed_cents - total - money.contested_cents, 0)
            assert money.to_return_cents == max(total - money.owed_cents, 0)
        db.session.rollback()

    def teardown(self) -> None:
        """Whatever was lost or came twice: once the clock has asked, our books are Stripe's."""
        if not hasattr(self, "event"):
            return
        self.simulator.store.skip(3600)
        for _ in range(2):
            reconcile(self.clock)
            work_off_due(self.clock)
            self.simulator.store.skip(3600)
        things = self.simulator.store.things.values()
        came = sum(thing["amount_received"] for thing in things if thing["object"] == "payment_intent")
        back = sum(
            thing["amount"] for thing in things if thing["object"] == "refund" and thing["status"] == "succeeded"
        )
        disputed = sum(
            moved["amount"]
            for thing in things
            if thing["object"] == "dispute"
            for moved in thing["balance_transactions"]
        )
        ours = db.session.scalar(select(func.sum(LedgerEntry.cents)).where(LedgerEntry.provider == "stripe")) or 0
        db.session.rollback()
        assert ours == came - back + disputed


@pytest.mark.life
def test_a_random_life_of_money(app: Flask, engine_name: str, stripe_house: Simulator) -> None:
    facts = {"app": app, "engine": engine_name, "simulator": stripe_house}
    machine: Any = type("LifeHere", (Life,), facts)
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=quiet)
    )
