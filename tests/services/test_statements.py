"""A file of the bank becomes lines, and lines become money of orders: exact by reference, else proposed, each once."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from integrations.bank import BrokenFile, Reason
from models.bank import BankLine, BankMatch, BankStatement
from models.base import db, now
from models.events import Event
from models.orders import EntryKind, LedgerEntry, PaymentStatus
from models.outbox import AuditEntry, OutboxMessage
from models.payments import Refund, RefundState
from models.registrations import Registration, Status
from services.bank_acts import (
    AlreadyDecided,
    NothingToTakeBack,
    PaidBack,
    TooMuch,
    accept,
    accept_exact,
    ignore,
    look_again,
    match_by_hand,
    undo,
)
from services.ledger import Movement, book_locked
from services.orders import balance, load_order, lock_order_locked, receive_money
from services.refunds import Wanted, approve, carry_out, mark_paid, request
from services.registrations import cancel, expire
from services.statements import import_statement
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.bank_files import CAROLS_BANK, bank_file, imported, order_of, transfer
from tests.services.post import registered


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=42000, member_cents=None)  # 508.20 with VAT


def lines() -> list[BankLine]:
    db.session.rollback()
    return list(db.session.scalars(select(BankLine).order_by(BankLine.id)))


def states() -> list[tuple[str, str]]:
    return [(str(line.state), line.note) for line in lines()]


def ledger() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(LedgerEntry.cents).order_by(LedgerEntry.id)))


def mails(template: str) -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.recipient).where(OutboxMessage.template == template)
    return list(db.session.scalars(query.order_by(OutboxMessage.id)))


def rules() -> list[tuple[str, int]]:
    db.session.rollback()
    return [(match.rule, match.cents) for match in db.session.scalars(select(BankMatch).order_by(BankMatch.id))]


def standing(code: str) -> PaymentStatus:
    found = load_order(code)
    assert found
    return balance(found).status


def test_it_works(cast: Cast, event: Event) -> None:
    carol = registered(cast.carol, event)
    order = order_of(carol)
    found = imported(transfer(order), actor=cast.fay)
    assert (found.lines, found.new, len(found.statements)) == (1, 1, 1)
    assert states() == [("matched", "")]
    assert ledger() == [50820]
    assert db.session.get_one(Registration, carol.id).status == Status.CONFIRMED
    assert standing(order.code) is PaymentStatus.PAID
    assert mails("payment_received") == ["carol@kelvin-home.example"]
    audit = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "statement.imported")).one()
    assert (audit.actor_id, audit.details["lines"], audit.details["new"]) == (cast.fay.id, 1, 1)


def test_the_same_file_again_is_nothing(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    till = transfer(None, 700, name="", iban="", free_text="till")
    imported(transfer(order), till, till)
    again = imported(transfer(order), till, till)
    assert (again.lines, again.new) == (3, 0)
    assert ledger() == [50820]
    assert len(lines()) == 3
    assert db.session.query(BankStatement).count() == 1


def test_a_file_that_overlaps_adds_what_is_new(cast: Cast, event: Event) -> None:
    carol, bob = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    imported(transfer(carol))
    more = imported(transfer(carol), transfer(bob), reference="2026/118")
    assert (more.lines, more.new) == (2, 1)
    assert ledger() == [50820, 50820]


def test_banks_begin_again_with_their_numbers(cast: Cast, event: Event) -> None:
    """Number 1 of two years are two statements, however often they come."""
    for day in (now().date() - timedelta(days=365), now().date()):
        imported(transfer(None, 700, free_text=str(day)), reference="1", day=day)
        imported(transfer(None, 700, free_text=str(day)), reference="1", day=day)
    references = db.session.scalars(select(BankStatement.reference).order_by(BankStatement.id)).all()
    assert references == ["1", f"1 ({now().date().isoformat()})"]


def test_the_reference_in_the_text(cast: Cast, event: Event) -> None:
    first, second = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    free = f"inscription {first.reference} merci"
    by_code = f"pour {second.code.replace('-', ' ').lower()}"
    imported(transfer(free_text=free), transfer(free_text=by_code, name="SPRL Lambert"))
    assert states() == [("matched", ""), ("matched", "")]
    assert standing(first.code) is standing(second.code) is PaymentStatus.PAID


def test_a_valid_reference_that_nobody_has_is_left_to_a_human(app: Flask) -> None:
    imported(transfer(structured="010806817183", cents=777))
    assert states() == [("new", "unknown_reference")]
    assert ledger() == []


def test_part_of_it_and_one_mail_for_the_whole_file(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(order, 20000), transfer(order, 10000))
    assert standing(order.code) is PaymentStatus.PARTLY_PAID
    mail = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "payment_partly")).one()
    assert (mail.recipient, mail.context) == (order.buyer_email, {"cents": 30000, "missing": 20820})
    imported(transfer(order, 20820), reference="2026/118")
    assert standing(order.code) is PaymentStatus.PAID
    assert len(mails("payment_partly")) == 1


def test_too_much_and_twice_stay_in_the_ledger(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(order), transfer(order), transfer(order, 100))
    assert ledger() == [50820, 50820, 100]
    assert standing(order.code) is PaymentStatus.OVERPAID
    assert len(mails("payment_received")) == 1


def test_one_transfer_for_several_orders_is_split_when_the_sum_is_exact(cast: Cast, event: Event) -> None:
    first, second = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    imported(transfer(first, 2 * 50820, free_text=str(second.reference)))
    assert (states(), ledger()) == ([("matched", "")], [50820, 50820])
    assert standing(first.code) is standing(second.code) is PaymentStatus.PAID


def test_two_references_in_the_text_split_too(cast: Cast, event: Event) -> None:
    first, second = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    imported(transfer(cents=2 * 50820, free_text=f"{first.reference} et {second.reference}"))
    assert sorted(rules()) == [("reference", 50820), ("reference", 50820)]
    assert standing(first.code) is standing(second.code) is PaymentStatus.PAID


def test_a_sum_that_is_not_exact_waits_for_a_human(cast: Cast, event: Event) -> None:
    first, second = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    imported(transfer(cents=90000, free_text=f"{first.reference} et {second.reference}"))
    assert states() == [("proposed", "several_orders")]
    assert rules() == [("reference", 50820), ("reference", 39180)]
    assert ledger() == []
    [line] = lines()
    accept(line.public_id, first.code, actor=cast.fay)
    assert states() == [("proposed", "several_orders")]  # the rest of the line still waits
    match_by_hand(line.public_id, second.code, 39180, actor=cast.fay)
    assert states() == [("matched", "")]
    assert (standing(first.code), standing(second.code)) == (PaymentStatus.PAID, PaymentStatus.PARTLY_PAID)


def test_money_for_a_place_that_was_given_up_takes_it_again_while_it_is_free(cast: Cast, event: Event) -> None:
    carol = registered(cast.carol, event)
    order = order_of(carol)
    assert carol.hold_until
    expire(carol.public_id, carol.hold_until + timedelta(seconds=1))
    imported(transfer(order))
    assert standing(order.code) is PaymentStatus.PAID
    statuses = db.session.scalars(select(Registration.status).order_by(Registration.id)).all()
    assert statuses == [Status.EXPIRED, Status.CONFIRMED]


def test_money_that_has_no_place_any_more_is_kept_and_is_to_be_paid_back(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None, capacity=1, has_waiting_list=False)
    carol = registered(cast.carol, event)
    order = order_of(carol)
    assert carol.hold_until
    expire(carol.public_id, carol.hold_until + timedelta(seconds=1))
    registered(cast.bob, event)
    imported(transfer(order))
    assert ledger() == [50820]
    assert standing(order.code) is PaymentStatus.REFUND_DUE


def test_only_the_amount_is_a_proposal(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(name="Someone Else", iban=""))
    assert (states(), rules()) == ([("proposed", "looks_like")], [("amount", 50820)])
    assert accept_exact(actor=cast.fay).lines == 0
    accept(lines()[0].public_id, order.code, actor=cast.fay)
    assert (states(), ledger()) == ([("matched", "")], [50820])
    assert lines()[0].decided_by_id == cast.fay.id


def test_amount_and_name_are_an_exact_proposal(cast: Cast, event: Event) -> None:
    registered(cast.bob, event)
    carol = order_of(registered(cast.carol, event))
    imported(transfer(name="NGUYEN Carol Mme"))
    assert rules() == [("name", 50820)]
    found = accept_exact(actor=cast.fay)
    assert (found.lines, found.cents, found.left) == (1, 50820, 0)
    assert standing(carol.code) is PaymentStatus.PAID


def test_an_account_that_paid_before_is_an_exact_proposal(cast: Cast, event: Event) -> None:
    imported(transfer(order_of(registered(cast.carol, event)), name="C. N."))
    registered(cast.bob, make_event(public_cents=42000, member_cents=None))
    registered(cast.carol, make_event(public_cents=42000, member_cents=None))
    imported(transfer(name="C. N."), reference="2026/118")
    assert rules()[-1] == ("iban", 50820)
    assert accept_exact(actor=cast.fay).lines == 1


def test_an_exact_proposal_whose_order_was_paid_meanwhile_is_left(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer())
    receive_money(order.code, 50820, provider="manual", provider_reference="till", booked_at=now(), actor=cast.fay)
    found = accept_exact(actor=cast.fay)
    assert (found.lines, found.left) == (0, 1)
    assert ledger() == [50820]


def test_marked_by_hand_with_the_banks_reference_is_the_same_money(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    receive_money(order.code, 50820, provider="transfer", provider_reference="b-1", booked_at=now(), actor=cast.fay)
    imported(transfer(order, bank_reference="B-1"))
    assert (states(), rules(), ledger()) == ([("matched", "")], [("by_hand", 50820)], [50820])


def test_marked_by_hand_with_another_reference_is_asked(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    receive_money(order.code, 50820, provider="transfer", provider_reference="x", booked_at=now(), actor=cast.fay)
    imported(transfer(order, bank_reference="B-1"))
    assert (states(), ledger()) == ([("proposed", "perhaps_by_hand")], [50820])
    accept(lines()[0].public_id, order.code, actor=cast.fay)
    assert (states(), rules(), ledger()) == ([("matched", "")], [("by_hand", 50820)], [50820])


def test_undoing_adds_a_counter_entry_and_the_line_waits_again(cast: Cast, event: Event) -> None:
    carol, bob = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    imported(transfer(carol))
    [line] = lines()
    undo(line.public_id, carol.code, actor=cast.fay)
    assert (ledger(), states()) == ([50820, -50820], [("new", "undone")])
    assert standing(carol.code) is PaymentStatus.UNPAID
    match_by_hand(line.public_id, bob.code, 50820, actor=cast.fay)
    assert (ledger(), states()) == ([50820, -50820, 50820], [("matched", "")])
    undo(line.public_id, bob.code, actor=cast.fay)
    match_by_hand(line.public_id, carol.code, 50820, actor=cast.fay)
    assert ledger() == [50820, -50820, 50820, -50820, 50820]
    assert standing(carol.code) is PaymentStatus.PAID


def test_what_was_paid_back_cannot_be_undone(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(order))
    receipt = db.session.scalars(select(LedgerEntry)).one()
    with writing():
        back = Movement(EntryKind.REFUND, "transfer", "back", -100, now(), receipt_id=receipt.id)
        book_locked(lock_order_locked(order.code), back, now())
    with pytest.raises(PaidBack):
        undo(lines()[0].public_id, order.code, actor=cast.fay)
    assert ledger() == [50820, -100]


def test_never_more_than_the_line_has(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(cents=100, name="?"))
    [line] = lines()
    for cents in (101, 0, -5):
        with pytest.raises(TooMuch):
            match_by_hand(line.public_id, order.code, cents, actor=cast.fay)
    assert ledger() == []


def test_a_line_is_set_aside_with_a_reason_and_taken_up_again(cast: Cast, event: Event) -> None:
    imported(transfer(cents=12345))
    [line] = lines()
    ignore(line.public_id, "Membership fee", actor=cast.fay)
    assert states() == [("ignored", "Membership fee")]
    with pytest.raises(AlreadyDecided):
        match_by_hand(line.public_id, order_of(registered(cast.carol, event)).code, 1, actor=cast.fay)
    look_again(line.public_id, actor=cast.fay)
    assert states() == [("new", "looked_again")]


def test_money_that_left_is_none_of_our_business_unless_it_is_a_refund(cast: Cast, event: Event) -> None:
    imported(transfer(cents=-2500, name="Electricity"))
    assert states() == [("ignored", "money_out")]


def test_a_transfer_back_is_proposed_and_ends_the_refund(cast: Cast, event: Event) -> None:
    carol = registered(cast.carol, event)
    order = order_of(carol)
    imported(transfer(order))
    cancel(carol.public_id, actor=cast.carol)
    with writing() as session:
        receipt = session.scalars(select(LedgerEntry.id)).one()
        session.add(
            Refund(order_id=order.id, receipt_id=receipt, provider="transfer", state=RefundState.PENDING, cents=50820)
        )
    imported(transfer(order, -50820), reference="2026/118")
    assert states()[-1] == ("proposed", "looks_like")
    accept(lines()[-1].public_id, order.code, actor=cast.fay)
    assert ledger() == [50820, -50820]
    assert db.session.scalars(select(Refund.state)).one() == RefundState.SUCCEEDED
    assert standing(order.code) is PaymentStatus.REFUNDED


def test_a_transfer_back_that_was_marked_by_hand_is_the_same_money(cast: Cast, event: Event) -> None:
    carol = registered(cast.carol, event)
    order = order_of(carol)
    imported(transfer(order))
    cancel(carol.public_id, actor=cast.carol)
    [refund] = request(order.code, Wanted(50820, "cancelled", CAROLS_BANK, "Carol"), actor=cast.fay)
    approve(refund.public_id, actor=cast.ada)
    carry_out(refund.public_id)
    mark_paid(refund.public_id, "B-77", paid_at=now(), actor=cast.fay)
    imported(transfer(None, -50820), reference="2026/118")  # known by the account alone
    accept(lines()[-1].public_id, order.code, actor=cast.fay)
    assert (states()[-1], ledger()) == (("matched", ""), [50820, -50820])
    assert rules()[-1] == ("by_hand", -50820)


def test_a_receipt_that_the_bank_took_back(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(order))
    imported(transfer(order, -50820, reversal=True), reference="2026/118")
    assert rules()[-1] == ("reversal", -50820)
    accept(lines()[-1].public_id, order.code, actor=cast.fay)
    assert ledger() == [50820, -50820]
    assert standing(order.code) is PaymentStatus.UNPAID
    with pytest.raises(PaidBack):
        undo(lines()[0].public_id, order.code, actor=cast.fay)


def test_money_that_left_for_an_order_that_got_none(cast: Cast, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    imported(transfer(cents=-700))
    look_again(lines()[0].public_id, actor=cast.fay)
    with pytest.raises(NothingToTakeBack):
        match_by_hand(lines()[0].public_id, order.code, 700, actor=cast.fay)


@pytest.mark.parametrize(
    "broken, reason",
    [("BE68539007547034", Reason.OTHER_ACCOUNT), ("</Ntry>", Reason.NOT_WELL_FORMED), ("508.20", Reason.WRONG_SUM)],
)
def test_a_broken_file_leaves_nothing(cast: Cast, event: Event, broken: str, reason: Reason) -> None:
    order = order_of(registered(cast.carol, event))
    content = bank_file(transfer(order), transfer(order, 7)).read().decode()
    spoilt = {"BE68539007547034": "BE71096123456769", "</Ntry>": "</Entry>", "508.20": "508.21"}[broken]
    with pytest.raises(BrokenFile) as told:
        import_statement(io.BytesIO(content.replace(broken, spoilt, 1).encode()), name="x", actor=None)
    assert told.value.reason is reason
    assert (lines(), ledger(), db.session.query(BankStatement).count()) == ([], [], 0)
