"""What finance decides about a line of the bank: a proposal taken, a match by hand, a line set aside, a match undone.

Undoing is not deleting: the ledger keeps both entries. Whatever somebody else decided first stands: AlreadyDecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.bank import BankLine, BankMatch, LineState
from models.base import db, now
from models.orders import EntryKind, LedgerEntry, Order
from models.payments import Refund, RefundState
from models.people import Person
from services.audit import record_locked
from services.bank_booking import (
    OPEN,
    PROVIDER,
    Share,
    book_shares_locked,
    entries_of_locked,
    link_locked,
    lock_lines_locked,
    lock_orders_locked,
    matches_locked,
    moment_of,
)
from services.bank_matching import hand_receipts_locked
from services.bank_proposals import exact_proposals
from services.bank_refunds import keys_in, pay_back_locked
from services.ledger import Movement, book_many_locked, left_of
from services.settling import settle_many_locked
from services.transaction import require_writing, writing


class AlreadyDecided(Exception):
    """Somebody, or an import, decided about this line meanwhile."""


class OrderUnknown(Exception):
    """There is no order with this code."""


class TooMuch(Exception):
    """More than what is left of the line. `left_cents` is what is left."""

    def __init__(self, left_cents: int) -> None:
        super().__init__(left_cents)
        self.left_cents = left_cents


class NothingToTakeBack(Exception):
    """Money that left, for an order that neither waits for a transfer back of this amount nor received as much."""


class PaidBack(Exception):
    """Part of the money was paid back already, or it is money that left: its match stands."""


@dataclass(frozen=True)
class Accepted:
    """How many proposals were taken, their money, and how many could not be."""

    lines: int
    cents: int
    left: int


def accept(line_id: str, code: str, *, actor: Person | None, at: datetime | None = None) -> None:
    """Take one proposal of a line. Raises AlreadyDecided, OrderUnknown, NothingToTakeBack."""
    line, order_id = line_number(line_id), order_number(code)
    with writing():
        accept_locked(line, order_id, actor, at or now())


def accept_exact(*, actor: Person | None, statement_id: int | None = None, at: datetime | None = None) -> Accepted:
    """Take every exact proposal, each in the transaction of its order: one that no longer fits is left."""
    at, lines, cents, left = at or now(), 0, 0, 0
    for line_id, order_id in exact_proposals(statement_id):
        try:
            with writing():
                cents += accept_locked(line_id, order_id, actor, at, only_exact=True)
                lines += 1
        except AlreadyDecided:
            left += 1
    return Accepted(lines, cents, left)


def accept_locked(line_id: int, order_id: int, actor: Person | None, at: datetime, *, only_exact: bool = False) -> int:
    """Book a proposal; its cents. With `only_exact` the order must still ask for just that amount."""
    order, line = lock_both_locked(line_id, order_id)
    match = matches_locked([line]).get((line_id, order_id))
    if match is None or match.ledger_entry_id is not None:
        raise AlreadyDecided(line.public_id)
    cents = match.cents
    if only_exact and settle_many_locked([order], at)[0].to_pay_cents != cents:
        raise AlreadyDecided(line.public_id)
    known = known_entry_locked(line, order_id, actor, at) if cents == line.cents else None
    if known is not None:
        link_locked(line, known, match.rule if own(known) else "by_hand", at, actor)
    else:
        book_shares_locked([share_locked(line, order, cents, match.rule)], at, actor=actor)
    record_act_locked("bank_line.matched", line, order, cents, actor)
    return cents


def known_entry_locked(line: BankLine, order_id: int, actor: Person | None, at: datetime) -> LedgerEntry | None:
    """The entry that is this line's money already: marked by hand, or made now by the refund that waited for it."""
    same = [entry for entry in hand_receipts_locked([order_id])[order_id] if entry.cents == line.cents]
    if same:
        return same[0]
    return paid_back_locked(line, order_id, actor, at) if line.cents < 0 else None


def own(entry: LedgerEntry) -> bool:
    """Whether a line of the bank wrote this entry, and not somebody by hand."""
    return entry.provider_reference.startswith(("bank-", "refund:bank-"))


def match_by_hand(line_id: str, code: str, cents: int, *, actor: Person | None, at: datetime | None = None) -> None:
    """Book a part of a line, or all that is left of it, on an order that a human chose; `cents` > 0.

    Raises AlreadyDecided, OrderUnknown, TooMuch, and NothingToTakeBack for a line of money that left.
    """
    at, number, order_id = at or now(), line_number(line_id), order_number(code)
    with writing():
        order, line = lock_both_locked(number, order_id)
        matches = matches_locked([line])
        known = matches.get((number, order_id))
        if known is not None and known.ledger_entry_id is not None:
            raise AlreadyDecided(line.public_id)
        left = abs(line.cents) - abs(sum(each.cents for each in matches.values() if each.ledger_entry_id))
        if not 0 < cents <= left:
            raise TooMuch(left)
        signed = cents if line.cents > 0 else -cents
        back = paid_back_locked(line, order_id, actor, at) if signed == line.cents < 0 else None
        if back is not None:
            link_locked(line, back, "hand", at, actor)
        else:
            book_shares_locked([share_locked(line, order, signed, "hand")], at, actor=actor)
        record_act_locked("bank_line.matched", line, order, signed, actor)


