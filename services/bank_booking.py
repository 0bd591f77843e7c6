"""Booking a line of the bank on orders: the locks in their order, the ledger, and what the money covers.

Every act locks the events of its orders, then the orders, then the bank lines, each in ascending id, and reads them anew:
a line that somebody else has decided about meanwhile is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, select

from models.bank import BankLine, BankMatch, BankStatement, LineState
from models.orders import EntryKind, LedgerEntry, Order
from models.people import Person
from models.registrations import HOLDING, Registration
from services.late_money import begin_again_locked
from services.ledger import Movement, book_many_locked
from services.many_rows import among, insert_many_locked, update_many_locked
from services.outbox import queue_mail_locked
from services.places import FRESH, lock_events_locked
from services.settling import Settled, settle_many_locked
from services.transaction import require_writing

PROVIDER = "transfer"
OPEN = (LineState.NEW, LineState.PROPOSED)


@dataclass(frozen=True)
class Share:
    """A part of a line for one order. `receipt_id` when it takes back what an earlier receipt brought."""

    line: BankLine
    order: Order
    cents: int
    rule: str
    kind: EntryKind = EntryKind.RECEIPT
    receipt_id: int | None = None


def lock_orders_locked(order_ids: Iterable[int]) -> dict[int, Order]:
    """Lock the events of these orders, then the orders, and read them anew: as services/orders.lock_order_locked, all is
    let go and taken again when a change of date brought another event meanwhile."""
    session, ids = require_writing(), sorted(set(order_ids))
    events = select(Registration.event_id).where(among(Registration.order_id, ids)).distinct()
    query = select(Order).where(among(Order.id, ids)).order_by(Order.id).with_for_update().execution_options(**FRESH)
    while True:
        known = set(session.scalars(events))
        with session.begin_nested() as attempt:
            lock_events_locked(known)
            orders = {order.id: order for order in session.scalars(query)}
            if known >= set(session.scalars(events)):
                return orders
            attempt.rollback()


def lock_lines_locked(line_ids: Iterable[int], states: Sequence[LineState] = OPEN) -> dict[int, BankLine]:
    """Lock those of the lines that stand in one of the states."""
    query = select(BankLine).where(among(BankLine.id, sorted(set(line_ids)))).order_by(BankLine.id).with_for_update()
    lines = require_writing().scalars(query.execution_options(**FRESH))
    return {line.id: line for line in lines if line.state in states}


def moment_of(day: date, at: datetime) -> datetime:
    """Noon of a day on the statement, where the bank is; never later than now."""
    zone = ZoneInfo(current_app.extensions["cluster"].zone)
    return min(datetime.combine(day, time(12), zone).astimezone(UTC), at)


def book_shares_locked(shares: Sequence[Share], at: datetime, *, actor: Person | None = None) -> list[Settled]:
    """Book the shares and settle their orders; a line that is placed whole is matched. Orders and lines are locked.

    One mail for each order, however many lines brought its money.
    """
    statements = statement_words_locked(shares)
    used = entries_of_locked([share.line for share in shares])
    movements = []
    for share in shares:
        used[share.line.id] += 1
        movements.append((share.order, movement_of(share, used[share.line.id], statements, actor, at)))
    entries = book_many_locked(movements, at)
    match_shares_locked(list(zip(shares, entries, strict=True)), at, actor)
    settled = settle_paid_locked({share.order.id: share.order for share in shares}, at, actor)
    came: Counter[int] = Counter()
    for share in shares:
        came[share.order.id] += share.cents
    for found in settled:
        tell_what_is_missing_locked(found, came[found.order.id])
    return settled


def match_shares_locked(shares: Sequence[tuple[Share, int | None]], at: datetime, actor: Person | None) -> None:
    """The matches of shares and their ledger entries: a proposal that is taken is booked, the others are written at once."""
    matches = matches_locked([share.line for share, _ in shares])
    new: dict[tuple[int, int], dict[str, Any]] = {}
    for share, entry_id in shares:
        key = (share.line.id, share.order.id)
        values = {"cents": share.cents, "rule": share.rule, "ledger_entry_id": entry_id}
        if key not in matches:
            new[key] = {"line_id": share.line.id, "order_id": share.order.id, **values}
            continue
        for name, value in values.items():
            setattr(matches[key], name, value)
    insert_many_locked(BankMatch, list(new.values()))
    booked: Counter[int] = Counter()
    for share, entry_id in shares:
        booked[share.line.id] += share.cents if entry_id and (share.line.id, share.order.id) in new else 0
    finish_lines_locked({share.line.id: share.line for share, _ in shares}, matches, at, actor, booked)


def settle_paid_locked(orders: dict[int, Order], at: datetime, actor: Person | None) -> list[Settled]:
    """Settle orders that got money; what reaches beyond what is owed may bring places back that were given up too late."""
    settled = {found.order.id: found for found in settle_many_locked(orders.values(), at, actor=actor)}
    again = [found.order for found in settled.values() if found.money_cents > found.owed_cents]
    begun = [order for order in again if begin_again_locked(order, at)]
    settled |= {found.order.id: found for found in settle_many_locked(begun, at, actor=actor)} if begun else {}
    return list(settled.values())


def movement_of(share: Share, number: int, statements: dict[int, str], actor: Person | None, at: datetime) -> Movement:
    """The ledger's words for a share: whose money, from which statement."""
    note = " · ".join(part for part in (share.line.counterparty, statements[share.line.statement_id]) if part)
    return Movement(
        share.kind,
        PROVIDER,
        f"bank-{share.line.public_id}-{number}",
        share.cents,
        moment_of(share.line.booked_on, at),
        note=note,
        actor=actor,
        receipt_id=share.receipt_id,
    )


