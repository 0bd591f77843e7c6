"""A training that is over, with its people and their marks: what closing and certificates begin with.

Everything goes through the services, at the time at which it would have happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import time_machine

from models.attendance import Presence
from models.base import db, now, random_id
from models.events import Event, Slot
from models.people import Person
from models.registrations import Registration
from services.attendance import mark
from services.event_changes import advance_runs
from services.registrations import register
from tests.cast import Cast, half_days, make_event, morning_in
from tests.services.post import wish_of

P = Presence
PRESENT, LATE, LEFT_EARLY, ABSENT, EXCUSED, UNMARKED = P.PRESENT, P.LATE, P.LEFT_EARLY, P.ABSENT, P.EXCUSED, P.UNMARKED


@dataclass
class Held:
    """An event whose slots are over, and who was on its list."""

    event: Event
    slots: list[Slot]
    registrations: list[Registration]

    @property
    def over(self) -> datetime:
        """A moment after the last slot."""
        return self.slots[-1].ends_at + timedelta(hours=1)


def held(
    cast: Cast,
    *presences: Sequence[Presence],
    people: Sequence[Person] = (),
    locale: str = "en",
    starts_at: datetime | None = None,
    **changes: Any,
) -> Held:
    """A free event of two mornings (`slots=` for more) that began five days ago; one confirmed registration for each
    row of presences, of Bob, Carol and Dora or of `people`. An `unmarked` presence leaves no mark."""
    starts_at = starts_at or morning_in(-5)
    number = changes.pop("slots", 2)
    spans = half_days(starts_at, number) if isinstance(number, int) else number
    with time_machine.travel(starts_at - timedelta(days=20), tick=False):
        event = make_event(**{"public_cents": 0, "member_cents": None, "slots": spans, **changes})
        crowd = [*people] or [cast.bob, cast.carol, cast.dora]
        rows = [enrol(event, person, locale=locale) for person in crowd[: len(presences)]]
    slots = slots_of(event)
    for row, kinds in zip(rows, presences, strict=True):
        for slot, presence in zip(slots, kinds, strict=True):
            if presence is not P.UNMARKED:
                tap(row, slot, presence)
    advance_runs(min(now(), slots[-1].ends_at + timedelta(minutes=1)))
    return Held(event, slots, rows)


def slots_of(event: Event) -> list[Slot]:
    return list(db.session.query(Slot).filter_by(event_id=event.id).order_by(Slot.starts_at))


def enrol(event: Event, person: Person, *, locale: str = "en", **changes: Any) -> Registration:
    """`person` registered through the service, as of the present instant of the test."""
    order = register(person, event.id, wish_of(person, **changes), locale=locale)
    return db.session.query(Registration).filter_by(order_id=order.id).one()


def tap(registration: Registration, slot: Slot, presence: Presence, minutes: int = 5) -> Presence:
    """One mark, some minutes after the slot began."""
    at = slot.starts_at + timedelta(minutes=minutes)
    return mark(slot.public_id, registration.public_id, presence, actor=None, client_id=random_id(), at=at)