def paid_back_locked(line: BankLine, order_id: int, actor: Person | None, at: datetime) -> LedgerEntry | None:
    """The ledger entry of the transfer back that this line shows: the refund that waited for it has succeeded."""
    session = require_writing()
    waiting = select(Refund.public_id).where(
        Refund.order_id == order_id, Refund.provider == PROVIDER, Refund.state == RefundState.PENDING,
        Refund.cents == -line.cents,
    )  # fmt: skip
    found = list(session.scalars(waiting.order_by(Refund.id)))
    named = [public_id for public_id in found if public_id in keys_in(line.free_text)]
    return pay_back_locked(line, (named or found)[0], at, actor) if found else None


def share_locked(line: BankLine, order: Order, cents: int, rule: str) -> Share:
    """Money that came is a receipt; money that left takes a receipt back."""
    if cents > 0:
        return Share(line, order, cents, rule)
    session = require_writing()
    receipts = select(LedgerEntry).where(
        LedgerEntry.order_id == order.id, LedgerEntry.provider == PROVIDER, LedgerEntry.kind == EntryKind.RECEIPT,
        LedgerEntry.cents >= -cents,
    )  # fmt: skip
    for receipt in session.scalars(receipts.order_by(LedgerEntry.id.desc())):
        if left_of(receipt.id) >= -cents:
            return Share(line, order, cents, rule, EntryKind.RECEIPT, receipt.id)
    raise NothingToTakeBack(order.code)


def ignore(line_id: str, reason: str, *, actor: Person | None, at: datetime | None = None) -> None:
    """Set a line aside: it is for no order. `reason` in words, at most 300 characters. Raises AlreadyDecided."""
    number = line_number(line_id)
    with writing() as session:
        line = open_line_locked(number)
        matches = matches_locked([line]).values()
        if any(match.ledger_entry_id for match in matches):
            raise AlreadyDecided(line_id)
        for match in matches:
            session.delete(match)
        line.state, line.note = LineState.IGNORED, reason.strip()[:300]
        line.decided_at, line.decided_by_id = at or now(), actor.id if actor else None
        record_act_locked("bank_line.ignored", line, None, line.cents, actor)


def look_again(line_id: str, *, actor: Person | None, at: datetime | None = None) -> None:
    """Take a line up again that was set aside. Raises AlreadyDecided."""
    number = line_number(line_id)
    with writing():
        line = lock_lines_locked([number], (LineState.IGNORED,)).get(number)
        if line is None:
            raise AlreadyDecided(line_id)
        line.state, line.note = LineState.NEW, "looked_again"
        line.decided_at, line.decided_by_id = at or now(), actor.id if actor else None
        record_act_locked("bank_line.reopened", line, None, line.cents, actor)


def undo(line_id: str, code: str, *, actor: Person | None, at: datetime | None = None) -> None:
    """Take a match back: a counter entry in the ledger, and the line waits again. A place that was confirmed stays so.

    Raises AlreadyDecided, OrderUnknown, and PaidBack when the money is no longer there to take back.
    """
    at, number, order_id = at or now(), line_number(line_id), order_number(code)
    with writing() as session:
        order, line = lock_both_locked(number, order_id, (*OPEN, LineState.MATCHED))
        match = matches_locked([line]).get((number, order_id))
        if match is None or match.ledger_entry_id is None:
            raise AlreadyDecided(line_id)
        cents = match.cents
        if own(session.get_one(LedgerEntry, match.ledger_entry_id)):
            counter_locked(line, order, match, at, actor)
        session.delete(match)
        line.state, line.note = LineState.NEW, "undone"
        line.decided_at, line.decided_by_id = at, actor.id if actor else None
        record_act_locked("bank_line.undone", line, order, cents, actor)


def counter_locked(line: BankLine, order: Order, match: BankMatch, at: datetime, actor: Person | None) -> None:
    """The entry that takes a receipt out of the order again."""
    assert match.ledger_entry_id is not None
    if match.cents < 0 or left_of(match.ledger_entry_id) < match.cents:
        raise PaidBack(order.code)
    movement = Movement(
        EntryKind.RECEIPT,
        PROVIDER,
        f"bank-{line.public_id}-{entries_of_locked([line])[line.id] + 1}",
        -match.cents,
        moment_of(at.date(), at),
        note=line.counterparty,
        actor=actor,
        receipt_id=match.ledger_entry_id,
    )
    book_many_locked([(order, movement)], at)


def lock_both_locked(line_id: int, order_id: int, states: tuple[LineState, ...] = OPEN) -> tuple[Order, BankLine]:
    """The order and the line, locked in that order, while the line stands in one of the states."""
    order = lock_orders_locked([order_id])[order_id]
    line = lock_lines_locked([line_id], states).get(line_id)
    if line is None:
        raise AlreadyDecided(line_id)
    return order, line


def open_line_locked(line_id: int) -> BankLine:
    line = lock_lines_locked([line_id]).get(line_id)
    if line is None:
        raise AlreadyDecided(line_id)
    return line


def line_number(public_id: str) -> int:
    found = db.session.scalar(select(BankLine.id).where(BankLine.public_id == public_id))
    if found is None:
        raise AlreadyDecided(public_id)
    return found


def order_number(code: str) -> int:
    found = db.session.scalar(select(Order.id).where(Order.code == code.strip().upper()))
    if found is None:
        raise OrderUnknown(code)
    return found


def record_act_locked(action: str, line: BankLine, order: Order | None, cents: int, actor: Person | None) -> None:
    details = {"line": line.public_id, "cents": cents} | ({"order": order.code} if order else {})
    record_locked(action, actor, subject_kind="bank_line", subject_id=line.id, details=details)
