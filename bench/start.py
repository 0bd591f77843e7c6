"""How long `flask serve` takes to its first page, what a web worker weighs, and how long it takes to stop.

    python -m bench.start [--rounds 3] [--engine sqlite|postgresql] [--json]

The database holds the sample season. Memory is the resident set of the heavier of two web workers after 400 pages, which
counts what it shares with its parent; `own` is the part that is not shared.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from bench.places import engines
from config import ROOT

LIMITS = {"first page s": 2.0, "web worker MB": 130.0}
PAGES = ("/", "/events", "/programmes", "/sign-in", "/calendar")


def environment_for(url: str, folder: Path, port: int) -> dict[str, str]:
    environment = {**os.environ, "ATRIUM_MODE": "demo", "INSTANCE_PATH": str(folder), "DATABASE_URL": url}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a newcomer's second start finds everything compiled
    return {**environment, "PORT": str(port), "HOST": "127.0.0.1", "FLASK_APP": "app.py", "PUBLIC_URL": ""}


def one_round(environment: dict[str, str]) -> dict[str, float]:
    """Start, first page, 400 pages, stop."""
    began = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{environment['PORT']}"
    while not answers(base + "/"):
        if server.poll() is not None:
            raise RuntimeError("flask serve ended before its first page")
        time.sleep(0.01)
    first_page = time.monotonic() - began
    for number in range(400):
        answers(base + PAGES[number % len(PAGES)])
    weights = [worker.memory_full_info() for worker in web_workers(server.pid)]
    began = time.monotonic()
    server.terminate()
    server.wait()
    return {
        "first page s": first_page,
        "web worker MB": max(weight.rss for weight in weights) / 1e6,
        "own MB": max(weight.uss for weight in weights) / 1e6,
        "stop s": time.monotonic() - began,
    }


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            answer.read()
            return True
    except OSError:
        return False


def web_workers(pid: int) -> list[psutil.Process]:
    """The children of the child that has children: granian's workers."""
    return [worker for child in psutil.Process(pid).children() for worker in child.children()]


def look(url: str, folder: Path, rounds: int) -> dict[str, float]:
    """The median of some rounds on one engine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        environment = environment_for(url, folder, free.getsockname()[1])
    subprocess.run(
        [sys.executable, "-m", "flask", "sample"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    found = [one_round(environment) for _ in range(rounds)]
    return {name: round(statistics.median(result[name] for result in found), 2) for name in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="atrium-") as name, engines(Path(name)) as urls:
        for engine, url in urls.items():
            if options.engine in (None, engine):
                folder = Path(name) / engine
                folder.mkdir()
                results[engine] = look(url, folder, options.rounds)
                say(engine, results[engine])
    if options.json:
        print(json.dumps({"limits": LIMITS, "results": results}))


def say(engine: str, figures: dict[str, float]) -> None:
    for figure, value in figures.items():
        limit = LIMITS.get(figure)
        print(f"{engine:11} {figure:14} {value:8.2f}" + (f"  (limit {limit:.0f})" if limit else ""))


if __name__ == "__main__":
    main()
