"""What the money of an order covers: a covered place is confirmed, and its person told. One order, or many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from models.events import Event, Quota
from models.orders import LedgerEntry, Order, OrderLine
from models.people import Person
from models.registrations import Registration, Status, Transition
from services.invoicing import issue_due_locked
from services.notices import tell_buyer_locked, tell_locked
from services.outbox import mails_together_locked
from services.places import FRESH, step_locked, write_steps_locked
from services.transaction import require_writing


@dataclass(frozen=True)
class Settled:
    """An order after settling, in cents: what it owes, and what of its money stayed."""

    order: Order
    registrations: Sequence[Registration]
    confirmed: list[Registration]
    owed_cents: int
    money_cents: int

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
    """The same for many orders with three queries in all; an order without lines is left out."""
    session = require_writing()
    session.flush()
    ids = [order.id for order in orders]
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_(ids))
        .options(joinedload(OrderLine.registration).joinedload(Registration.order))
        .order_by(OrderLine.id)
        .execution_options(**FRESH)
    ):
        lines[line.order_id].append(line)
    wanted = {line.registration.quota_id for found in lines.values() for line in found}
    quotas = session.scalars(select(Quota).where(Quota.id.in_(wanted))).all() if len(ids) > 1 else []
    places = {line.registration.event_id for found in lines.values() for line in found} if len(ids) > 1 else set()
    events = session.scalars(select(Event).where(Event.id.in_(places))).all() if places else []
    sums = select(LedgerEntry.order_id, func.sum(LedgerEntry.cents)).where(LedgerEntry.order_id.in_(ids))
    sums = sums.where(~LedgerEntry.contested)  # what a dispute took is not asked for again, nor does it give a place up
    money = {order_id: int(cents) for order_id, cents in session.execute(sums.group_by(LedgerEntry.order_id))}
    steps: list[Transition] = []
    with session.no_autoflush, mails_together_locked():  # what is written below is written together
        settled = [settle_lines_locked(lines[key], money.get(key, 0), at, actor, steps) for key in ids if lines[key]]
    write_steps_locked(steps)
    del quotas, events  # held so far: the identity map forgets what nobody holds, and each place asks for its own
    for found in settled:
        issue_due_locked(found.order, at, actor=actor)
    return settled


def settle_lines_locked(
    lines: list[OrderLine], money: int, at: datetime, actor: Person | None, steps: list[Transition]
) -> Settled:
    """One order by its loaded lines and the sum of its ledger. What it adds to `steps` is still to be written."""
    confirmed = []
    for line in covered(lines, money):
        steps.append(step_locked(line.registration, Status.CONFIRMED, actor=actor, reason="paid", at=at))
        tell_locked("payment_received", line.registration, {"cents": line.gross_cents})
        confirmed.append(line.registration)
    tell_buyer_of_payment_locked(confirmed)
    registrations = [line.registration for line in lines]
    return Settled(registrations[0].order, registrations, confirmed, sum(line.owed_cents for line in lines), money)


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
