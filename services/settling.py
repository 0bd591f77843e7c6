"""What the money of an order covers: a covered place is confirmed, and its person told. One order, or many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from models.orders import LedgerEntry, Order, OrderLine
from models.people import Person
from models.registrations import Registration, Status
from services.invoicing import issue_due_locked
from services.many_rows import among
from services.notices import tell_buyer_locked, tell_locked
from services.outbox import mails_together_locked
from services.places import FRESH, confirm_many_locked
from services.transaction import require_writing


@dataclass(frozen=True)
class Settled:
    """An order after settling, in cents: what it owes, and what of its money stayed. `paid` are the lines whose places it
    confirmed, the earliest first."""

    order: Order
    lines: Sequence[OrderLine]
    paid: Sequence[OrderLine]
    money_cents: int

    @property
    def registrations(self) -> list[Registration]:
        return [line.registration for line in self.lines]

    @property
    def confirmed(self) -> list[Registration]:
        return [line.registration for line in self.paid]

    @property
    def owed_cents(self) -> int:
        return sum(line.owed_cents for line in self.lines)

    @property
    def to_pay_cents(self) -> int:
        return max(self.owed_cents - self.money_cents, 0)


def settle_locked(order: Order, at: datetime, *, actor: Person | None = None) -> list[Registration]:
    """Confirm every registration that the order's money covers, earliest `hold_until` first. Returns those confirmed.

    What is confirmed already is covered first. The order's events must be locked.
    """
    found = settle_many_locked([order], at, actor=actor)
    return found[0].confirmed if found else []


def settle_many_locked(orders: Iterable[Order], at: datetime, *, actor: Person | None = None) -> list[Settled]:
    """The same for many locked orders with two queries in all; an order without lines is left out."""
    require_writing().flush()
    by_id = {order.id: order for order in orders}
    lines, money = lines_locked(by_id), money_locked(by_id)
    settled = []
    for key, theirs in lines.items():
        brought = money.get(key, 0)
        settled.append(Settled(by_id[key], theirs, covered(theirs, brought), brought))
    paid = [registration for found in settled for registration in found.confirmed]
    confirm_many_locked(paid, actor=actor, reason="paid", at=at)
    with mails_together_locked():
        for found in settled:
            for line in found.paid:
                tell_locked("payment_received", line.registration, {"cents": line.gross_cents})
            tell_buyer_of_payment_locked(found.confirmed)
    for found in settled:
        issue_due_locked(found.order, at, actor=actor)
    return settled


def lines_locked(orders: dict[int, Order]) -> dict[int, list[OrderLine]]:
    """The lines of locked orders and their registrations, as they are now."""
    query = select(OrderLine).where(among(OrderLine.order_id, orders)).options(joinedload(OrderLine.registration))
    found: dict[int, list[OrderLine]] = {key: [] for key in orders}
    for line in require_writing().scalars(query.order_by(OrderLine.id).execution_options(**FRESH)):
        set_committed_value(line.registration, "order", orders[line.order_id])
        found[line.order_id].append(line)
    return {key: lines for key, lines in found.items() if lines}


def money_locked(order_ids: Collection[int]) -> dict[int, int]:
    """The sum of each order's ledger; nothing for an order without entries. What a dispute took is not asked for again, nor
    does it give a place up."""
    sums = select(LedgerEntry.order_id, func.sum(LedgerEntry.cents)).where(among(LedgerEntry.order_id, order_ids))
    sums = sums.where(~LedgerEntry.contested)
    rows = require_writing().execute(sums.group_by(LedgerEntry.order_id))
    return {order_id: int(cents) for order_id, cents in rows}


def covered(lines: Iterable[OrderLine], money: int) -> list[OrderLine]:
    """The lines whose places the money pays for now and that still wait for it."""
    lines = list(lines)
    money -= sum(line.owed_cents for line in lines if line.registration.status != Status.AWAITING_PAYMENT)
    waiting = [line for line in lines if line.registration.status == Status.AWAITING_PAYMENT]
    found = []
    for line in sorted(
        waiting, key=lambda line: (line.registration.hold_until or line.registration.created_at, line.id)
    ):
        if money < line.gross_cents:
            break
        money -= line.gross_cents
        found.append(line)
    return found


def tell_buyer_of_payment_locked(confirmed: list[Registration]) -> None:
    """One mail to whoever paid for colleagues, however many places the money confirmed."""
    theirs = [row for row in confirmed if row.person_id != row.order.buyer_id]
    if theirs:
        tell_buyer_locked("team_paid", theirs[0], {})
