"""Many processes at one event: who gets a place when a hundred people press the button together.

Used by bench/places.py (figures) and by tests/engines (proof). With `lock=False` the lock is taken away, to prove that
the storm is strong enough to oversell when nothing guards the places.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.children import forking
from config import ROOT, Settings


@dataclass
class Result:
    """What a storm left behind."""

    seconds: float
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


def settings_for(url: str, folder: Path) -> Settings:
    return Settings(
        mode="test",
        secret_key="storm",
        public_url="http://localhost",
        instance=folder,
        database_url=url,
        queue_url="memory://",
        mail_url=f"folder://{folder / 'mail'}",
        storage_url=f"folder://{folder / 'files'}",
        cluster_file=ROOT / "sample" / "cluster.toml",
    )


def prepare(url: str, folder: Path, *, capacity: int, people: int, events: int = 1, cents: int = 0) -> list[int]:
    """An empty database with `events` events of `capacity` places and `people` persons; returns the events' ids."""
    from app import create_app
    from models.base import Base, db, now
    from models.events import Event, EventKind, Quota, Slot, Ticket
    from models.people import Person
    from services.transaction import writing

    app = create_app(settings_for(url, folder))
    with app.app_context():
        with db.engine.connect().execution_options(writing=True) as connection:
            Base.metadata.drop_all(connection)
            Base.metadata.create_all(connection)
            connection.commit()
        begins = now() + timedelta(days=30)
        with writing() as session:
            session.add_all(Person(given_name="Guest", family_name=f"Number {n}") for n in range(people))
            rows = []
            for number in range(events):
                event = Event(
                    slug=f"storm-{number}", kind=EventKind.NETWORKING, publication="published", titles={"en": "Storm"},
                    starts_at=begins, ends_at=begins + timedelta(hours=3),
                )  # fmt: skip
                quota = Quota(event=event, capacity=capacity)
                session.add_all(
                    [
                        event,
                        quota,
                        Slot(event=event, starts_at=begins, ends_at=begins + timedelta(hours=3)),
                        Ticket(event=event, quota=quota, names={"en": "Place"}, net_cents=cents),
                    ]
                )
                rows.append(event)
            session.flush()
            ids = [event.id for event in rows]
        db.session.remove()
        db.engine.dispose()
    return ids


def storm(
    url: str,
    folder: Path,
    event_ids: list[int],
    people: int,
    *,
    processes: int = 4,
    threads: int = 4,
    cancel_every: int = 0,
    lock: bool = True,
    voucher: str = "",
) -> Result:
    """Everybody registers at once; with `cancel_every` = n, every n-th cancels again right after. `voucher`: the code
    that everybody has."""
    context = forking()
    barrier = context.Barrier(processes + 1)
    answers = context.Queue()
    shares = [list(range(1 + part, people + 1, processes)) for part in range(processes)]
    children = [
        context.Process(
            target=take_part,
            args=(url, str(folder), event_ids, share, threads, cancel_every, lock, voucher, barrier, answers),
        )
        for share in shares
    ]
    for child in children:
        child.start()
    barrier.wait(timeout=120)
    started = time.perf_counter()
    result = Result(0.0)
    for _ in children:
        done, errors = answers.get(timeout=300)
        result.done.update(done)
        result.errors += errors
    result.seconds = time.perf_counter() - started
    for child in children:
        child.join(timeout=60)
    return result


def take_part(
    url: str,
    folder: str,
    event_ids: list[int],
    share: list[int],
    threads: int,
    cancel_every: int,
    lock: bool,
    voucher: str,
    barrier: Any,
    answers: Any,
) -> None:
    """One process of the storm."""
    from app import create_app

    app = create_app(settings_for(url, Path(folder)))
    if not lock:
        take_the_lock_away()
    done: Counter[str] = Counter()
    errors: list[str] = []
    parts = [share[index::threads] for index in range(threads)]
    start = threading.Event()
    workers = [
        threading.Thread(target=press, args=(app, event_ids, part, cancel_every, voucher, start, done, errors))
        for part in parts
    ]
    for worker in workers:
        worker.start()
    barrier.wait(timeout=120)
    start.set()
    for worker in workers:
        worker.join()
    answers.put((dict(done), errors))


def press(
    app: Any,
    event_ids: list[int],
    people: list[int],
    cancel_every: int,
    voucher: str,
    start: threading.Event,
    done: Counter[str],
    errors: list[str],
) -> None:
    """One thread: each person registers, and some think better of it."""
    from models.base import db
    from models.people import Person
    from models.registrations import Registration
    from services.registrations import cancel, register
    from services.vouchers import VoucherUsedUp
    from services.wishes import Wish

    start.wait()
    for number in people:
        with app.app_context():
            try:
                person = db.session.get_one(Person, number)
                wish = Wish("Guest", f"Number {number}", f"guest{number}@example.org", voucher=voucher)
                order = register(person, random.choice(event_ids), wish, locale="en")
                done["registered"] += 1
                if cancel_every and number % cancel_every == 0:
                    public_id = db.session.query(Registration.public_id).filter_by(order_id=order.id).scalar()
                    cancel(public_id, actor=person)
                    done["cancelled"] += 1
            except VoucherUsedUp:
                done["too late"] += 1
            except Exception as error:  # every failure is a finding of the storm
                errors.append(f"{type(error).__name__}: {error}"[:300])


def take_the_lock_away() -> None:
    """The naive program: no transaction of one's own on SQLite, no row lock on PostgreSQL."""
    from sqlalchemy import Engine, bindparam, event, select
    from sqlalchemy.sql.selectable import GenerativeSelect, Select

    from models.events import Event
    from services import places, transaction

    def no_begin(connection: Any) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only=OFF")

    event.remove(Engine, "begin", transaction.on_begin)
    event.listen(Engine, "begin", no_begin)

    def unlocked(self: Any, **options: Any) -> Any:
        return self

    places.LOCKED_EVENT = select(Event).where(Event.id == bindparam("event_id"))  # the other one is written already
    for kind in (GenerativeSelect, Select):
        kind.with_for_update = unlocked  # type: ignore[method-assign]


@contextmanager
def looking(url: str, folder: Path) -> Any:
    """An application context on the storm's database, to look at what it left."""
    from app import create_app
    from models.base import db

    app = create_app(settings_for(url, folder))
    with app.app_context():
        yield db.session
        db.session.remove()
        db.engine.dispose()
