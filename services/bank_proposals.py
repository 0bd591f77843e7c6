"""Proposals for lines of the bank that name no order: the same amount, and somebody we know by name or account.

Nothing here is booked: a human says yes. `iban` and `name` are exact (account or name, and the amount of one open order);
`amount` is only that; `refund` is our own transfer back; `reversal` is a receipt that the bank took back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased

from integrations.references import structured_communications
from models.bank import BankLine, BankMatch, LineState
from models.base import db
from models.orders import LedgerEntry, Order
from models.organisations import Organisation
from models.payments import Refund, RefundState
from models.people import Person
from models.search import folded
from services.bank_balances import money_by_order, owed_by_order
from services.bank_booking import PROVIDER, lock_lines_locked
from services.transaction import require_writing, writing

EXACT = ("iban", "name")
CHUNK, MOST = 500, 3
LEGAL_FORMS = frozenset(
    ("sa", "nv", "srl", "bv", "bvba", "sprl", "asbl", "vzw", "aisbl", "ivzw", "sc", "cv", "se", "gmbh", "ag", "ltd")
)
TITLES = frozenset(("m", "mr", "mrs", "mme", "mlle", "dhr", "mevr", "monsieur", "madame"))


@dataclass(frozen=True)
class Candidate:
    """An order that still asks for money, and who may pay it."""

    order_id: int
    to_pay_cents: int
    names: tuple[frozenset[str], ...]
    buyer_id: int
    payer_id: int | None


def propose(line_ids: Sequence[int], at: datetime) -> None:
    """Decide where lines stand that name no order: proposed, unknown, or money that left."""
    for begin in range(0, len(line_ids), CHUNK):
        with writing():
            lines = lock_lines_locked(line_ids[begin : begin + CHUNK], (LineState.NEW,))
            fresh = [line for line in lines.values() if line.decided_at is None]
            came, left = [line for line in fresh if line.cents > 0], [line for line in fresh if line.cents < 0]
            propose_receipts_locked(came)
            propose_refunds_locked(left)
            for line in fresh:
                line.decided_at = at


def propose_receipts_locked(lines: Sequence[BankLine]) -> None:
    """Orders of the same amount, those of a known account or name first, three at most."""
    session = require_writing()
    by_amount = candidates_locked({line.cents for line in lines})
    payers = known_payers_locked({line.counterparty_iban for line in lines} - {""})
    for line in lines:
        found = by_amount.get(line.cents, [])
        rules = {one.order_id: rule_of(line, one, payers) for one in found}
        best = [one for one in found if rules[one.order_id] in EXACT] or found
        if not best or len(best) > MOST:
            line.note = "unknown_reference" if line.structured else "nothing_fits"
            continue
        line.state, line.note = LineState.PROPOSED, "looks_like"
        session.add_all(
            BankMatch(line_id=line.id, order_id=one.order_id, cents=line.cents, rule=rules[one.order_id])
            for one in best
        )


def rule_of(line: BankLine, one: Candidate, payers: dict[str, set[tuple[str, int]]]) -> str:
    """Why this order may be meant."""
    known = payers.get(line.counterparty_iban, set())
    if ("person", one.buyer_id) in known or (one.payer_id and ("organisation", one.payer_id) in known):
        return "iban"
    said = words_of(line.counterparty)
    return "name" if any(name and name <= said for name in one.names) else "amount"


def words_of(name: str) -> frozenset[str]:
    """The words of a name that tell people apart, without accents, titles and legal forms."""
    return frozenset(re.findall(r"[^\W_]+", folded(name))) - LEGAL_FORMS - TITLES


def candidates_locked(amounts: Iterable[int]) -> dict[int, list[Candidate]]:
    """Orders that still ask for exactly one of these amounts, by amount."""
    owed, money = owed_by_order(), money_by_order()
    left = owed.c.cents - func.coalesce(money.c.cents, 0)
    query = (
        select(
            Order.id, left, Person.given_name, Person.family_name, Organisation.legal_name, Organisation.name,
            Order.buyer_id, Order.payer_organisation_id,
        )
        .join(owed, owed.c.order_id == Order.id)
        .outerjoin(money, money.c.order_id == Order.id)
        .join(Person, Person.id == Order.buyer_id)
        .outerjoin(Organisation, Organisation.id == Order.payer_organisation_id)
        .where(left.in_(sorted(amounts)), left > 0)
        .order_by(Order.id)
    )  # fmt: skip
    found: dict[int, list[Candidate]] = defaultdict(list)
    for key, cents, given, family, legal, name, buyer, payer in require_writing().execute(query):
        names = (words_of(f"{given} {family}"), words_of(legal or ""), words_of(name or ""))
        found[int(cents)].append(Candidate(key, int(cents), names, buyer, payer))
    return found


def known_payers_locked(ibans: Iterable[str]) -> dict[str, set[tuple[str, int]]]:
    """Whose orders earlier lines of these accounts paid: organisations that pay, else buyers."""
    query = (
        select(BankLine.counterparty_iban, Order.buyer_id, Order.payer_organisation_id)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .join(Order, Order.id == BankMatch.order_id)
        .where(BankMatch.ledger_entry_id.is_not(None), BankLine.counterparty_iban.in_(sorted(ibans)))
        .distinct()
    )
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for iban, buyer, payer in require_writing().execute(query):
        found[iban].add(("organisation", payer) if payer else ("person", buyer))
    return found


def propose_refunds_locked(lines: Sequence[BankLine]) -> None:
    """Money that left: one of our transfers back, a receipt taken back, or none of our business."""
    session = require_writing()
    pending = pending_refunds_locked()
    for line in lines:
        text = f"{line.structured} {line.free_text}"
        references = set(structured_communications(text))
        meant = [
            refund
            for refund, reference in pending
            if refund.cents == -line.cents
            and (
                reference in references
                or refund.public_id in text.lower()
                or line.counterparty_iban == refund.iban != ""
            )
        ]
        orders = {refund.order_id: "refund" for refund in meant} or reversed_orders_locked(line, references)
        if not orders:
            line.state, line.note = LineState.IGNORED, "money_out"
            continue
        line.state, line.note = LineState.PROPOSED, "looks_like"
        session.add_all(
            BankMatch(line_id=line.id, order_id=order_id, cents=line.cents, rule=rule)
            for order_id, rule in orders.items()
        )


def pending_refunds_locked() -> list[tuple[Refund, str]]:
    """Refunds that finance pays from the bank, those marked as paid by hand included while no line has shown them, with
    the reference of their order."""
    shown = select(BankMatch.id).join(LedgerEntry, LedgerEntry.id == BankMatch.ledger_entry_id)
    query = (
        select(Refund, Order.reference)
        .join(Order, Order.id == Refund.order_id)
        .where(Refund.provider == PROVIDER, Refund.state.in_((RefundState.PENDING, RefundState.SUCCEEDED)))
        .where(~shown.where(LedgerEntry.receipt_id == Refund.receipt_id, BankMatch.cents == -Refund.cents).exists())
        .order_by(Refund.id)
    )
    return [(refund, reference or "") for refund, reference in require_writing().execute(query)]


def reversed_orders_locked(line: BankLine, references: set[str]) -> dict[int, str]:
    """The order whose reference a line out carries and that received as much from the bank."""
    if not references:
        return {}
    query = (
        select(BankMatch.order_id)
        .join(BankLine, BankLine.id == BankMatch.line_id)
        .join(Order, Order.id == BankMatch.order_id)
        .where(Order.reference.in_(references), BankMatch.cents == -line.cents, BankMatch.ledger_entry_id.is_not(None))
    )
    if line.counterparty_iban:
        query = query.where(BankLine.counterparty_iban == line.counterparty_iban)
    return dict.fromkeys(require_writing().scalars(query), "reversal")


def exact_proposals(statement_id: int | None = None) -> list[tuple[int, int]]:
    """Lines with one exact proposal for all of their money: (line, order), oldest first."""
    scope = [BankLine.statement_id == statement_id] if statement_id is not None else []
    query = exact(select(BankLine.id, BankMatch.order_id), scope).order_by(BankLine.id)
    return [(line_id, order_id) for line_id, order_id in db.session.execute(query)]


def exact_money(scope: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """How many there are, and their cents."""
    number, cents = db.session.execute(exact(select(func.count(), func.sum(BankLine.cents)), scope)).one()
    return number, int(cents or 0)


def exact(asked: Any, scope: Sequence[ColumnElement[bool]]) -> Any:
    """What is asked, of the lines with one exact proposal for all of their money."""
    other = aliased(BankMatch)
    only = ~exists().where(other.line_id == BankLine.id, other.id != BankMatch.id)
    return (
        asked.select_from(BankLine)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .where(BankLine.state == LineState.PROPOSED, BankMatch.rule.in_(EXACT), BankMatch.cents == BankLine.cents)
        .where(BankMatch.ledger_entry_id.is_(None), only, *scope)
    )
