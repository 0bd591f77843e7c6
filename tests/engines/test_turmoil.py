"""Eight processes register, cancel, accept, pay, move, decide and change capacities on four events; one is killed in the
middle. On both engines the books are sound afterwards, and what was answered is there."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from bench.storm import looking
from bench.turmoil import PROCESSES, Turmoil, prepare, turmoil
from models.base import db
from models.orders import LedgerEntry, Order
from models.outbox import OutboxMessage
from models.registrations import Registration, Status, Transition
from services.orders import balance
from services.soundness import violations

pytestmark = pytest.mark.engines

TOLD = {
    "registration_cancelled": Transition.to_status == Status.CANCELLED,
    "registration_expired": Transition.to_status == Status.EXPIRED,
    "place_offered": Transition.to_status == Status.OFFERED,
    "payment_received": Transition.reason == "paid",
    "registration_transferred": (Transition.reason == "date_changed") & Transition.from_status.is_(None),
}
"""Which mail tells of which step."""


def unsound_orders() -> list[str]:
    """Orders whose money does not add up: paid and not confirmed, confirmed and not paid, or a place without its line."""
    found = []
    loaded = select(Order).options(
        selectinload(Order.lines), selectinload(Order.registrations), selectinload(Order.ledger)
    )
    for order in db.session.scalars(loaded):
        money, live = balance(order), {Status(row.status) for row in order.registrations}
        if len(order.lines) != len(order.registrations):
            found.append(f"{order.code}: {len(order.registrations)} places on {len(order.lines)} lines")
        if money.received_cents - money.refunded_cents != sum(entry.cents for entry in order.ledger):
            found.append(f"{order.code}: the ledger says something else than {money}")
        if Status.CONFIRMED in live and money.to_pay_cents:
            found.append(f"{order.code}: a place confirmed with {money.to_pay_cents} cents to pay")
        if Status.AWAITING_PAYMENT in live and not money.to_pay_cents:
            found.append(f"{order.code}: a place that waits for money which is there")
    return found


def counted(query: Select[Any, int]) -> Counter[int]:
    return Counter({int(row): int(number) for row, number in db.session.execute(query)})


def told_wrongly() -> list[str]:
    """Registrations that were told of a step twice, or not at all."""
    found = []
    for template, step in TOLD.items():
        steps = select(Transition.registration_id, func.count()).where(step).group_by(Transition.registration_id)
        mails = (
            select(OutboxMessage.registration_id, func.count())
            .where(OutboxMessage.template == template)
            .group_by(OutboxMessage.registration_id)
        )
        taken, sent = counted(steps), counted(mails)
        found += [
            f"{template}: {taken[row]} steps, {sent[row]} mails" for row in taken | sent if taken[row] != sent[row]
        ]
    return found


LEDGER = select(LedgerEntry.provider_reference, LedgerEntry.cents)


def lost(answers: Turmoil) -> list[str]:
    """What was answered and is not there."""
    orders = set(db.session.scalars(select(Order.code)))
    entries = [(reference, cents) for reference, cents in db.session.execute(LEDGER)]
    doubled = [reference for reference, times in Counter(reference for reference, _ in entries).items() if times > 1]
    return [
        *(code for code in answers.orders if code not in orders),
        *(receipt for receipt, _ in set(answers.receipts) - set(entries)),
        *doubled,
    ]


def test_without_the_lock_turmoil_breaks_the_books(both_engines: str, tmp_path: Path) -> None:
    """The races are real: the next test cannot pass by luck."""
    for _ in range(3):
        answers = turmoil(both_engines, tmp_path, prepare(both_engines, tmp_path), 400, kill=False, lock=False)
        with looking(both_engines, tmp_path):
            if violations() or unsound_orders() or told_wrongly():
                return
    pytest.fail(f"three rounds without a lock broke nothing: {answers}")


def test_two_thousand_operations_and_a_killed_process(both_engines: str, tmp_path: Path) -> None:
    answers = turmoil(both_engines, tmp_path, prepare(both_engines, tmp_path), 2000)
    assert answers.exits == [-signal.SIGKILL] + [0] * (PROCESSES - 1)
    assert answers.errors == []
    assert answers.operations >= 2000
    names = ("register", "cancel", "accept", "pay", "transfer", "capacity", "approve", "expire")
    assert min(answers.done[name] for name in names) > 4, answers.done
    assert len(answers.receipts) == len({reference for reference, _ in answers.receipts}), "money was counted twice"
    with looking(both_engines, tmp_path):
        assert violations() == []
        assert unsound_orders() == []
        assert told_wrongly() == []
        assert lost(answers) == []
        assert (db.session.scalar(select(func.count()).select_from(Registration)) or 0) >= len(answers.orders)
