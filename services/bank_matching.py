"""The ladder: which order a line of the bank is for. Exact reference, then invoice number; all else is a proposal.

1. the structured reference of an order, or its code, in the line's own field or anywhere in its text;
2. the number of an invoice in the text, when the amount is exactly what is still to be paid;
3. proposals (services/bank_proposals.py): a human says yes.

A line that names several orders is split when the sum is exact; else a human looks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from integrations.references import structured_communications
from models.bank import BankLine, BankMatch, LineState
from models.base import db, now
from models.invoices import Invoice, InvoiceKind
from models.orders import EntryKind, LedgerEntry, Order
from models.registrations import Registration
from services.bank_balances import to_pay_of
from services.bank_booking import (
    PROVIDER,
    Share,
    book_shares_locked,
    link_locked,
    lock_lines_locked,
    lock_orders_locked,
)
from services.bank_proposals import propose
from services.bank_refunds import book_named_refunds
from services.many_rows import among
from services.transaction import require_writing, writing

CODE = re.compile(r"(?<![A-Z0-9])([A-Z]{2})[ \-./]?([0-9A-HJKMNP-TV-Z]{4})[ \-./]?([0-9A-HJKMNP-TV-Z]{4})(?![A-Z0-9])")
INVOICE = re.compile(r"(?<![\w-])(20\d\d)\s?[-/.]?\s?0*([1-9]\d{0,5})(?!\d)", re.ASCII)
READ, WINDOW, BOOKED_AT_ONCE = 1_000, 5_000, 500


@dataclass(frozen=True, slots=True)
class Plan:
    """A line and the orders that it names; `rule` says by what. An invoice counts only with its exact amount."""

    line_id: int
    cents: int
    order_ids: tuple[int, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says that can name an order."""

    line_id: int
    cents: int
    references: tuple[str, ...]
    codes: tuple[str, ...]
    invoices: tuple[tuple[int, int], ...]


def match_waiting(at: datetime | None = None) -> int:
    """Take up every line that nothing was decided about: book what is certain, propose the rest. How many it looked at.

    Safe to run twice, late, or in two workers at once.
    """
    at, looked = at or now(), 0
    several: list[Plan] = []
    rest: list[int] = []
    for told in windows(waiting_lines()):
        plans = plans_of(told)
        named = {plan.line_id for plan in plans}
        rest += [one.line_id for one in told if one.line_id not in named]
        several += [plan for plan in plans if len(plan.order_ids) > 1]
        for chunk in chunked(plan for plan in plans if len(plan.order_ids) == 1):
            book_plans(chunk, at)
        looked += len(told)
    for plan in several:
        book_plans([plan], at)
    paid = book_named_refunds(rest, at)
    propose([line_id for line_id in rest if line_id not in paid], at)
    return looked


