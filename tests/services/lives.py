"""What the random lives share: how one begins, how it picks whom something happens to, and what holds of orders after every step.

The lives themselves: test_places_machine.py (every way to a place and out of it) and test_money_machine.py (every way of money).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from models.base import db
from models.orders import Order
from models.outbox import OutboxMessage
from models.people import Person
from models.registrations import START, TRANSITIONS, Registration, Status, Transition
from services.orders import balance, receive_money
from services.settling import covered
from services.soundness import violations
from tests.conftest import empty_database

PICK = st.integers(0, 50)
T = TypeVar("T")


class Life(RuleBasedStateMachine):
    """A life on an empty database. Time goes by its own clock; nothing of it is random but what hypothesis draws."""

    app: Flask
    engine: str
    refusals: tuple[type[Exception], ...] = ()  # what an operation may answer; all else is a defect

    def empty(self) -> None:
        empty_database(self.app, self.engine)
        self.receipts = 0

    def some(self, pick: int, *statuses: Status, **where: Any) -> str | None:
        """The public id of a registration in one of these statuses, and with these values in its columns."""
        query = select(Registration.public_id).where(Registration.status.in_(statuses)).filter_by(**where)
        return picked(pick, db.session.scalars(query.order_by(Registration.id)).all())

    def some_order(self, pick: int) -> str | None:
        """The code of an order that asks for money."""
        query = select(Order.code).where(Order.reference.is_not(None)).order_by(Order.id)
        return picked(pick, db.session.scalars(query).all())

    def receive(self, code: str, cents: int, at: datetime) -> None:
        """A transfer arrives."""
        self.receipts += 1
        reference = f"bank-{self.receipts}"
        receive_money(
            code, cents, provider="transfer", provider_reference=reference, booked_at=at, actor=None, at=at
        )  # fmt: skip

    @contextmanager
    def or_refused(self) -> Iterator[None]:
        """What is refused leaves nothing behind."""
        before = footprint()
        try:
            yield
        except self.refusals:
            db.session.rollback()
            assert footprint() == before

    def must_hold(self, at: datetime) -> None:
        """The invariants of the design, of places and of orders."""
        db.session.rollback()
        wrong = [*violations(at), *wrong_orders()]
        assert not wrong, wrong
        db.session.rollback()


def picked(pick: int, found: Sequence[T]) -> T | None:
    return found[pick % len(found)] if found else None


def footprint() -> tuple[int, ...]:
    """How many rows of those there are that every booking writes."""
    counts = (select(func.count()).select_from(table) for table in (Registration, Transition, OutboxMessage, Person))
    row = db.session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    db.session.rollback()
    return tuple(row)


LOADED = select(Order).options(
    selectinload(Order.lines), selectinload(Order.ledger), selectinload(Order.registrations)
)  # fmt: skip


def wrong_orders() -> list[str]:
    """One sentence for each order whose money or places do not add up."""
    return [
        f"{order.code}: {sentence}"
        for order in db.session.scalars(LOADED.order_by(Order.id))
        for sentence, holds in truths(order).items()
        if not holds
    ]


def truths(order: Order) -> dict[str, bool]:
    """What is true of every order, whatever happened to it."""
    money, ledger = balance(order), sum(entry.cents for entry in order.ledger)
    pays = sum(entry.cents for entry in order.ledger if not entry.contested)
    confirmed = sum(line.gross_cents for line in order.lines if line.registration.status == Status.CONFIRMED)
    rows = {row.id: row for row in order.registrations}
    at_the_door = any(row.source == "walk_in" for row in order.registrations)  # who stands there has none
    return {
        "each registration has one line": sorted(rows) == sorted(line.registration_id for line in order.lines),
        "what it owes is the sum of its lines": money.owed_cents == sum(line.owed_cents for line in order.lines),
        "no line owes more than its price": all(line.owed_cents <= line.gross_cents for line in order.lines),
        "its balance is the sum of its ledger": money.received_cents - money.refunded_cents == ledger,
        "it is paid too much or too little, not both": not (money.to_pay_cents and money.to_return_cents),
        "to pay is what is owed less what pays": money.to_pay_cents == max(money.owed_cents - pays, 0),
        "to return is what stayed less what is owed": money.to_return_cents == max(ledger - money.owed_cents, 0),
        "who awaits payment has a deadline, and who is offered a place": at_the_door
        or all(row.hold_until for row in rows.values() if row.status in (Status.AWAITING_PAYMENT, Status.OFFERED)),
        "no place waits for money that is there": covered(order.lines, pays) == [],
        "nobody has a place for nothing": order.is_on_account or has_been_disturbed(order) or confirmed <= ledger,
    }


def has_been_disturbed(order: Order) -> bool:
    """Whether money went back: a place that was paid for stays when somebody gives back or disputes what paid it."""
    return any(entry.cents < 0 for entry in order.ledger)


def illegal_steps() -> list[str]:
    """Steps of histories that the table does not have, or that do not begin where the last one ended."""
    found, status = [], dict[int, Status]()
    query = select(Transition.registration_id, Transition.from_status, Transition.to_status, Transition.reason)
    for registration, before, after, reason in db.session.execute(query.order_by(Transition.id)):
        allowed = START if before is None else TRANSITIONS[before]
        switched = reason.startswith("moved_") and before == after
        if before != status.get(registration) or not (after in allowed or switched):
            found.append(f"registration {registration}: {before} became {after}, {reason}")
        status[registration] = after
    return found


def live(life: type[Life], *, examples: dict[str, int], steps: int, **facts: Any) -> None:
    """So many random lives (by engine) of so many steps; `facts` are attributes of each.

    The same ones every time: those that the mutations of this code were tried on. `LIVES=new` draws others.
    """
    machine: Any = type(f"{life.__name__}Here", (life,), facts)
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    wanted = settings(
        derandomize=os.environ.get("LIVES") != "new",
        max_examples=examples[facts["engine"]],
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=quiet,
    )
    run_state_machine_as_test(machine, settings=wanted)
