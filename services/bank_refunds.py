"""Refunds that we paid by transfer, seen on the bank's statement: the end-to-end id of a file for the bank names each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from integrations.payments import Refunded, RefundResult
from models.bank import BankLine, LineState
from models.base import ALPHABET, db
from models.orders import LedgerEntry
from models.payments import Refund, RefundState
from models.people import Person
from services.bank_booking import PROVIDER, link_locked, lock_lines_locked, lock_orders_locked, moment_of
from services.ledger import booked
from services.refunds import apply_truth_locked, lock_refund_locked
from services.transaction import writing

KEY = re.compile(rf"(?<![0-9a-z])[{ALPHABET}]{{26}}(?![0-9a-z])")
READ = 500


def keys_in(text: str) -> list[str]:
    """What may be the public id of a refund: the statement gives an end-to-end id back as it was, or in capitals."""
    return KEY.findall(text.lower())


def book_named_refunds(line_ids: Sequence[int], at: datetime) -> set[int]:
    """Book each line of money that left and that names a refund which waits for just that amount; the ids of those lines.

    Whatever does not fit exactly is left to the proposals. Each in a transaction of its own; safe to repeat.
    """
    named = [pair for begin in range(0, len(line_ids), READ) for pair in named_in(line_ids[begin : begin + READ])]
    db.session.rollback()
    return {line_id for line_id, public_id in named if book_named(line_id, public_id, at)}


def named_in(line_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Lines that name one refund of their amount, with its public id. Two queries."""
    query = select(BankLine.id, BankLine.cents, BankLine.free_text).where(BankLine.id.in_(line_ids), BankLine.cents < 0)
    told = [(line_id, cents, keys) for line_id, cents, text in db.session.execute(query) if (keys := keys_in(text))]
    waiting = select(Refund.public_id, Refund.cents).where(
        Refund.public_id.in_({key for _, _, keys in told for key in keys}),
        Refund.provider == PROVIDER,
        Refund.state == RefundState.PENDING,
    )
    amounts: dict[str, int] = dict(db.session.execute(waiting).all()) if told else {}
    found = [(line_id, [key for key in keys if amounts.get(key) == -cents]) for line_id, cents, keys in told]
    return [(line_id, fitting[0]) for line_id, fitting in found if len(set(fitting)) == 1]


def book_named(line_id: int, public_id: str, at: datetime) -> bool:
    """One line and its refund; False when somebody was faster."""
    order_id = db.session.scalars(select(Refund.order_id).where(Refund.public_id == public_id)).one()
    db.session.rollback()
    with writing():
        lock_orders_locked([order_id])
        line = lock_lines_locked([line_id], (LineState.NEW,)).get(line_id)
        refund = lock_refund_locked(public_id)
        if line is None or refund.state != RefundState.PENDING or refund.cents != -line.cents:
            return False
        entry = pay_back_locked(line, public_id, at, None)
        link_locked(line, entry, "refund", at)
    return True


def pay_back_locked(line: BankLine, public_id: str, at: datetime, actor: Person | None) -> LedgerEntry:
    """The refund has arrived, as this line shows; its ledger entry."""
    truth = Refunded(RefundResult.SUCCEEDED, f"refund:bank-{line.public_id}")
    apply_truth_locked(lock_refund_locked(public_id), truth, moment_of(line.booked_on, at), actor=actor)
    entry = booked(PROVIDER, str(truth.reference))
    assert entry is not None
    return entry
