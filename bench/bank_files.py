"""Material of bench/money.py and of the race in tests/engines: orders that wait for money, and the bank's file that brings it."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from bench.exports import held
from bench.storm import looking, prepare

GROSS = 50820


def fill(url: str, folder: Path, orders: int) -> None:
    """So many orders of one place each that wait for their money."""
    prepare(url, folder, capacity=orders, people=orders, cents=42000)
    with looking(url, folder):
        from models.events import Quota
        from models.orders import Order, OrderLine
        from models.registrations import Registration, Transition
        from services.transaction import writing

        rows = [rows_of(number) for number in range(1, orders + 1)]
        with writing() as session:
            for position, table in enumerate((Order, Registration, OrderLine, Transition)):
                session.execute(insert(table), [row[position] for row in rows])
            session.execute(update(Quota).values(taken=orders))


def rows_of(number: int) -> tuple[dict[str, Any], ...]:
    """One order, its registration, its line, its beginning."""
    from integrations.references import structured_communication

    at, address = datetime.now(UTC), f"guest{number}@example.org"
    return (
        {"id": number, "code": f"MH-{number:08d}", "reference": structured_communication(number), "buyer_id": number,
         "buyer_email": address, "created_at": at},
        {"id": number, "event_id": 1, "ticket_id": 1, "quota_id": 1, "order_id": number, "person_id": number,
         "status": "awaiting_payment", "holds_place": True, "hold_until": at + timedelta(days=9), "given_name": "Guest",
         "family_name": f"Number {number}", "email": address, "created_at": at, "updated_at": at},
        {"order_id": number, "registration_id": number, "description": "A day", "net_cents": 42000, "vat": "standard",
         "vat_rate": 21, "vat_cents": 8820, "gross_cents": GROSS, "why": "The price for everyone."},
        {"registration_id": number, "to_status": "awaiting_payment", "reason": "registered", "at": at},
    )  # fmt: skip


def write_file(path: Path, lines: int) -> None:
    """The transfers of all of them, in the order in which people pay: any."""
    import random
    import re

    from integrations.bank.writing import Transfer, Written, camt
    from integrations.references import structured_communication

    day = datetime.now(UTC).date()
    numbers = random.Random(20261130).sample(range(1, lines + 1), lines)
    entries = (
        Transfer(GROSS, day, f"Guest Number {number}", "BE71096123456769",
                 re.sub(r"\D", "", structured_communication(number)), "", f"B{number:08d}")
        for number in numbers
    )  # fmt: skip
    account = "BE68539007547034"
    with path.open("w") as file:
        file.writelines(camt(Written(account, "2026/1", day, 0, entries, GROSS * lines, "camt.053.001.08")))


def import_once(url: str, folder: str, name: str, answers: Any) -> None:
    """One import in a process of its own, and what it left."""
    from models.base import db
    from models.orders import LedgerEntry
    from models.registrations import Registration

    with looking(url, Path(folder)):
        from integrations.bank import read_statements
        from services.statements import import_statement

        with Path(name).open("rb") as file:
            list(read_statements(file))  # what a server has loaded
            before = held()
            started = time.perf_counter()
            list(read_statements(file))
            read = time.perf_counter() - started
            started, worked = time.perf_counter(), time.process_time()
            found = import_statement(file, name="bench.xml", actor=None)
            took, cpu = time.perf_counter() - started, time.process_time() - worked
        grown = held() - before
        booked = db.session.query(LedgerEntry).count()
        confirmed = db.session.query(Registration).filter_by(status="confirmed").count()
    answers.put(
        {"seconds": took, "cpu": cpu, "read_seconds": read, "lines": found.new, "booked": booked, "confirmed": confirmed,
         "grown_mb": grown}
    )  # fmt: skip


def imported(url: str, folder: Path, lines: int, runs: int) -> dict[str, float]:
    """The median of the runs with all lines, and the growth with half of them."""
    context = multiprocessing.get_context("spawn")
    file = folder / "bench.xml"
    figures: dict[str, float] = {}
    for size in (lines // 2, lines):
        found = []
        for _ in range(runs if size == lines else 1):
            fill(url, folder, size)
            write_file(file, size)
            answers = context.Queue()
            child = context.Process(target=import_once, args=(url, str(folder), str(file), answers))
            child.start()
            found.append(answers.get(timeout=600))
            child.join()
        middle = {name: round(statistics.median(run[name] for run in found), 2) for name in found[0]}
        figures |= middle if size == lines else {"grown_mb_half": middle["grown_mb"]}
    return figures