def windows(parts: Iterator[list[Told]]) -> Iterator[list[Told]]:
    """So many lines at a time that a large file takes no more memory than a middling one. The lines of an order that stand
    further apart are booked one after the other, with a mail for each."""
    while window := [one for part in islice(parts, WINDOW // READ) for one in part]:
        yield window


def plans_of(told: Sequence[Told]) -> list[Plan]:
    """Plans by event and order, so that a transaction locks few events and has all lines of its orders. Lines that name
    nobody, and money that left, have none."""
    came = {one.line_id for one in told if one.cents > 0}
    plans = []
    for begin in range(0, len(told), READ):
        named = orders_named(told[begin : begin + READ])
        plans += [plan for line_id, plan in named.items() if line_id in came]
    places = first_events({order_id for plan in plans for order_id in plan.order_ids})
    db.session.rollback()
    plans.sort(key=lambda plan: (places.get(plan.order_ids[0], 0), plan.order_ids[0], plan.line_id))
    return plans


def waiting_lines() -> Iterator[list[Told]]:
    """Lines that nobody and nothing has decided about, a part at a time."""
    last = 0
    while True:
        rows = db.session.execute(
            select(BankLine.id, BankLine.cents, BankLine.structured, BankLine.free_text)
            .where(BankLine.state == LineState.NEW, BankLine.note == "", BankLine.decided_at.is_(None))
            .where(BankLine.id > last)
            .order_by(BankLine.id)
            .limit(READ)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [told_by(*row) for row in rows]


def told_by(line_id: int, cents: int, structured: str, free_text: str) -> Told:
    """What can be read in a line. One in 97 of all numbers passes as a reference: only one that an order has counts."""
    text = free_text.upper()
    references = structured_communications(f"{structured} | {free_text}")
    codes = tuple("-".join(found) for found in CODE.findall(text))
    invoices = tuple((int(year), int(number)) for year, number in INVOICE.findall(text))
    return Told(line_id, cents, tuple(references), codes, invoices)


def orders_named(lines: Sequence[Told]) -> dict[int, Plan]:
    """The plan of each line that names an order which exists. Three queries for all of them."""
    references = by_column(Order.reference, {word for line in lines for word in line.references})
    codes = by_column(Order.code, {word for line in lines for word in line.codes})
    invoices = by_invoice({pair for line in lines for pair in line.invoices})
    plans = {}
    for line in lines:
        exact = [references[word] for word in line.references if word in references]
        exact += [codes[word] for word in line.codes if word in codes]
        named = [invoices[pair] for pair in line.invoices if pair in invoices]
        if exact or named:
            rule = "reference" if exact else "invoice"
            plans[line.line_id] = Plan(line.line_id, line.cents, tuple(dict.fromkeys(exact or named)), rule)
    return plans


def by_column(column: InstrumentedAttribute[Any], words: Iterable[str]) -> dict[str, int]:
    wanted = sorted(words)
    if not wanted:
        return {}
    rows = db.session.execute(select(column, Order.id).where(among(column, wanted)))
    return dict(rows.all())


def by_invoice(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    wanted = sorted(pairs)
    if not wanted:
        return {}
    query = select(Invoice.year, Invoice.number, Invoice.order_id).where(
        Invoice.kind == InvoiceKind.INVOICE, tuple_(Invoice.year, Invoice.number).in_(wanted)
    )
    return {(year, number): order_id for year, number, order_id in db.session.execute(query)}


def first_events(order_ids: Iterable[int]) -> dict[int, int]:
    wanted = sorted(order_ids)
    if not wanted:
        return {}
    query = select(Registration.order_id, func.min(Registration.event_id)).where(among(Registration.order_id, wanted))
    return dict(db.session.execute(query.group_by(Registration.order_id)).all())


def chunked(plans: Iterable[Plan]) -> Iterator[list[Plan]]:
    """About so many plans at a time, never the lines of one order apart: its buyer gets one mail."""
    source = iter(plans)
    ahead = next(source, None)
    while ahead is not None:
        chunk = [ahead, *islice(source, BOOKED_AT_ONCE - 1)]
        ahead = next(source, None)
        while ahead is not None and ahead.order_ids == chunk[-1].order_ids:
            chunk.append(ahead)
            ahead = next(source, None)
        yield chunk


def book_plans(plans: Sequence[Plan], at: datetime) -> None:
    """Book one chunk in one transaction; a plan that turns out not to be certain becomes a proposal."""
    with writing():
        orders = lock_orders_locked(order_id for plan in plans for order_id in plan.order_ids)
        lines = lock_lines_locked((plan.line_id for plan in plans), (LineState.NEW,))
        by_hand = hand_receipts_locked(orders)
        asked = to_pay_of(orders) if any(len(plan.order_ids) > 1 or plan.rule == "invoice" for plan in plans) else {}
        shares: list[Share] = []
        for plan in plans:
            line = lines.get(plan.line_id)
            if line is None or line.decided_at is not None:
                continue
            known = known_by_hand(line, by_hand[plan.order_ids[0]]) if len(plan.order_ids) == 1 else None
            if known is not None:
                link_locked(line, known, "by_hand", at)
                continue
            found = certain(plan, line, orders, asked, by_hand)
            shares += found
            for share in found:
                asked[share.order.id] = asked.get(share.order.id, 0) - share.cents
            if not found:
                leave_to_human_locked(plan, line, asked, at)
        if shares:
            book_shares_locked(shares, at)


def certain(
    plan: Plan,
    line: BankLine,
    orders: dict[int, Order],
    asked: dict[int, int],
    by_hand: dict[int, list[LedgerEntry]],
) -> list[Share]:
    """The shares of a plan that needs no human; empty when it does."""
    if any(entry.cents == line.cents for key in plan.order_ids for entry in by_hand[key]):
        return []  # perhaps the same money, marked as received before the file came
    if len(plan.order_ids) == 1 and plan.rule == "reference":
        return [Share(line, orders[plan.order_ids[0]], line.cents, plan.rule)]
    parts = [(key, asked.get(key, 0)) for key in plan.order_ids]
    if sum(cents for _, cents in parts) != line.cents or not all(cents for _, cents in parts):
        return []
    return [Share(line, orders[key], cents, plan.rule) for key, cents in parts]


def hand_receipts_locked(order_ids: Iterable[int]) -> dict[int, list[LedgerEntry]]:
    """Transfers that finance marked as received, or as paid back, by hand and that no line of the bank is known for."""
    query = (
        select(LedgerEntry)
        .outerjoin(BankMatch, BankMatch.ledger_entry_id == LedgerEntry.id)
        .where(among(LedgerEntry.order_id, sorted(order_ids)), LedgerEntry.provider == PROVIDER)
        .where(LedgerEntry.kind.in_((EntryKind.RECEIPT, EntryKind.REFUND)), BankMatch.id.is_(None))
        .where(
            ~LedgerEntry.provider_reference.startswith("bank-"),
            ~LedgerEntry.provider_reference.startswith("refund:bank-"),
        )
        .order_by(LedgerEntry.id)
    )
    found: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in require_writing().scalars(query):
        found[entry.order_id].append(entry)
    return found


def known_by_hand(line: BankLine, entries: list[LedgerEntry]) -> LedgerEntry | None:
    """The receipt by hand with the bank's own reference of this line: the same money."""
    for entry in entries:
        same = entry.provider_reference.strip().casefold() == line.bank_reference.strip().casefold()
        if line.bank_reference and same and entry.cents == line.cents:
            entries.remove(entry)
            return entry
    return None


def leave_to_human_locked(plan: Plan, line: BankLine, asked: dict[int, int], at: datetime) -> None:
    """The orders that the line names, as proposals."""
    session = require_writing()
    left = line.cents
    for order_id in plan.order_ids:
        part = min(left, asked.get(order_id, 0)) if len(plan.order_ids) > 1 else left
        if part > 0:
            session.add(BankMatch(line_id=line.id, order_id=order_id, cents=part, rule=plan.rule))
            left -= part
    line.state, line.decided_at = LineState.PROPOSED, at
    if len(plan.order_ids) > 1:
        line.note = "several_orders"
    else:
        line.note = "other_amount" if plan.rule == "invoice" else "perhaps_by_hand"
