"""The ledger: what money really did, each movement once. The only place that writes a ledger entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from models.base import db
from models.orders import EntryKind, LedgerEntry, Order
from models.people import Person
from services.many_rows import among, insert_many_locked
from services.transaction import require_writing


@dataclass(frozen=True)
class Movement:
    """Money that moved. `cents`: in positive, out negative. `reference` is the provider's own and counts once for it."""

    kind: EntryKind
    provider: str
    reference: str
    cents: int
    booked_at: datetime
    note: str = ""
    actor: Person | None = None
    attempt_id: int | None = None
    receipt_id: int | None = None  # the receipt that a refund, a dispute or its end is about


def booked(provider: str, reference: str) -> LedgerEntry | None:
    """The entry of a movement that is in the ledger already."""
    query = select(LedgerEntry).where(LedgerEntry.provider == provider, LedgerEntry.provider_reference == reference)
    return db.session.scalar(query)


def book_locked(order: Order, movement: Movement, at: datetime) -> LedgerEntry | None:
    """Write the movement; None when it is there already. The order must be locked (services/orders.lock_order_locked)."""
    session = require_writing()
    known = select(LedgerEntry.id).where(
        LedgerEntry.provider == movement.provider, LedgerEntry.provider_reference == movement.reference
    )
    if session.scalar(known) is not None:
        return None
    entry = entry_of(order, movement, at)
    session.add(entry)
    session.flush()
    return entry


def book_many_locked(movements: Sequence[tuple[Order, Movement]], at: datetime) -> list[int | None]:
    """The same for many movements of one provider, whose orders are locked: two statements in all. The entries' ids."""
    known = select(LedgerEntry.provider_reference).where(
        LedgerEntry.provider.in_({movement.provider for _, movement in movements}),
        among(LedgerEntry.provider_reference, [movement.reference for _, movement in movements]),
    )
    there = set(require_writing().scalars(known))
    rows = [values_of(order, movement, at) for order, movement in movements if movement.reference not in there]
    ids = dict(zip([row["provider_reference"] for row in rows], insert_many_locked(LedgerEntry, rows), strict=True))
    return [ids.get(movement.reference) for _, movement in movements]


def entry_of(order: Order, movement: Movement, at: datetime) -> LedgerEntry:
    return LedgerEntry(order=order, **values_of(order, movement, at))


def values_of(order: Order, movement: Movement, at: datetime) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "kind": movement.kind,
        "provider": movement.provider,
        "provider_reference": movement.reference,
        "cents": movement.cents,
        "note": movement.note[:300],
        "actor_id": movement.actor.id if movement.actor else None,
        "attempt_id": movement.attempt_id,
        "receipt_id": movement.receipt_id,
        "booked_at": movement.booked_at,
        "created_at": at,
    }


def left_of(receipt_id: int) -> int:
    """What of a receipt has not gone back by refund or dispute, in cents."""
    back = db.session.scalar(select(func.sum(LedgerEntry.cents)).where(LedgerEntry.receipt_id == receipt_id)) or 0
    received = db.session.scalar(select(LedgerEntry.cents).where(LedgerEntry.id == receipt_id)) or 0
    return int(received) + int(back)
