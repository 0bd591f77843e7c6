"""What a provider tells of refunds and disputes: each movement of money stands in the ledger once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from integrations.stripe_simulator import returns
from integrations.stripe_simulator.server import Simulator
from models.base import db, now
from models.orders import PaymentStatus
from models.payments import Dispute, DisputeState, ProviderEvent, Refund, RefundState
from models.registrations import Registration, Status
from services.ledger import booked, left_of
from services.providers import provider_for
from services.reconciliation import reconcile
from services.refunds import Wanted, approve, carry_out, request
from services.registrations import cancel
from tests.cast import Cast, make_event
from tests.services.paying import deliver, entries, money_of, opened_page, order_for, statuses, stripe_house

__all__ = ["stripe_house"]

PRICE = 50820


def paid_order(cast: Cast, simulator: Simulator) -> tuple[str, str]:
    """An order that was paid by card, and the name of its payment."""
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    simulator.pay(page)
    deliver(simulator)
    return code, str(simulator.store.get("checkout.session", page)["payment_intent"])


def refund_row() -> Refund:
    db.session.rollback()
    return db.session.scalars(select(Refund).execution_options(populate_existing=True)).one()


def ask_back(cast: Cast, code: str, cents: int) -> str:
    """Fay asks for a refund, Ada says yes, and it goes on its way."""
    (refund,) = request(code, Wanted(cents, "the room is small"), actor=cast.fay)
    public_id = refund.public_id
    if refund.needs_approval:
        approve(public_id, actor=cast.ada)
    carry_out(public_id)
    return public_id


def test_a_refund_goes_to_the_card_and_its_notices_add_nothing(cast: Cast, stripe_house: Simulator) -> None:
    code, _ = paid_order(cast, stripe_house)
    cancel(db.session.scalars(select(Registration.public_id)).one(), actor=cast.alice, by_organiser=True)
    ask_back(cast, code, PRICE)
    for _ in range(2):
        deliver(stripe_house)
    assert entries(code) == [("receipt", "stripe", PRICE), ("refund", "stripe", -PRICE)]
    assert refund_row().state == RefundState.SUCCEEDED
    assert money_of(code).status is PaymentStatus.REFUNDED


def test_a_refund_that_comes_back(cast: Cast, stripe_house: Simulator) -> None:
    code, _ = paid_order(cast, stripe_house)
    ask_back(cast, code, 10000)
    stripe_house.end_refund(str(refund_row().provider_reference), succeeds=False)
    for _ in range(2):
        deliver(stripe_house, *reversed(stripe_house.store.events))
    assert refund_row().state == RefundState.FAILED
    assert entries(code)[1:] == [("refund", "stripe", -10000), ("refund_failed", "stripe", 10000)]


def test_a_refund_whose_answer_we_never_got(cast: Cast, stripe_house: Simulator) -> None:
    """Killed after Stripe made it: its notice names our own key, and asking again makes no second one."""
    code, payment = paid_order(cast, stripe_house)
    (refund,) = request(code, Wanted(10000, "x"), actor=None)
    public_id = refund.public_id
    provider_for("stripe").refund(payment, 10000, public_id, "x")
    deliver(stripe_house)
    assert refund_row().state == RefundState.SUCCEEDED
    carry_out(public_id)
    assert entries(code)[1:] == [("refund", "stripe", -10000)]
    assert len([thing for thing in stripe_house.store.things.values() if thing["object"] == "refund"]) == 1


def test_a_refund_made_at_stripe_itself_is_found(cast: Cast, stripe_house: Simulator) -> None:
    code, payment = paid_order(cast, stripe_house)
    returns.refund(stripe_house.store, {"payment_intent": payment, "amount": "5000"})
    for _ in range(2):
        deliver(stripe_house)
    assert entries(code)[1:] == [("refund", "stripe", -5000)]
    row = refund_row()
    assert (row.state, row.cents, row.reason, row.needs_approval) == (RefundState.SUCCEEDED, 5000, "at_provider", False)


def test_a_pending_refund_is_asked_about_by_the_clock(cast: Cast, stripe_house: Simulator) -> None:
    code, payment = paid_order(cast, stripe_house)
    stripe_house.store.methods[payment] = "sepa_debit"
    ask_back(cast, code, 10000)
    assert refund_row().state == RefundState.PENDING
    assert entries(code) == [("receipt", "stripe", PRICE)]
    stripe_house.end_refund(str(refund_row().provider_reference), succeeds=True)
    stripe_house.store.events.clear()  # and no web hook came
    reconcile(now() + timedelta(minutes=11))
    assert refund_row().state == RefundState.SUCCEEDED


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_in_any_order(cast: Cast, stripe_house: Simulator, won: bool) -> None:
    code, payment = paid_order(cast, stripe_house)
    dispute = stripe_house.dispute(payment)
    deliver(stripe_house)
    receipt = booked("stripe", payment)
    assert receipt
    assert left_of(receipt.id) == 0  # nothing of it can be refunded now
    stripe_house.end_dispute(dispute["id"], won=won)
    for _ in range(2):
        deliver(stripe_house, *reversed(stripe_house.store.events))
    row = db.session.scalars(select(Dispute)).one()
    assert (row.state, row.cents) == (DisputeState.WON if won else DisputeState.LOST, PRICE)
    back = [("dispute_won", "stripe", PRICE)] if won else []
    assert entries(code) == [("receipt", "stripe", PRICE), ("dispute", "stripe", -PRICE), *back]
    assert statuses(code) == [Status.CONFIRMED]  # who comes is for people to decide


def test_a_refund_and_a_dispute_that_are_told_before_their_payment(cast: Cast, stripe_house: Simulator) -> None:
    code = order_for(cast.carol, make_event())
    _, page = opened_page(code)
    stripe_house.pay(page)
    payment = str(stripe_house.store.get("checkout.session", page)["payment_intent"])
    returns.refund(stripe_house.store, {"payment_intent": payment, "amount": "5000"})
    stripe_house.dispute(payment, 1000)
    deliver(stripe_house, *reversed(stripe_house.store.events))
    assert sorted(entries(code)) == [
        ("dispute", "stripe", -1000), ("receipt", "stripe", PRICE), ("refund", "stripe", -5000)
    ]  # fmt: skip
    assert not db.session.scalar(select(func.count()).where(ProviderEvent.processed_at.is_(None)))
