"""Public pages a second, with 500 events, two granian workers and eight keep-alive clients; nothing is cached.

    python -m bench.pages [--seconds 5] [--engine sqlite|postgresql] [--profile] [--json]

Prints on each engine: event pages and catalogue pages (24 cards) a second with the client on the same machine, the same
for a Flask that only says “ok”, their ratio, and how many queries each page sends.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import multiprocessing
import os
import pstats
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.places import engines
from bench.season import make_season
from bench.storm import settings_for
from commands.web import THREADS
from config import ROOT

LIMITS = {"event page": 300.0, "catalogue": 200.0}
MOST_QUERIES = 8
CLIENTS = 8
PRODUCTION = {
    "ATRIUM_MODE": "production", "SECRET_KEY": "storm", "PUBLIC_URL": "http://localhost", "MAIL_URL": "smtp://localhost",
}  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A running server: where it listens, and the process its workers descend from."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time used so far by the server and its workers; 0 where there is no /proc."""
        ticks, family = 0, {self.pid}
        stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.is_file()]
        fields = [(int(text.split(" ", 1)[0]), text.rpartition(")")[2].split()) for text in stats]
        for pid, rest in sorted(fields):
            if pid in family or int(rest[1]) in family:
                family.add(pid)
                ticks += int(rest[11]) + int(rest[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(factory: str, environment: dict[str, str]) -> Iterator[Served]:
    """Two granian workers that serve `bench.served:factory`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", f"bench.served:{factory}", "--factory", "--interface", "wsgi", "--workers", "2",
        "--blocking-threads", str(THREADS), "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(port: int, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")


def rate(server: Served, paths: list[str], seconds: float) -> tuple[float, float]:
    """Answers a second that eight keep-alive clients get in a process of their own, and the server's processor time for
    each of them in milliseconds: what stays the same when the machine is busy with something else."""
    before = server.cpu_seconds()
    answers: Any = multiprocessing.get_context("spawn").Queue()
    client = multiprocessing.get_context("spawn").Process(target=ask, args=(server.port, paths, seconds, answers))
    client.start()
    count, asked, took, wrong = answers.get(timeout=seconds + 60)
    client.join()
    if wrong:
        raise RuntimeError(f"{wrong} answers were not 200")
    return count / took, 1000 * (server.cpu_seconds() - before) / asked


def ask(port: int, paths: list[str], seconds: float, answers: Any) -> None:
    """The clients: a warm-up of half a second each, then counting."""
    counts, warmed, wrong, start = [0] * CLIENTS, [0] * CLIENTS, [0], threading.Barrier(CLIENTS + 1)

    def one(number: int) -> None:
        chance = random.Random(number)
        with socket.create_connection(("127.0.0.1", port)) as line:
            warm = time.monotonic() + 0.5
            while time.monotonic() < warm:
                fetch(line, chance.choice(paths))
                warmed[number] += 1
            start.wait()
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                if fetch(line, chance.choice(paths)) == b"200":
                    counts[number] += 1
                else:
                    wrong[0] += 1

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    answers.put((sum(counts), sum(counts) + sum(warmed), time.monotonic() - began, wrong[0]))


def fetch(line: socket.socket, path: str) -> bytes:
    """One GET on an open connection; returns the status."""
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(line)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(field.partition(b":")[2]) for field in head.split(b"\r\n") if field.lower().startswith(b"content-length:")
    )
    missing = length - len(body)
    while missing > 0:
        missing -= len(received(line))
    return head.split(b" ", 2)[1]


def received(line: socket.socket) -> bytes:
    data = line.recv(262144)
    if not data:
        raise ConnectionError("the server closed the line")
    return data


def queries_of(url: str, folder: Path, paths: dict[str, str], profile: bool) -> dict[str, int]:
    """How many statements each page sends, once warm; with `profile`, where its time goes."""
    from sqlalchemy import event

    from app import create_app
    from models.base import db

    app = create_app(settings_for(url, folder))
    client, sent = app.test_client(), [0]

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent[0] += not statement.startswith(("PRAGMA", "BEGIN"))

    found = {}
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    for name, path in paths.items():
        for _ in range(20):
            client.get(path)
        sent[0] = 0
        client.get(path)
        found[name] = sent[0]
        if profile:
            show_profile(client, name, path)
    with app.app_context():
        db.engine.dispose()
    return found


def show_profile(client: Any, name: str, path: str) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(lambda: [client.get(path) for _ in range(200)])
    print(f"\n{name}, 200 times")
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


def look(url: str, folder: Path, seconds: float, profile: bool) -> dict[str, Any]:
    """The figures of one engine."""
    slugs = make_season(url, folder)
    pages = {"event page": [f"/events/{slug}" for slug in slugs], "catalogue": ["/events"]}
    environment = {
        **PRODUCTION, "DATABASE_URL": url, "QUEUE_URL": "memory://", "INSTANCE_PATH": str(folder),
    }  # fmt: skip
    found: dict[str, Any] = {"queries": queries_of(url, folder, {n: p[0] for n, p in pages.items()}, profile)}
    with served("empty", environment) as server:
        found["empty Flask page"], _ = rate(server, ["/"], seconds)
    with served("atrium", environment) as server:
        for name, paths in pages.items():
            found[name], found[f"{name} cpu ms"] = rate(server, paths, seconds)
    missed = {name: paths[0] for name, paths in pages.items() if found[name] < LIMITS[name]}
    if missed and not profile:  # what is in the way
        queries_of(url, folder, missed, profile=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report: dict[str, Any] = {"limits": LIMITS, "most_queries": MOST_QUERIES, "engines": {}}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as addresses:
        for engine, url in addresses.items():
            if asked.engine in (None, engine):
                report["engines"][engine] = look(url, Path(name), asked.seconds, asked.profile)
                if not asked.json:
                    say(engine, report["engines"][engine])
    report["reached"] = all(
        found[page] >= limit and found["queries"][page] <= MOST_QUERIES
        for found in report["engines"].values()
        for page, limit in LIMITS.items()
    )
    print(json.dumps(report) if asked.json else f"All limits reached: {'yes' if report['reached'] else 'no'}")


def say(engine: str, found: dict[str, Any]) -> None:
    empty = found["empty Flask page"]
    print(f"{engine}: empty Flask page {empty:.0f}/s; ratios are to it")
    for page, limit in LIMITS.items():
        cost = f"{found[f'{page} cpu ms']:.1f} ms of processor"
        ratio = f"1 : {empty / found[page]:.1f}"
        print(
            f"  {page:<11} {found[page]:5.0f}/s (limit {limit:.0f}), {ratio}, {cost}, {found['queries'][page]} queries"
        )


if __name__ == "__main__":
    main()
