"""Giving money back: never more than came, a second pair of eyes above an amount, and the ledger says what happened."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select

from integrations.payments import ProviderUnreachable, Refunded, RefundResult
from models.base import db, now
from models.events import Event
from models.orders import EntryKind, LedgerEntry, Order, PaymentStatus
from models.outbox import AuditEntry, OutboxMessage
from models.payments import Refund, RefundState
from services.event_changes import cancel as cancel_event
from services.event_refunds import latest_refunds, unsettled
from services.jobs import latest_job
from services.orders import balance, load_order, receive_money
from services.refunds import (
    AccountMissing,
    MoreThanReceived,
    MovedMeanwhile,
    NothingToGiveBack,
    SameEyes,
    Wanted,
    apply_truth,
    approve,
    ask_by_buyer,
    carry_out,
    carry_out_due,
    mark_paid,
    refuse,
    request,
)
from services.registrations import cancel, register
from services.returnable import under_way_cents
from services.wishes import Wish
from tasks.jobs import run_waiting_jobs
from tests.cast import ADDRESSES, Cast, make_event

IBAN = "BE68539007547034"


class CardHouse:
    """A provider in memory, of which only refunding is needed; it answers what the test tells it to, and remembers what it was asked."""

    key = "stripe"

    def __init__(self) -> None:
        self.answer: Refunded | None = Refunded(RefundResult.SUCCEEDED, "re_1")
        self.asked: list[tuple[str, int, str]] = []

    def refund(self, payment_reference: str, cents: int, key: str, reason: str) -> Refunded:
        self.asked.append((payment_reference, cents, key))
        if self.answer is None:
            raise ProviderUnreachable("nobody answers")
        return self.answer


@pytest.fixture
def cards(app: Flask, monkeypatch: pytest.MonkeyPatch) -> CardHouse:
    house = CardHouse()
    monkeypatch.setattr("services.refunds.provider_for", lambda key: house)
    return house


def paid(cast: Cast, provider: str = "transfer", cents: int = 50820, event: Event | None = None) -> str:
    """Carol's order on an event of €508.20, paid."""
    event = event or make_event()
    order = register(cast.carol, event.id, Wish("Carol", "Nguyễn", ADDRESSES["carol"]), locale="en")
    receive_money(order.code, cents, provider=provider, provider_reference=f"in-{order.code}", booked_at=now(), actor=None)  # fmt: skip
    return order.code


def leave(code: str) -> None:
    """The organiser ends the registration: all of the money is to go back."""
    order = load_order(code)
    assert order is not None
    cancel(order.registrations[0].public_id, actor=None, by_organiser=True)


def status(code: str) -> PaymentStatus:
    db.session.rollback()
    order = load_order(code)
    assert order is not None
    return balance(order).status


def entries() -> list[tuple[str, int]]:
    rows = db.session.execute(select(LedgerEntry.kind, LedgerEntry.cents).order_by(LedgerEntry.id))
    return [(str(kind), cents) for kind, cents in rows]


def test_it_works(cast: Cast) -> None:
    code = paid(cast)
    leave(code)
    (refund,) = request(code, Wanted(30000, "ill", IBAN, "Carol Nguyễn"), actor=cast.fay)
    assert carry_out(refund.public_id) is RefundState.PENDING
    assert under_way_cents(refund.order_id) == 30000
    mark_paid(refund.public_id, "2026-118-4", paid_at=now(), actor=cast.fay)
    assert entries() == [("receipt", 50820), ("refund", -30000)]
    assert status(code) is PaymentStatus.REFUND_DUE
    mail = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "refund_paid")).one()
    assert (mail.recipient, mail.context["cents"]) == (ADDRESSES["carol"], 30000)
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"refund.requested", "refund.paid"} <= actions


def test_never_more_than_came(cast: Cast) -> None:
    code = paid(cast)
    request(code, Wanted(40000, "one", IBAN), actor=cast.fay)
    with pytest.raises(MoreThanReceived) as refused:
        request(code, Wanted(20000, "two", IBAN), actor=cast.fay)
    assert refused.value.left_cents == 10820
    with pytest.raises(NothingToGiveBack):
        request(code, Wanted(0, "none", IBAN), actor=cast.fay)
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 1


def test_a_transfer_needs_an_account_and_a_card_does_not(cast: Cast, cards: CardHouse) -> None:
    with pytest.raises(AccountMissing):
        request(paid(cast), Wanted(100, "ill"), actor=cast.fay)
    code = paid(cast, "stripe", event=make_event(title="Cards"))
    (refund,) = request(code, Wanted(100, "ill"), actor=cast.fay)
    assert carry_out(refund.public_id) is RefundState.SUCCEEDED
    assert cards.asked == [(f"in-{code}", 100, refund.public_id)]


