"""Complete registrations a second over HTTP: the page with its form and token, the post, the confirmed order.

    python -m bench.rush [--seconds 6] [--engine sqlite|postgresql] [--profile] [--json]

Two web workers as `flask serve` starts them, 8 and then 64 keep-alive clients in processes of their own, each a signed-in
person who registers for one free event after another. Beside it, in the same run, bare commits of two rows a second: what
the engine and the disk give at best. With `--profile`, where the time of one registration goes.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import multiprocessing
import pstats
import re
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.pages import PRODUCTION, Served, received, served
from bench.places import bare_commits, engines
from bench.storm import looking, prepare, settings_for

LIMIT = 150.0
CROWDS = (8, 64)
EVENTS, PEOPLE = 60, 128
TOKEN = re.compile(rb'name="csrf_token"[^>]*?value="([^"]+)"')
SHOWN = re.compile(rb'name="shown_cents"[^>]*?value="([^"]*)"')
COOKIE = re.compile(rb"(?im)^set-cookie: (atrium=[^;]+)")
END = b"\r\n\r\n"


def cookies_of_people(url: str, folder: Path) -> list[str]:
    """Everybody signs in: the cookie of each."""
    from sqlalchemy import select

    from app import create_app
    from models.base import db, now
    from models.credentials import SignIn
    from models.people import EmailAddress, Person, address_key
    from services.transaction import writing

    app = create_app(settings_for(url, folder))
    seal = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookies = []
    with app.app_context():
        with writing() as session:
            for person_id in session.scalars(select(Person.id)).all():
                key, address = secrets.token_urlsafe(32), f"guest{person_id}@example.org"
                hashed = hashlib.sha256(key.encode()).hexdigest()
                session.add_all(
                    [
                        EmailAddress(
                            person_id=person_id, address=address, key=address_key(address), proven_at=now(), is_primary=True
                        ),
                        SignIn(key_hash=hashed, person_id=person_id, method="demo", expires_at=now() + timedelta(days=1)),
                    ]
                )  # fmt: skip
                cookies.append("atrium=" + seal.dumps({"sign_in": key}))
        db.session.remove()
        db.engine.dispose()
    return cookies


class Client:
    """One person with a browser that keeps its connection and its cookie."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie
        self.line = socket.create_connection(("127.0.0.1", port))

    def register(self, slug: str) -> bool:
        """Open the page, send its form; whether the answer leads to the order."""
        path = f"/events/{slug}/register"
        status, page = self.ask(f"GET {path} HTTP/1.1\r\n")
        token = TOKEN.search(page)
        if status != b"200" or token is None:
            return False
        shown = SHOWN.search(page)
        body = f"act=go&csrf_token={token.group(1).decode()}&shown_cents={shown.group(1).decode() if shown else ''}"
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        status, answer = self.ask(f"POST {path} HTTP/1.1\r\n{form}", body)
        return status in (b"302", b"303") and b"/orders/" in answer

    def ask(self, head: str, body: str = "") -> tuple[bytes, bytes]:
        """Status, and head and body of the answer."""
        rest = f"Host: localhost\r\nAccept-Language: en\r\nCookie: {self.cookie}\r\n\r\n{body}"
        self.line.sendall((head + rest).encode())
        data = b""
        while END not in data:
            data += received(self.line)
        top, _, content = data.partition(END)
        length = re.search(rb"(?i)content-length: (\d+)", top)
        missing = int(length.group(1)) - len(content) if length else 0
        while missing > 0:
            data += (more := received(self.line))
            missing -= len(more)
        if cookie := COOKIE.search(top):
            self.cookie = cookie.group(1).decode()
        return top.split(b" ", 2)[1], data


