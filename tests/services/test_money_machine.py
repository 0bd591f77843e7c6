"""A random life of money: cards, transfers, refunds, disputes, invoices, credit notes, lost and repeated web hooks,
deadlines. After every step ledger, balances and documents agree; in the end the ledger says what Stripe says, to the cent."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import func, select

from integrations.stripe_simulator.server import Simulator
from integrations.stripe_simulator.store import Refused, Thing
from models.base import db, now
from models.invoices import Invoice, InvoiceKind
from models.orders import LedgerEntry, Order, OrderLine
from models.organisations import Organisation
from models.payments import Dispute, DisputeState
from models.people import Person
from models.registrations import LIVE
from services.credit_notes import Credit, CreditTooLarge, NothingToCredit, credit_note_locked, left_of_lines, loaded
from services.disputes import decide
from services.invoice_desk import credit, issue
from services.invoicing import NothingToInvoice
from services.orders import lock_order_locked
from services.payment_inbox import receive, work_off, work_off_due
from services.payments import PaymentRefused, look, start
from services.prices import vat_on
from services.reconciliation import reconcile
from services.refunds import RefundRefused, Wanted, carry_out, request
from services.registrations import RegistrationRefused, cancel, expire_due, register
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transaction import require_writing, writing
from services.wishes import Wish
from tests.cast import add_member_locked, add_people_locked, affiliate_locked, make_event
from tests.services.billed import DETAILS
from tests.services.documents import asked_too_much, refunded_too_much, wrong_documents
from tests.services.lives import PICK, Life, live, picked
from tests.services.paying import stripe_house

__all__ = ["stripe_house"]

PEOPLE = 5


class MoneyLife(Life):
    """A paid event of two places and five people; a larger one, where a company orders for its people and gets invoices
    with several rates of VAT; one account at Stripe."""

    simulator: Simulator
    refusals = (RegistrationRefused, RefundRefused, CreditTooLarge, NothingToCredit, NothingToInvoice)

    @initialize()
    def begin(self) -> None:
        self.empty()
        store = self.simulator.store
        for kept in (store.things, store.events, store.answers, store.methods):
            kept.clear()
        store.skipped = 0.0
        self.meet()
        self.event = make_event(capacity=2, public_cents=10000, member_cents=None, slots=1).id
        self.larger = make_event(capacity=9, public_cents=9995, member_cents=None, slots=1).id
        for who in (1, 2, 3):
            self.somebody_registers(who)
        for pick, pays in ((0, True), (1, False)):  # the first has paid and we know nothing of it, the second looks on
            self.somebody_goes_to_the_payment_page(pick, pays, comes_back=False)
        self.a_company_orders(2, mixed=True, on_account=False)
        self.a_company_orders(2, mixed=False, on_account=True)

    def meet(self) -> None:
        """Five people, Dora who orders for Lysara, and Fay of finance."""
        with writing():
            rows = [Person(given_name="Person", family_name=f"Number{number}") for number in range(PEOPLE)]
            rows += [Person(given_name="Dora", family_name="Wouters"), Person(given_name="Fay", family_name="Okonkwo")]
            addresses = [f"p{number}@e.org" for number in range(PEOPLE)]
            add_people_locked(rows, [*addresses, "dora@lysara.example", "fay@mosan.example"])
            self.lysara: Organisation = add_member_locked("Lysara", "lysara.example")
            for name, value in {**DETAILS, "payment_term_days": 30}.items():
                setattr(self.lysara, name, value)
            affiliate_locked(rows[PEOPLE], self.lysara, is_hr_manager=True)
        self.dora, self.fay = rows[PEOPLE:]

    @property
    def clock(self) -> Any:
        return now() + timedelta(seconds=self.simulator.store.skipped)

    def at_stripe(self, kind: str, pick: int, **wanted: str) -> Thing | None:
        things = [thing for thing in self.simulator.store.things.values() if thing["object"] == kind]
        found = [thing for thing in things if all(thing[name] == value for name, value in wanted.items())]
        return found[pick % len(found)] if found else None

    @rule(who=st.integers(1, PEOPLE))
    def somebody_registers(self, who: int) -> None:
        person = db.session.get_one(Person, who)
        with self.or_refused():
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
        session = self.at_stripe("checkout.session", pick, status="open")
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
        if code := self.some_order(pick):
            self.receive(code, cents, self.clock)

    @rule(pick=PICK, cents=st.sampled_from([1, 5000, 12100]))
    def a_refund_is_asked_for(self, pick: int, cents: int) -> None:
        code = self.some_order(pick)
        if code:
            with self.or_refused():
                wanted = Wanted(cents, "so it is", "BE68539007547034", "P")
                for public_id in [refund.public_id for refund in request(code, wanted, actor=None, at=self.clock)]:
                    carry_out(public_id, self.clock)

    @rule(pick=PICK)
    def a_refund_comes_back(self, pick: int) -> None:
        refund = self.at_stripe("refund", pick, status="succeeded")
        if refund:
            self.simulator.end_refund(refund["id"], succeeds=False)

    @rule(pick=PICK)
    def a_payment_is_disputed(self, pick: int) -> None:
        intent = self.at_stripe("payment_intent", pick, status="succeeded")
        if intent and not self.at_stripe("dispute", 0, payment_intent=intent["id"]):
            self.simulator.dispute(intent["id"])

    @rule(pick=PICK, won=st.booleans())
    def a_dispute_ends(self, pick: int, won: bool) -> None:
        dispute = self.at_stripe("dispute", pick, status="needs_response")
        if dispute:
            self.simulator.end_dispute(dispute["id"], won=won)

    @rule(pick=PICK, ask=st.booleans())
    def a_lost_dispute_is_decided(self, pick: int, ask: bool) -> None:
        lost = select(Order.code, Dispute.provider, Dispute.provider_reference)
        lost = lost.join(Dispute, Dispute.order_id == Order.id).where(Dispute.state == DisputeState.LOST)
        if found := picked(pick, db.session.execute(lost.order_by(Dispute.id)).all()):
            decide(*found, ask=ask, actor=self.fay, at=self.clock)

    @rule(places=st.integers(1, 3), mixed=st.booleans(), on_account=st.booleans())
    def a_company_orders(self, places: int, mixed: bool, on_account: bool) -> None:
        """With `mixed`, every second place is a training that the law exempts: two rates on one document."""
        wish = TeamWish(unnamed=places, on_account=on_account)
        with self.or_refused():
            order = order_for_team(self.dora, self.lysara, self.larger, wish, locale="en", at=self.clock).order
            if mixed and not on_account:
                with writing() as session:
                    lines = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
                    for number, line in enumerate(session.scalars(lines)):
                        line.net_cents, line.vat_rate = 9995 + number, 21 * (number % 2)
                        line.vat = "standard" if line.vat_rate else "exempt_training"
                        line.vat_cents = vat_on(line.net_cents, line.vat_rate)
                        line.gross_cents = line.net_cents + line.vat_cents

    @rule(pick=PICK)
    def everything_owed_is_paid(self, pick: int) -> None:
        ours = select(Order.code).where(Order.payer_organisation_id.is_not(None)).order_by(Order.id)
        if code := picked(pick, db.session.scalars(ours).all()):
            cents = select(func.sum(OrderLine.gross_cents)).join(Order, Order.id == OrderLine.order_id)
            self.receive(code, db.session.scalar(cents.where(Order.code == code)) or 0, self.clock)

    @rule(pick=PICK)
    def an_invoice_is_asked_for(self, pick: int) -> None:
        if code := self.some_order(pick):
            with self.or_refused():
                issue(code, self.fay, self.clock)

    @rule(pick=PICK, percents=st.lists(st.sampled_from([0, 1, 33, 50, 100]), min_size=3, max_size=3))
    def an_invoice_is_credited(self, pick: int, percents: list[int]) -> None:
        """A part of each of its lines, or all."""
        if invoice := self.some_invoice(pick):
            cents = [
                line.gross_cents * percent // 100 for line, percent in zip(invoice.lines, percents * 3, strict=False)
            ]
            with self.or_refused():
                credit(invoice.public_id, cents, "So it is", self.fay, self.clock)

    @rule(pick=PICK)
    def the_rest_of_an_invoice_is_credited(self, pick: int) -> None:
        if invoice := self.some_invoice(pick):
            left = left_of_lines(invoice)
            with self.or_refused():
                credit(invoice.public_id, [left[line.id] for line in invoice.lines], "All", self.fay, self.clock)

    @rule(pick=PICK, percent=st.sampled_from([1, 40, 100]))
    def a_rate_is_credited(self, pick: int, percent: int) -> None:
        """An amount of no line, at one rate of VAT."""
        if invoice := self.some_invoice(pick):
            line = invoice.lines[pick % len(invoice.lines)]
            wanted = Credit(line.gross_cents * percent // 100, category=line.vat_category, rate=line.vat_rate)
            with self.or_refused(), writing():
                code = require_writing().scalars(select(Order.code).where(Order.id == invoice.order_id)).one()
                lock_order_locked(code)
                credit_note_locked(loaded(invoice.id), [wanted], "Discount", self.clock, actor=self.fay)

    def some_invoice(self, pick: int) -> Invoice | None:
        query = select(Invoice.id).where(Invoice.kind == InvoiceKind.INVOICE).order_by(Invoice.id)
        found = picked(pick, db.session.scalars(query).all())
        return loaded(found) if found else None

    @rule(pick=PICK)
    def somebody_cancels(self, pick: int) -> None:
        if public_id := self.some(pick, *LIVE):
            cancel(public_id, actor=None, at=self.clock)

    @rule(hours=st.sampled_from([1, 30, 300]))
    def time_passes(self, hours: int) -> None:
        self.simulator.store.skip(hours * 3600)
        expire_due(self.clock)

    @rule()
    def the_clock_asks(self) -> None:
        reconcile(self.clock)

    @invariant()
    def ledger_balances_and_documents_agree(self) -> None:
        if not hasattr(self, "event"):
            return
        self.must_hold(self.clock)
        assert wrong_documents() == []
        assert asked_too_much() == []
        assert refunded_too_much() == []
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
    examples = {"sqlite": 10, "postgresql": 4}
    live(MoneyLife, examples=examples, steps=30, app=app, engine=engine_name, simulator=stripe_house)