def test_above_the_amount_a_second_person_says_yes(cast: Cast, cards: CardHouse) -> None:
    code = paid(cast, "stripe")
    (refund,) = request(code, Wanted(50820, "ill"), actor=cast.fay)
    assert carry_out(refund.public_id) is RefundState.REQUESTED
    assert cards.asked == []
    with pytest.raises(SameEyes):
        approve(refund.public_id, actor=cast.fay)
    approve(refund.public_id, actor=cast.ada)
    with pytest.raises(MovedMeanwhile):
        approve(refund.public_id, actor=cast.ada)
    assert carry_out(refund.public_id) is RefundState.SUCCEEDED
    assert entries() == [("receipt", 50820), ("refund", -50820)]


def test_several_small_ones_are_one_large_one(cast: Cast) -> None:
    """Nobody gives back €500 and more alone by cutting it into pieces; what a second person has seen does not count again."""
    code = paid(cast, cents=200000)
    first = request(code, Wanted(30000, "one", IBAN), actor=cast.fay)[0]
    second = request(code, Wanted(20001, "two", IBAN), actor=cast.ada)[0]
    assert (first.needs_approval, second.needs_approval) == (False, True)
    approve(second.public_id, actor=cast.fay)
    third, fourth = (request(code, Wanted(cents, "more", IBAN), actor=cast.fay)[0] for cents in (20000, 1))
    assert (third.needs_approval, fourth.needs_approval) == (False, True)
    refuse(first.public_id, "They came after all.", actor=cast.ada)
    assert not request(code, Wanted(30000, "again", IBAN), actor=cast.fay)[0].needs_approval


@pytest.mark.parametrize("cents, needs", [(50000, False), (50001, True)])
def test_the_set_amount_is_that_of_the_cluster_file(cast: Cast, app: Flask, cents: int, needs: bool) -> None:
    code = paid(cast, cents=200000)
    assert request(code, Wanted(cents, "ill", IBAN), actor=cast.fay)[0].needs_approval is needs
    app.extensions["cluster"].data["finance"]["four_eyes_cents"] = 0
    try:
        assert request(code, Wanted(1, "ill", IBAN), actor=cast.fay)[0].needs_approval
    finally:
        app.extensions["cluster"].data["finance"]["four_eyes_cents"] = 50000


def test_the_fee_of_the_policy_stays(cast: Cast) -> None:
    """Half the price after the deadline: what goes back is the other half, and the order owes nothing more."""
    event = make_event(tiers=[{"days": 60, "percent": 50}, {"days": 0, "percent": 50}])
    code = paid(cast, event=event)
    order = load_order(code)
    assert order is not None
    cancel(order.registrations[0].public_id, actor=cast.carol)
    (refund,) = ask_by_buyer(code, IBAN, "Carol Nguyễn", actor=cast.carol)
    assert refund.cents == 25410
    approve(refund.public_id, actor=cast.fay)
    carry_out(refund.public_id)
    mark_paid(refund.public_id, "2026-118-9", paid_at=now(), actor=cast.fay)
    assert entries() == [("receipt", 50820), ("refund", -25410)]
    assert status(code) is PaymentStatus.PAID


def test_a_card_that_refuses_is_asked_once_and_stands_in_the_report(cast: Cast, cards: CardHouse) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    code = paid(cast, "stripe", 12100, event)
    cards.answer = Refunded(RefundResult.FAILED, "re_1", "the card is blocked")
    cancel_event(event.id, "Aseptic techniques", {}, cast.alice)
    assert run_waiting_jobs() == 1
    job = latest_job("refund_event", event.id)
    assert job is not None
    assert (job.done, job.problems) == (1, [f"{code} failed 12100"])
    assert [(refund.state, refund.error) for refund in db.session.scalars(select(Refund))] == [
        (RefundState.FAILED, "the card is blocked")
    ]
    assert unsettled([code]) == {code}
    cards.answer = Refunded(RefundResult.SUCCEEDED, "re_2")
    (again,) = request(code, Wanted(12100, "another try"), actor=cast.fay)
    carry_out(again.public_id)
    db.session.rollback()
    assert unsettled([code]) == set()
    assert [open for _job, _event, open in latest_refunds()] == [0]


def test_above_the_amount_the_report_of_a_cancelled_event_names_who_waits_for_a_yes(
    cast: Cast, cards: CardHouse
) -> None:
    event = make_event()
    code = paid(cast, "stripe", event=event)
    cancel_event(event.id, "Aseptic techniques", {}, cast.fay)
    assert run_waiting_jobs() == 1
    job = latest_job("refund_event", event.id)
    assert job is not None
    assert job.problems == [f"{code} eyes 50820"]
    refund = db.session.scalars(select(Refund)).one()
    with pytest.raises(SameEyes):
        approve(refund.public_id, actor=cast.fay)  # who cancelled the event asked for its refunds
    approve(refund.public_id, actor=cast.ada)
    assert carry_out(refund.public_id) is RefundState.SUCCEEDED
    assert status(code) is PaymentStatus.REFUNDED


def test_one_that_was_refused_frees_its_money(cast: Cast) -> None:
    code = paid(cast)
    (refund,) = request(code, Wanted(50820, "ill", IBAN), actor=cast.fay)
    refuse(refund.public_id, "They came after all.", actor=cast.ada)
    assert under_way_cents(refund.order_id) == 0
    with pytest.raises(MovedMeanwhile):
        approve(refund.public_id, actor=cast.ada)
    assert request(code, Wanted(50820, "ill", IBAN), actor=cast.fay)


