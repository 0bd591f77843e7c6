"""Eight processes and everything that can happen to a place, on four events at once; one of them is killed in the middle.

The proof is in tests/engines/test_turmoil.py. Each process writes a line to a journal of its own after
each answer, so that what was answered before a `kill -9` can be looked for in the database.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.children import forking
from bench.storm import settings_for, take_the_lock_away

PEOPLE, CAPACITY, PROCESSES = 60, 8, 8


@dataclass
class Turmoil:
    """What the processes were answered: operations by name, refusals, what nobody expected, and money by its reference."""

    seconds: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)  # the codes of those placed
    receipts: list[tuple[str, int]] = field(default_factory=list)  # reference and cents
    exits: list[int | None] = field(default_factory=list)  # of the processes, by number

    @property
    def operations(self) -> int:
        return self.done.total() + self.refused + len(self.errors)


def prepare(url: str, folder: Path) -> list[int]:
    """An empty database with people and four events: free, two dates of one paid course, and one that asks for approval."""
    from app import create_app
    from models.base import Base, db
    from models.courses import Course
    from models.people import Person
    from services.transaction import writing

    app = create_app(settings_for(url, folder))
    with app.app_context():
        with db.engine.connect().execution_options(writing=True) as connection:
            Base.metadata.drop_all(connection)
            Base.metadata.create_all(connection)
            connection.commit()
        with writing() as session:
            session.add_all(Person(given_name="Guest", family_name=f"Number {n}") for n in range(PEOPLE))
            course = Course(
                slug="course", publication="published", titles={"en": "Course"}, summaries={}, minutes=180, languages=["en"]
            )  # fmt: skip
            session.add(course)
            session.flush()
            ids = [
                event_locked("free"),
                event_locked("first-date", 10000, course_id=course.id),
                event_locked("second-date", 20000, course_id=course.id),
                event_locked("asked", approval="organiser"),
            ]
        db.session.remove()
        db.engine.dispose()
    return ids


def event_locked(slug: str, cents: int = 0, **changes: Any) -> int:
    """An event of one slot in a month, and its id."""
    from models.base import now
    from models.events import Event, Quota, Slot, Ticket
    from services.transaction import require_writing

    session, begins = require_writing(), now() + timedelta(days=30)
    event = Event(
        slug=slug, kind="training" if changes.get("course_id") else "networking", publication="published",
        titles={"en": "Turmoil"}, starts_at=begins, ends_at=begins + timedelta(hours=3), **changes,
    )  # fmt: skip
    quota = Quota(event=event, capacity=CAPACITY)
    slot = Slot(event=event, starts_at=event.starts_at, ends_at=event.ends_at)
    session.add_all([event, quota, slot, Ticket(event=event, quota=quota, names={"en": "Place"}, net_cents=cents)])
    session.flush()
    return event.id


def turmoil(
    url: str, folder: Path, event_ids: list[int], operations: int = 2000, *, kill: bool = True, lock: bool = True
) -> Turmoil:
    """Let them loose. With `kill`, the first process dies by its own `kill -9`: half-way, its rows written, the lock in
    its hand, its commit not yet said."""
    context = forking()
    barrier = context.Barrier(PROCESSES + 1)
    share = operations // PROCESSES
    dies_after = share // 2 if kill else 0
    shares = [dies_after or share] + [share + dies_after // (PROCESSES - 1) + bool(kill)] * (PROCESSES - 1)
    journals = [folder / f"journal-{number}" for number in range(PROCESSES)]
    children = [
        context.Process(
            target=live,
            args=(url, str(folder), event_ids, number, shares[number], bool(kill) and not number, lock, barrier),
        )
        for number in range(PROCESSES)
    ]
    for journal in journals:
        journal.unlink(missing_ok=True)
    for child in children:
        child.start()
    barrier.wait(timeout=120)
    began = time.perf_counter()
    for child in children:
        child.join(timeout=300)
    found = Turmoil(time.perf_counter() - began, exits=[child.exitcode for child in children])
    for journal in journals:
        for line in journal.read_text().splitlines():
            note(found, **json.loads(line))
    return found


def note(found: Turmoil, what: str, order: str = "", receipt: str = "", cents: int = 0, error: str = "") -> None:
    """Count one line of a journal."""
    if error:
        found.errors.append(f"{what}: {error}")
    elif what == "refused":
        found.refused += 1
    else:
        found.done[what] += 1
    if order:
        found.orders.append(order)
    if receipt:
        found.receipts.append((receipt, cents))


def live(
    url: str, folder: str, event_ids: list[int], number: int, operations: int, dies: bool, lock: bool, barrier: Any
) -> None:
    """One process: so many operations, each on whatever it finds."""
    from app import create_app
    from models.base import db

    app = create_app(settings_for(url, Path(folder)))
    if not lock:
        take_the_lock_away()
    hand = Hand(event_ids, random.Random(number))
    with (Path(folder) / f"journal-{number}").open("w", buffering=1) as journal:
        barrier.wait(timeout=120)
        for _ in range(operations):
            with app.app_context():
                journal.write(json.dumps(hand.play()) + "\n")
                db.session.remove()
        if dies:
            die_at_the_next_commit()
            for _ in range(100):  # a refusal commits nothing
                with app.app_context():
                    hand.play()
                    db.session.remove()


def die_at_the_next_commit() -> None:
    from sqlalchemy import Connection, Engine, event

    @event.listens_for(Engine, "commit")
    def die(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            os.kill(os.getpid(), signal.SIGKILL)


class Hand:
    """Plays one operation after the other at random."""

    def __init__(self, event_ids: list[int], chance: random.Random) -> None:
        self.events, self.chance = event_ids, chance
        self.weights: dict[Callable[[], dict[str, Any] | None], int] = {
            self.register: 9, self.cancel: 4, self.accept: 3, self.decline: 1, self.pay: 4, self.transfer: 5,
            self.capacity: 1, self.approve: 3, self.expire: 1,
        }  # fmt: skip

    def play(self) -> dict[str, Any]:
        """One operation and its line for the journal."""
        from sqlalchemy.exc import NoResultFound

        from models.registrations import TransitionRefused
        from services.orders import AlreadyBooked
        from services.registrations import RegistrationRefused

        (operation,) = self.chance.choices(list(self.weights), list(self.weights.values()))
        name = operation.__name__
        try:
            more = operation()
        except (RegistrationRefused, TransitionRefused, AlreadyBooked, NoResultFound):
            return {"what": "refused"}
        except Exception as error:  # every other failure is a finding
            return {"what": name, "error": f"{type(error).__name__}: {error}"[:300]}
        return {"what": "refused"} if more is None else {"what": name, **more}

    def some(self, *statuses: str) -> str | None:
        """The public id of a registration in one of these statuses, as they were a moment ago."""
        from sqlalchemy import func, select

        from models.base import db
        from models.registrations import Registration

        query = select(Registration.public_id).where(Registration.status.in_(statuses)).order_by(func.random()).limit(1)
        return db.session.scalar(query)

    def register(self) -> dict[str, Any]:
        from models.base import db
        from models.people import Person
        from services.registrations import register
        from services.wishes import Wish

        number = self.chance.randint(1, PEOPLE)
        wish = Wish("Guest", f"Number {number}", f"guest{number}@example.org")
        person = db.session.get_one(Person, number)
        return {"order": register(person, self.chance.choice(self.events), wish, locale="en").code}

    def cancel(self) -> dict[str, Any] | None:
        from services.registrations import cancel

        return self.on(cancel, "confirmed", "awaiting_payment", "waitlisted", "offered", "pending_approval")

    def accept(self) -> dict[str, Any] | None:
        from services.registrations import accept_offer

        return self.on(accept_offer, "offered")

    def decline(self) -> dict[str, Any] | None:
        from services.registrations import decline_offer

        return self.on(decline_offer, "offered")

    def on(self, act: Callable[..., Any], *statuses: str) -> dict[str, Any] | None:
        public_id = self.some(*statuses)
        if public_id is None:
            return None
        act(public_id, actor=None)
        return {}

    def approve(self) -> dict[str, Any] | None:
        from models.base import db
        from models.people import Person
        from services.approvals import accept, decline

        public_id, organiser = self.some("pending_approval"), db.session.get_one(Person, 1)
        if public_id is None:
            return None
        if self.chance.random() < 0.8:
            accept(public_id, actor=organiser)
        else:
            decline(public_id, actor=organiser, reason="Full of experts.")
        return {}

    def transfer(self) -> dict[str, Any] | None:
        """From one date of the course to the other."""
        from sqlalchemy import func, select

        from models.base import db
        from models.registrations import Registration
        from services.date_changes import change_date

        there, back = self.chance.choice((self.events[1:3], self.events[2:0:-1]))
        query = select(Registration.public_id).where(Registration.event_id == there).order_by(func.random()).limit(1)
        public_id = db.session.scalar(query.where(Registration.status.in_(("confirmed", "awaiting_payment"))))
        if public_id is None:
            return None
        change_date(public_id, back, actor=None)
        return {}

    def pay(self) -> dict[str, Any] | None:
        """All of it, half of it, or too late; and a bank that tells the same movement to several processes."""
        from sqlalchemy import func, select

        from models.base import db, now
        from models.orders import Order, OrderLine
        from models.registrations import Registration
        from services.orders import receive_money

        status = "awaiting_payment" if self.chance.random() < 0.8 else "cancelled"
        found = db.session.execute(
            select(Order.code, OrderLine.gross_cents)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .join(Registration, Registration.id == OrderLine.registration_id)
            .where(Registration.status == status, OrderLine.gross_cents > 0)
            .order_by(func.random())
            .limit(1)
        ).first()
        if found is None:
            return None
        code, cents = found[0], found[1] // self.chance.choice((1, 1, 2))
        reference = f"{code}-{self.chance.randrange(3)}"
        receive_money(code, cents, provider="transfer", provider_reference=reference, booked_at=now(), actor=None)
        return {"receipt": reference, "cents": cents}

    def capacity(self) -> dict[str, Any]:
        from models.base import now
        from services.places import lock_event_locked, quotas_locked
        from services.transaction import writing
        from services.waiting_list import promote_locked

        with writing():
            event = lock_event_locked(self.chance.choice(self.events))
            quota = quotas_locked(event.id)[0]
            quota.capacity = max(quota.taken, CAPACITY + self.chance.randint(-3, 3))
            promote_locked(event, now())
        return {}

    def expire(self) -> dict[str, Any] | None:
        from models.base import now
        from services.registrations import expire

        public_id = self.some("offered", "awaiting_payment")
        if public_id is None or not expire(public_id, now() + timedelta(days=20)):
            return None
        return {}
