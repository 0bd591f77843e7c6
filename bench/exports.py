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
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event as sqlalchemy_event

from bench.crowd import fill
from bench.places import engines
from bench.storm import looking

HOUSEKEEPING = ("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")


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