def press(
    port: int, cookies: list[list[str]], slugs: list[str], warm: float, seconds: float, start: Any, answers: Any
) -> None:
    """One process of clients: each works through its people and the events, registering one after another."""
    done, wrong, times = [0, 0], [0], []
    start.wait()
    before, warmed = time.process_time(), time.monotonic() + warm
    ends = warmed + seconds

    def one(mine: list[str]) -> None:
        for cookie in mine:
            client = Client(port, cookie)
            for slug in slugs:
                began = time.monotonic()
                if began > ends:
                    return
                if not client.register(slug):
                    wrong[0] += 1
                    continue
                inside = warmed <= time.monotonic() <= ends
                done[inside] += 1
                if inside:
                    times.append(time.monotonic() - began)

    threads = [threading.Thread(target=one, args=(mine,)) for mine in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((done, wrong[0], times, time.monotonic() < ends, time.process_time() - before))


def rush(server: Served, cookies: list[str], slugs: list[str], clients: int, seconds: float) -> dict[str, float]:
    """So many clients at once: registrations a second, the usual and the slow one in milliseconds, and the processor time
    of each: the two web workers', and the clients', who run on the same processors."""
    context = multiprocessing.get_context("spawn")
    processes = 2
    start, answers = context.Barrier(processes + 1), context.Queue()
    shares = [cookies[number::clients] for number in range(clients)]
    children = [
        context.Process(target=press, args=(server.port, shares[part::processes], slugs, 1.5, seconds, start, answers))
        for part in range(processes)
    ]
    for child in children:
        child.start()
    start.wait(timeout=60)
    before = server.cpu_seconds()
    found = [answers.get(timeout=seconds + 120) for _ in children]
    spent = server.cpu_seconds() - before
    for child in children:
        child.join()
    inside, every = sum(done[1] for done, *_ in found), sum(sum(done) for done, *_ in found)
    wrong = sum(one[1] for one in found)
    if wrong or any(one[3] for one in found):
        raise RuntimeError(f"{wrong} registrations failed; or there were too few people")
    times = sorted(moment for one in found for moment in one[2])
    return {
        "per_second": round(inside / seconds, 1),
        "median_ms": round(1000 * times[len(times) // 2], 1),
        "p99_ms": round(1000 * times[len(times) * 99 // 100], 1),
        "cpu_ms": round(1000 * spent / every, 2),
        "clients_cpu_ms": round(1000 * sum(one[4] for one in found) / every, 2),
        "all": every,
    }


def measure(url: str, folder: Path, seconds: float) -> dict[str, Any]:
    """The figures of one engine."""
    prepare(url, folder, capacity=1_000_000, people=PEOPLE, events=EVENTS)
    cookies = cookies_of_people(url, folder)
    environment = {
        **PRODUCTION, "DATABASE_URL": url, "INSTANCE_PATH": str(folder),
        "QUEUE_URL": f"sqlite:///{folder / 'queue.db'}" if url.startswith("sqlite") else url,
    }  # fmt: skip
    found: dict[str, Any] = {"bare_commits_per_second": round(bare_commits(url, folder), 1)}
    with served("atrium", environment) as server:
        for number, clients in enumerate(CROWDS):
            slugs = [f"storm-{event}" for event in range(number, EVENTS, len(CROWDS))]
            found[str(clients)] = rush(server, cookies, slugs, clients, seconds)
    found["confirmed"] = confirmed(url, folder)
    if found["confirmed"] != sum(found[str(clients)]["all"] for clients in CROWDS):
        raise RuntimeError(f"answered and confirmed differ: {found}")
    return found


def confirmed(url: str, folder: Path) -> int:
    """How many registrations are confirmed; the books are sound."""
    from sqlalchemy import func, select

    from models.registrations import Registration, Status
    from services.soundness import violations

    with looking(url, folder) as session:
        if problems := violations():
            raise RuntimeError(str(problems))
        return int(session.scalar(select(func.count()).where(Registration.status == Status.CONFIRMED)))


def profile(url: str, folder: Path) -> None:
    """Where the time of 200 registrations goes, and which statements one of them sends."""
    from sqlalchemy import event

    from app import create_app
    from models.base import db

    prepare(url, folder, capacity=1_000_000, people=PEOPLE, events=EVENTS)
    cookies, sent = cookies_of_people(url, folder), []
    app = create_app(settings_for(url, folder))
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda c, cursor, statement, *rest: sent.append(statement))

    def register(cookie: str, slug: str) -> None:
        browser, path = app.test_client(), f"/events/{slug}/register"
        name, _, value = cookie.partition("=")
        browser.set_cookie(name, value)
        page = browser.get(path).get_data()
        token = TOKEN.search(page)
        assert token is not None
        answer = browser.post(path, data={"csrf_token": token.group(1).decode(), "shown_cents": "0", "act": "go"})
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)

    for slug in range(20):
        register(cookies[0], f"storm-{slug}")
    sent.clear()
    register(cookies[1], "storm-0")
    print(*(" ".join(statement.split())[:150] for statement in sent), sep="\n")
    profiler = cProfile.Profile()
    profiler.runcall(lambda: [register(cookies[2 + n % 100], f"storm-{n // 100}") for n in range(200)])
    for order in ("cumulative", "tottime"):
        pstats.Stats(profiler).sort_stats(order).print_stats(60)
    with app.app_context():
        db.engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report: dict[str, Any] = {"limit": LIMIT, "engines": {}}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as addresses:
        for engine, url in addresses.items():
            if asked.engine not in (None, engine):
                continue
            if asked.profile:
                profile(url, Path(name))
            report["engines"][engine] = found = measure(url, Path(name), asked.seconds)
            if not asked.json:
                print("\n".join(sentences(engine, found)))
    report["reached"] = all(
        found[str(clients)]["per_second"] >= LIMIT for found in report["engines"].values() for clients in CROWDS
    )
    print(json.dumps(report) if asked.json else f"{LIMIT:.0f}/s reached: {'yes' if report['reached'] else 'no'}")


def sentences(engine: str, found: dict[str, Any]) -> Iterator[str]:
    bare = found["bare_commits_per_second"]
    yield f"{engine}: {bare:.0f} bare two-row commits/s; {found['confirmed']} registrations confirmed, books sound"
    for clients in CROWDS:
        one = found[str(clients)]
        yield (
            f"  {clients:>2} clients {one['per_second']:6.1f} registrations/s, 1 : {bare / one['per_second']:.1f} of bare "
            f"commits, {one['median_ms']:.0f} ms (99 %: {one['p99_ms']:.0f} ms), {one['cpu_ms']:.1f} ms of processor "
            f"in the web workers, {one['clients_cpu_ms']:.1f} in the clients"
        )


if __name__ == "__main__":
    main()