def statement_words_locked(shares: Sequence[Share]) -> dict[int, str]:
    ids = {share.line.statement_id for share in shares}
    query = select(BankStatement.id, BankStatement.reference).where(BankStatement.id.in_(ids))
    return dict(require_writing().execute(query).all())


def entries_of_locked(lines: Iterable[BankLine]) -> Counter[int]:
    """How many ledger entries each line has had: the number of the next keeps its reference apart. A line that was never
    decided about has none."""
    found: Counter[int] = Counter()
    for line in {line.id: line for line in lines if line.note or line.decided_at}.values():
        query = select(func.count()).where(
            LedgerEntry.provider == PROVIDER, LedgerEntry.provider_reference.startswith(f"bank-{line.public_id}-")
        )
        found[line.id] = require_writing().scalar(query) or 0
    return found


def matches_locked(lines: Iterable[BankLine]) -> dict[tuple[int, int], BankMatch]:
    ids = {line.id for line in lines}
    query = select(BankMatch).where(among(BankMatch.line_id, ids)).execution_options(**FRESH)
    return {(match.line_id, match.order_id): match for match in require_writing().scalars(query)}


def finish_lines_locked(
    lines: dict[int, BankLine],
    matches: dict[tuple[int, int], BankMatch],
    at: datetime,
    actor: Person | None,
    booked_beside: Mapping[int, int] | None = None,
) -> None:
    """Where the lines stand now: matched when all of the amount is booked, by the matches or beside them. Then the
    proposals nobody took go."""
    session = require_writing()
    booked: Counter[int] = Counter(booked_beside or {})
    for match in matches.values():
        if match.ledger_entry_id is not None:
            booked[match.line_id] += match.cents
    by = actor.id if actor else None
    whole = [line for line in lines.values() if booked[line.id] == line.cents]
    update_many_locked(whole, {"state": LineState.MATCHED, "note": "", "decided_at": at, "decided_by_id": by})
    parts = [line for line in lines.values() if booked[line.id] != line.cents]
    update_many_locked(parts, {"decided_at": at, "decided_by_id": by})
    for match in matches.values():
        if match.ledger_entry_id is None and lines[match.line_id].state == LineState.MATCHED:
            session.delete(match)


def link_locked(line: BankLine, entry: LedgerEntry, rule: str, at: datetime, actor: Person | None = None) -> None:
    """The line's money is in the ledger already."""
    session, matches = require_writing(), matches_locked([line])
    match = matches.get((line.id, entry.order_id)) or BankMatch(line_id=line.id, order_id=entry.order_id)
    match.cents, match.rule, match.ledger_entry_id = entry.cents, rule, entry.id
    session.add(match)
    session.flush()
    finish_lines_locked({line.id: line}, matches_locked([line]), at, actor)


def tell_what_is_missing_locked(settled: Settled, came_cents: int) -> None:
    """Too little came: the buyer reads how much is still to come. Whoever is confirmed by it has that mail."""
    if settled.confirmed or not settled.to_pay_cents or came_cents <= 0:
        return
    order = settled.order
    about = next((row for row in settled.registrations if row.status in HOLDING), settled.registrations[0])
    queue_mail_locked(
        "payment_partly",
        order.buyer_email,
        locale=order.locale,
        person=order.buyer_id,
        event=about.event_id,
        registration=about.id,
        context={"cents": came_cents, "missing": settled.to_pay_cents},
    )
