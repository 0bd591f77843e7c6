"""One event with twenty thousand registrations, exported: how long, how many queries, how much memory.

    python -m bench.exports [--people 20000] [--runs 3] [--json]

The list is the purpose with the most columns. Beside each figure stands its ratio to a bare loop in the same run, which
writes as many cells with Python's own csv module and reads nothing.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event as sqlalchemy_event, insert

from bench.places import engines
from bench.storm import looking, prepare

FIRST = ["Élodie", "Bob", "Carol", "Đorđe", "Ngọc", "Anna-Lena", "Wim", "Zoë", "Jean-Pierre", "Łukasz", "İpek"]
LAST = ["Renard", "Lambert", "Nguyễn", "Wouters", "D’Hondt", "Øvergård", "Özdemir", "Van den Broeck", "Dubois"]
HOUSES = ["Lysara Biologics", "CHU de Liège", "UCLouvain", "", "Médiasambre & Fils", "Vasseur, Claes et associés"]
NEEDS = ["", "", "", "", "Vegetarian", "Gluten-free; please no nuts", "Wheelchair"]
HOUSEKEEPING = ("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")


def fill(url: str, folder: Path, people: int) -> None:
    """A paid event of one slot with `people` confirmed registrations, paid and marked, in an empty database; and one that
    nobody has found yet."""
    prepare(url, folder, capacity=people, people=1, events=2, cents=42000)
    with looking(url, folder):
        from models.base import db
        from services.transaction import writing

        with writing() as session:
            for table, rows in tables(people).items():
                for at in range(0, len(rows), 2_000):
                    session.execute(insert(table), rows[at : at + 2_000])
        if not url.startswith("sqlite"):
            with db.engine.connect().execution_options(writing=True, isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")


def tables(people: int) -> dict[Any, list[dict[str, Any]]]:
    """Orders, registrations, lines, receipts and marks, as rows, in the order in which they can be written."""
    chance = random.Random(20)
    found: dict[Any, list[dict[str, Any]]] = {}
    for number in range(1, people + 1):
        for kind, row in rows_of(number, chance).items():
            found.setdefault(kind, []).append(row)
    return found


def rows_of(number: int, chance: random.Random) -> dict[Any, dict[str, Any]]:
    """One person's."""
    from models.attendance import AttendanceMark
    from models.orders import LedgerEntry, Order, OrderLine
    from models.registrations import Registration

    at = datetime(2026, 9, 1, 8, tzinfo=UTC) + timedelta(seconds=97 * number)
    address = f"person{number}@house{number % 90}.example"
    code = f"MH-{number:08d}"
    return {
        Order: {
            "id": number, "code": code, "reference": f"+++{number:013d}+++", "buyer_id": 1, "buyer_email": address,
            "created_at": at,
        },
        Registration: {
            "id": number, "event_id": 1, "ticket_id": 1, "quota_id": 1, "order_id": number, "status": "confirmed",
            "holds_place": True, "given_name": chance.choice(FIRST), "family_name": chance.choice(LAST), "email": address,
            "phone": f"+32 470 {number:06d}", "organisation_name": chance.choice(HOUSES), "needs": chance.choice(NEEDS),
            "is_member": number % 3 == 0, "visible_to_guests": number % 2 == 0, "created_at": at, "updated_at": at,
        },
        OrderLine: {
            "order_id": number, "registration_id": number, "description": "A day", "net_cents": 42000, "vat": "standard",
            "vat_rate": 21, "vat_cents": 8820, "gross_cents": 50820, "why": "The price for everyone.",
        },
        LedgerEntry: {
            "order_id": number, "kind": "receipt", "provider": "transfer", "provider_reference": code, "cents": 50820,
            "booked_at": at,
        },
        AttendanceMark: {
            "client_id": code, "registration_id": number, "slot_id": 1, "presence": "present", "marked_at": at,
        },
    }  # fmt: skip


def once(url: str, folder: str, form: str, answers: Any) -> None:
    """One export in a process of its own, after one of the empty event, which loads what a server has loaded."""
    from models.base import db
    from models.events import Event
    from services.attendee_columns import Purpose
    from services.attendee_lists import Asked, Format, export

    with looking(url, Path(folder)):
        full, empty = (db.session.get_one(Event, number) for number in (1, 2))
        b"".join(export(Asked(empty, Purpose.FULL, Format(form), "en", None)).blocks)
        sent = [0]

        def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            sent[0] += not statement.startswith(HOUSEKEEPING)

        sqlalchemy_event.listen(db.engine, "before_cursor_execute", count)
        before, size = held(), 0
        started, worked = time.perf_counter(), time.process_time()
        for block in export(Asked(full, Purpose.FULL, Format(form), "en", None)).blocks:
            size += len(block)
        took, cpu = time.perf_counter() - started, time.process_time() - worked
        answers.put({"seconds": took, "cpu": cpu, "queries": sent[0], "bytes": size, "grown_mb": held() - before})


def held() -> float:
    """The most memory this process has held since the last call, in MB (Linux: man 5 proc, VmHWM and clear_refs)."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def bare(people: int, columns: int) -> float:
    """Seconds that Python's csv module needs for as many cells."""
    row = ["Some words to fill"] * columns
    started = time.perf_counter()
    csv.writer(io.StringIO(), delimiter=";").writerows(row for _ in range(people))
    return time.perf_counter() - started


def measure(url: str, folder: Path, people: int, runs: int) -> dict[str, Any]:
    """The median of the runs in each format, and how much a process grows for the whole list and for half of it."""
    context = multiprocessing.get_context("spawn")
    figures: dict[str, Any] = {}
    for size in (people // 2, people):
        fill(url, folder, size)
        for form in ("csv", "xlsx"):
            found = []
            for _ in range(runs if size == people else 1):
                answers = context.Queue()
                child = context.Process(target=once, args=(url, str(folder), form, answers))
                child.start()
                found.append(answers.get(timeout=300))
                child.join()
            key = form if size == people else f"{form}_half"
            figures[key] = {name: round(statistics.median(run[name] for run in found), 2) for name in found[0]}
    return figures


def main() -> None:
    from services.attendee_columns import COLUMNS, Purpose

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    columns = len(COLUMNS[Purpose.FULL])
    figures: dict[str, Any] = {"people": options.people, "columns": columns}
    limits = {"csv": 1.5, "xlsx": 4.0}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as urls:
        loop = figures["bare_csv_seconds"] = round(bare(options.people, columns), 3)
        print(f"{options.people} registrations × {columns} columns; a bare csv loop takes {loop} s")
        for engine, url in urls.items():
            figures[engine] = found = measure(url, Path(name), options.people, options.runs)
            for form, limit in limits.items():
                one, half = found[form], found[f"{form}_half"]
                print(
                    f"{engine} {form}: {one['seconds']} s (limit {limit}), {one['seconds'] / loop:.1f} × the bare loop, "
                    f"{one['cpu']} s of it our own work, {one['queries']:.0f} statements, {one['bytes'] / 1e6:.1f} MB; "
                    f"the process grows by {one['grown_mb']} MB, for half the people by {half['grown_mb']} MB"
                )
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
