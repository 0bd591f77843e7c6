"""Web hooks that come many times, all at once, to several processes: what stands in the ledger then.

Used by bench/money.py (figures) and by tests/engines (proof). With `guard=False` what keeps a payment from counting
twice is taken away, to prove that the storm is strong enough to count twice when nothing guards the ledger.
"""

from __future__ import annotations

import importlib
import random
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.children import forking
from bench.storm import prepare, settings_for, take_the_lock_away
from config import Settings
from integrations.stripe_simulator.server import Simulator

Hook = tuple[bytes, dict[str, str], str]  # body, headers, public id of the attempt


@dataclass
class Delivered:
    """What a storm of web hooks took: seconds for all of them, and for each."""

    seconds: float
    each: list[float] = field(default_factory=list)  # until the receipt is committed
    answers: list[float] = field(default_factory=list)  # until the provider has its answer
    errors: list[str] = field(default_factory=list)


def settings_with(url: str, folder: Path, simulator: Simulator) -> Settings:
    return replace(
        settings_for(url, folder),
        stripe_api_key=simulator.api_key,
        stripe_webhook_secrets=(simulator.secret,),
        stripe_api_base=simulator.url,
    )


@contextmanager
def paying(settings: Settings) -> Iterator[Any]:
    """An application context of an Atrium that takes cards at the simulator."""
    from app import create_app
    from models.base import db

    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def paid_pages(url: str, folder: Path, simulator: Simulator, number: int) -> list[Hook]:
    """An empty database with so many orders whose payment pages were paid, and the web hook of each: nobody told us yet."""
    from models.base import db
    from models.payments import PaymentAttempt
    from models.people import Person
    from services.payments import start
    from services.registrations import register
    from services.wishes import Wish

    (event_id,) = prepare(url, folder, capacity=number, people=number, cents=10000)
    hooks = []
    with paying(settings_with(url, folder, simulator)):
        for person_id in range(1, number + 1):
            person = db.session.get_one(Person, person_id)
            wish = Wish("Guest", f"Number {person_id}", f"guest{person_id}@example.org")
            page = start(register(person, event_id, wish, locale="en").code)
            attempt = db.session.query(PaymentAttempt).filter_by(public_id=page.attempt).one()
            simulator.pay(str(attempt.provider_reference))
            db.session.rollback()
            hooks.append((*simulator.signed(simulator.store.events[-1]), page.attempt))
    return hooks


def deliver(
    url: str,
    folder: Path,
    simulator: Simulator,
    hooks: list[Hook],
    *,
    processes: int = 2,
    threads: int = 8,
    guard: bool = True,
) -> Delivered:
    """Bring all of them at once, each as often as it is in the list."""
    context = forking()
    barrier = context.Barrier(processes + 1)
    answers = context.Queue()
    shuffled = random.sample(hooks, len(hooks))
    settings = settings_with(url, folder, simulator)
    children = [
        context.Process(target=take_part, args=(settings, shuffled[part::processes], threads, guard, barrier, answers))
        for part in range(processes)
    ]
    for child in children:
        child.start()
    barrier.wait(timeout=120)
    started = time.perf_counter()
    result = Delivered(0.0)
    for _ in children:
        each, answered, errors = answers.get(timeout=300)
        result.each += each
        result.answers += answered
        result.errors += errors
    result.seconds = time.perf_counter() - started
    for child in children:
        child.join(timeout=60)
    return result


def take_part(settings: Settings, share: list[Hook], threads: int, guard: bool, barrier: Any, answers: Any) -> None:
    """One process of the storm."""
    from app import create_app

    app = create_app(settings)
    if not guard:
        take_the_guards_away()
    each: list[float] = []
    answered: list[float] = []
    errors: list[str] = []
    begin = threading.Event()
    workers = [
        threading.Thread(target=bring, args=(app, share[index::threads], begin, each, answered, errors))
        for index in range(threads)
    ]
    for worker in workers:
        worker.start()
    barrier.wait(timeout=120)
    begin.set()
    for worker in workers:
        worker.join()
    answers.put((each, answered, errors))


def bring(
    app: Any,
    hooks: list[Hook],
    begin: threading.Event,
    each: list[float],
    answered: list[float],
    errors: list[str],
) -> None:
    """One thread: receive a web hook and work it off, as web server and worker do; the payer comes back meanwhile."""
    from services.payment_inbox import receive, work_off
    from services.payments import refresh

    begin.wait()
    for body, headers, attempt in hooks:
        started = time.perf_counter()
        with app.app_context():
            try:
                event_id = receive("stripe", body, headers, ip="192.0.2.1")
                answered.append(time.perf_counter() - started)
                if event_id is not None:
                    work_off(event_id)
                elif random.random() < 0.3:
                    refresh(attempt)
            except Exception as error:  # every failure is a finding of the storm
                errors.append(f"{type(error).__name__}: {error}"[:300])
        each.append(time.perf_counter() - started)


def take_the_guards_away() -> None:
    """The naive program: no lock, every notice is new, and every receipt has a name of its own."""
    inbox: Any = importlib.import_module("services.payment_inbox")
    truths: Any = importlib.import_module("services.payment_truths")
    keep, movement = inbox.keep, truths.Movement

    def named_anew(kind: Any, provider: str, reference: str, *rest: Any, **more: Any) -> Any:
        return movement(kind, provider, f"{reference}:{secrets.token_hex(4)}", *rest, **more)

    inbox.keep = lambda provider, notice, at: keep(provider, replace(notice, id=notice.id + secrets.token_hex(4)), at)
    truths.Movement = named_anew
    take_the_lock_away()
