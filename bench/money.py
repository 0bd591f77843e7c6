"""Money, part by part, on both engines: what a web hook costs from its arrival to the committed receipt, and more.

    python -m bench.money [--only deliveries | statement] [--json]

Each part is a function of an engine's address and a folder that returns its figures; PARTS names them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.bank_files import imported
from bench.deliveries import deliver, paid_pages
from bench.invoices import invoices
from bench.places import bare_commits, engines
from integrations.stripe_simulator.server import Simulator

Figures = dict[str, Any]
PAYMENTS = 120
LINES = 10_000


def deliveries(url: str, folder: Path) -> Figures:
    """Web hooks of as many payments, each from its arrival to the committed receipt: kept, asked about, booked, confirmed.

    The simulator answers from this machine: a real provider adds its own time, which no transaction of ours waits for.
    """
    with Simulator() as simulator:
        hooks = paid_pages(url, folder, simulator, PAYMENTS)
        result = deliver(url, folder, simulator, hooks, processes=2, threads=2)
    commits = bare_commits(url, folder, 100)
    answered, booked = (sorted(seconds * 1000 for seconds in each) for each in (result.answers, result.each))
    return {
        "web hooks": len(result.each),
        "errors": len(result.errors),
        "per second": round(len(result.each) / result.seconds, 1),
        "answered in ms, median": round(statistics.median(answered), 1),
        "answered in ms, p95": round(answered[int(len(answered) * 0.95)], 1),
        "booked in ms, median": round(statistics.median(booked), 1),
        "booked in ms, p95": round(booked[int(len(booked) * 0.95)], 1),
        "bare commits per second": round(commits, 1),
    }


def statement(url: str, folder: Path) -> Figures:
    """A bank's file of ten thousand transfers, each for an order that waits: read, kept, booked, its place confirmed, its
    mail queued; how much the process grows for the whole file and for half of it; and reading the file alone."""
    return imported(url, folder, LINES, 1)


PARTS: dict[str, Callable[[str, Path], Figures]] = {
    "deliveries": deliveries,
    "statement": statement,
    "invoices": invoices,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, dict[str, Figures]] = {}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as urls:
        for part in options.only or PARTS:
            for engine, url in urls.items():
                found = PARTS[part](url, Path(name))
                figures.setdefault(part, {})[engine] = found
                print(f"{part}, {engine}: " + ", ".join(f"{name} {value}" for name, value in found.items()))
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