def test_a_silent_provider_is_asked_again_with_the_same_key(cast: Cast, cards: CardHouse) -> None:
    code = paid(cast, "stripe")
    (refund,) = request(code, Wanted(100, "ill"), actor=cast.fay)
    cards.answer = None
    assert carry_out(refund.public_id) is RefundState.REQUESTED
    db.session.rollback()
    assert db.session.get_one(Refund, refund.id, populate_existing=True).error == "nobody answers"
    cards.answer = Refunded(RefundResult.PENDING, "re_9")
    assert carry_out_due() == 1
    assert {key for _payment, _cents, key in cards.asked} == {refund.public_id}
    assert carry_out_due() == 0


def test_a_refund_that_comes_back_is_owed_again(cast: Cast, cards: CardHouse) -> None:
    code = paid(cast, "stripe")
    leave(code)
    (refund,) = request(code, Wanted(50000, "ill"), actor=cast.fay)
    for truth in (Refunded(RefundResult.PENDING, "re_1"), Refunded(RefundResult.SUCCEEDED, "re_1")) * 2:
        apply_truth(refund.public_id, truth)
    for _ in range(2):
        apply_truth(refund.public_id, Refunded(RefundResult.FAILED, "re_1", "the account is closed"))
    assert entries() == [("receipt", 50820), ("refund", -50000), ("refund_failed", 50000)]
    assert status(code) is PaymentStatus.REFUND_DUE
    assert request(code, Wanted(50820, "again"), actor=cast.fay)


def test_the_buyer_gives_the_account_and_finance_looks_at_it(cast: Cast) -> None:
    code = paid(cast)
    leave(code)
    (refund,) = ask_by_buyer(code, "be68 5390 0754 7034", "Carol Nguyễn", actor=cast.carol)
    assert (refund.cents, refund.iban) == (50820, IBAN)
    assert carry_out(refund.public_id) is RefundState.REQUESTED
    with pytest.raises(NothingToGiveBack):
        ask_by_buyer(code, IBAN, "Carol Nguyễn", actor=cast.carol)
    approve(refund.public_id, actor=cast.fay)
    assert carry_out(refund.public_id) is RefundState.PENDING


def test_a_cancelled_event_gives_everybody_their_money_back_and_says_what_it_could_not(
    cast: Cast, cards: CardHouse
) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    by_card = paid(cast, "stripe", 12100, event)
    bobs = register(cast.bob, event.id, Wish("Bob", "Lambert", ADDRESSES["bob"]), locale="fr").code
    receive_money(bobs, 12100, provider="transfer", provider_reference="b", booked_at=now(), actor=None)
    register(cast.dora, event.id, Wish("Dora", "Wouters", ADDRESSES["dora"]), locale="en")  # has not paid
    cancel_event(event.id, "Aseptic techniques", {}, cast.alice)
    assert run_waiting_jobs() == 1
    job = latest_job("refund_event", event.id)
    assert job is not None
    assert (job.done, job.total, job.problems) == (2, 2, [f"{bobs} account 12100"])
    assert job.finished_at
    assert (status(by_card), status(bobs)) == (PaymentStatus.REFUNDED, PaymentStatus.REFUND_DUE)
    asked = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "refund_account")).one()
    assert (asked.recipient, asked.locale) == (ADDRESSES["bob"], "fr")


amounts = st.lists(st.integers(1, 60000), min_size=1, max_size=6)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(receipts=amounts, wanted=amounts, fails=st.lists(st.booleans(), min_size=6, max_size=6))
def test_whatever_is_asked_the_ledger_never_goes_below_zero(
    cast: Cast, receipts: list[int], wanted: list[int], fails: list[bool]
) -> None:
    event = make_event(capacity=500)
    order = register_anybody(cast, event)
    for number, cents in enumerate(receipts):
        receive_money(order.code, cents, provider="manual", provider_reference=f"{order.code}-{number}", booked_at=now(), actor=None)  # fmt: skip
    for cents, fail in zip(wanted, fails, strict=False):
        try:
            refunds = request(order.code, Wanted(cents, "ill"), actor=None)
        except MoreThanReceived:
            continue
        for refund in refunds:
            answer = RefundResult.FAILED if fail else RefundResult.SUCCEEDED
            apply_truth(refund.public_id, Refunded(answer, f"re_{refund.public_id}"))
    db.session.rollback()
    found = load_order(order.code)
    assert found is not None
    left = balance(found)
    assert left.received_cents == sum(receipts)
    assert 0 <= left.refunded_cents <= left.received_cents
    for receipt in (entry for entry in found.ledger if entry.kind == EntryKind.RECEIPT):
        assert -sum(entry.cents for entry in found.ledger if entry.receipt_id == receipt.id) <= receipt.cents


def register_anybody(cast: Cast, event: Event) -> Order:
    return register(cast.carol, event.id, Wish("Carol", "Nguyễn", ADDRESSES["carol"]), locale="en")
