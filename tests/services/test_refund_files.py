"""Refunds paid by a file for the bank: each in one file only, the same file each time, paid once the statement says so."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.bank import BankLine, LineState
from models.base import db, now
from models.orders import LedgerEntry, Order, PaymentStatus
from models.outbox import AuditEntry, OutboxMessage
from models.payments import Refund, RefundFile, RefundState
from services.bank_acts import accept
from services.finance_desk import monday
from services.orders import balance, load_order
from services.refund_files import (
    FileWithdrawn,
    NothingToPay,
    NotToBePaid,
    content_of,
    make_file,
    page_of,
    waiting,
    withdraw,
    working_day,
)
from services.refunds import Wanted, approve, carry_out, mark_paid, refuse, request
from services.statements import import_statement
from tests.cast import Cast
from tests.services.bank_files import CAROLS_BANK, bank_file, imported, transfer
from tests.services.billed import ordered, pay

IBAN = "BE68539007547034"


def to_pay(cast: Cast, cents: int = 12345, iban: str = IBAN, order: Order | None = None) -> Refund:
    """A refund by transfer that only waits for the bank."""
    order = order or pay(ordered(cast.carol), 50820, f"in-{cents}-{iban}")
    (refund,) = request(order.code, Wanted(cents, "ill", iban, "Carol Nguyễn"), actor=cast.fay)
    carry_out(refund.public_id)
    return refund


def state(refund: Refund) -> tuple[str, int | None]:
    db.session.rollback()
    found = db.session.get_one(Refund, refund.id, populate_existing=True)
    return found.state, found.file_id


def paid_by_bank(refund: Refund, cents: int | None = None, words: str = "") -> BankLine:
    """The line of the statement: the bank gives the end-to-end id back, here in the words, in capitals."""
    text = words or f"Refund {refund.public_id.upper()}"
    imported(
        transfer(cents=-(cents or refund.cents), free_text=text, iban=refund.iban), reference=f"out-{refund.id}-{text}"
    )
    return db.session.scalars(select(BankLine).order_by(BankLine.id.desc()).limit(1)).one()


def test_it_works(cast: Cast) -> None:
    """From the file to the books, with nobody typing anything."""
    order = pay(ordered(cast.carol), 50820)
    refund = to_pay(cast, order=order)
    assert waiting().transfers == 1
    file = make_file(actor=cast.fay)
    content = content_of(file).decode()
    assert f"<EndToEndId>{refund.public_id}</EndToEndId>" in content
    assert "<CtrlSum>123.45</CtrlSum>" in content
    assert f"<Ustrd>Refund {order.code}</Ustrd>" in content
    assert state(refund)[0] == RefundState.PENDING
    line = paid_by_bank(refund)
    assert (line.state, state(refund)[0]) == (LineState.MATCHED, RefundState.SUCCEEDED)
    entry = db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(1)).one()
    assert (entry.kind, entry.cents, entry.provider_reference) == ("refund", -12345, f"refund:bank-{line.public_id}")
    assert db.session.scalars(select(OutboxMessage.template).where(OutboxMessage.template == "refund_paid")).all()
    assert {"refund_file.made"} <= set(db.session.scalars(select(AuditEntry.action)))
    page = page_of(file)
    assert page is not None
    assert (page.paid, page.made_by) == (1, "Fay Okonkwo")


def test_the_end_to_end_id_of_a_camt_file_is_enough(cast: Cast) -> None:
    """Where banks put it: among the references, with no word about it in the text."""
    refund = to_pay(cast)
    make_file(actor=cast.fay)
    told = f"<TxDtls><Refs><EndToEndId>{refund.public_id}</EndToEndId></Refs>".encode()
    file = bank_file(transfer(cents=-12345, free_text="", iban="", name="")).read().replace(b"<TxDtls>", told)
    import_statement(io.BytesIO(file), name="december.xml", actor=cast.fay)
    assert state(refund)[0] == RefundState.SUCCEEDED


def test_each_refund_in_one_file_and_the_same_file_each_time(cast: Cast) -> None:
    first = to_pay(cast)
    file = make_file(actor=cast.fay)
    with pytest.raises(NothingToPay):
        make_file(actor=cast.fay)
    second = to_pay(cast, 5000)
    other = make_file(actor=cast.fay)
    assert state(first)[1] != state(second)[1]
    assert first.public_id not in content_of(other).decode()
    assert content_of(file) == content_of(file)
    kept = db.session.scalars(select(RefundFile).where(RefundFile.public_id == file)).one()
    assert (kept.transfers, kept.cents, len(kept.sha256)) == (1, 12345, 64)


def test_only_what_was_approved_and_goes_by_transfer(cast: Cast) -> None:
    order = pay(ordered(cast.carol), 101640)
    (large,) = request(order.code, Wanted(60000, "ill", IBAN, "Carol"), actor=cast.fay)
    carry_out(large.public_id)
    with pytest.raises(NothingToPay):
        make_file(actor=cast.fay)
    approve(large.public_id, actor=cast.ada)
    carry_out(large.public_id)
    assert large.public_id in content_of(make_file(actor=cast.fay)).decode()


def test_an_account_no_transfer_reaches_is_left_and_said(cast: Cast) -> None:
    to_pay(cast, iban="TR330006100519786457841326")
    near = to_pay(cast, 5000)
    assert (waiting().transfers, waiting().cents, waiting().unreachable) == (1, 5000, 1)
    assert content_of(make_file(actor=cast.fay)).decode().count("<CdtTrfTxInf>") == 1
    assert state(near)[1] is not None


def test_a_file_the_bank_never_had_frees_its_refunds(cast: Cast) -> None:
    refund = to_pay(cast)
    file = make_file(actor=cast.fay)
    withdraw(file, actor=cast.ada)
    assert state(refund) == (RefundState.PENDING, None)
    with pytest.raises(FileWithdrawn):
        content_of(file)
    with pytest.raises(FileWithdrawn):
        withdraw(file, actor=cast.ada)
    again = make_file(actor=cast.fay)
    paid_by_bank(refund)
    with pytest.raises(FileWithdrawn):
        withdraw(again, actor=cast.ada)
    assert page_of(again).paid == 1  # type: ignore[union-attr]


def test_a_refund_that_is_refused_afterwards_stops_its_file(cast: Cast) -> None:
    refund, other = to_pay(cast), to_pay(cast, 5000)
    file = make_file(actor=cast.fay)
    refuse(refund.public_id, "They came after all.", actor=cast.fay)
    with pytest.raises(NotToBePaid):
        content_of(file)
    withdraw(file, actor=cast.fay)
    assert other.public_id in content_of(make_file(actor=cast.fay)).decode()


def test_what_no_statement_shows_for_days_is_said_at_the_desk(cast: Cast) -> None:
    refund = to_pay(cast)
    make_file(actor=cast.fay)
    assert (monday(now()).refunds_to_pay, monday(now()).refunds_unseen) == (0, 0)
    assert monday(now() + timedelta(days=6)).refunds_unseen == 1
    paid_by_bank(refund)
    assert monday(now() + timedelta(days=6)).refunds_unseen == 0


def test_what_does_not_fit_exactly_is_left_to_a_human(cast: Cast) -> None:
    refund = to_pay(cast)
    make_file(actor=cast.fay)
    line = paid_by_bank(refund, cents=12344)
    assert (line.state, state(refund)[0]) == (LineState.IGNORED, RefundState.PENDING)
    line = paid_by_bank(refund, words="no name at all")
    assert (line.state, state(refund)[0]) == (LineState.PROPOSED, RefundState.PENDING)  # account and amount fit


def test_the_same_statement_twice_and_a_refund_paid_by_hand_count_once(cast: Cast) -> None:
    order = pay(ordered(cast.carol), 50820)
    refund = to_pay(cast, order=order)
    make_file(actor=cast.fay)
    mark_paid(refund.public_id, "2026-118-4", paid_at=now(), actor=cast.fay)
    line = paid_by_bank(refund)
    assert line.state == LineState.PROPOSED
    accept(line.public_id, order.code, actor=cast.fay)
    db.session.rollback()
    assert len(db.session.scalars(select(LedgerEntry.id).where(LedgerEntry.cents < 0)).all()) == 1
    found = load_order(order.code)
    assert found is not None
    assert balance(found).status == PaymentStatus.PARTLY_PAID


def test_of_two_of_the_same_amount_the_one_that_is_named(cast: Cast) -> None:
    order = pay(ordered(cast.carol), 50820)
    first, second = to_pay(cast, 5000, order=order), to_pay(cast, 5000, order=order)
    make_file(actor=cast.fay)
    paid_by_bank(second)
    assert (state(first)[0], state(second)[0]) == (RefundState.PENDING, RefundState.SUCCEEDED)


@pytest.mark.parametrize("day, on", [(date(2026, 11, 27), 27), (date(2026, 11, 28), 30), (date(2026, 11, 29), 30)])
def test_a_day_on_which_banks_work(day: date, on: int) -> None:
    assert working_day(day) == date(2026, 11, on)
    assert working_day(day) - day < timedelta(days=3)


def test_names_and_words_in_the_buyers_language(cast: Cast) -> None:
    order = pay(ordered(cast.carol, locale="fr"), 50820)
    to_pay(cast, order=order)
    content = content_of(make_file(actor=cast.fay)).decode()
    assert re.findall("<(?:Nm|Ustrd)>([^<]+)<", content)[2:] == ["Carol Nguyen", f"Remboursement {order.code}"]
    assert CAROLS_BANK not in content
