"""The figures of one event: who stands where, what is owed, and how it filled over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from models.base import db
from models.events import Event, Quota
from models.orders import OrderLine
from models.registrations import HOLDING, Registration, Status, Transition


@dataclass(frozen=True)
class Figures:
    """Counts by status; places over all quotas; net cents of the lines owed or paid."""

    by_status: dict[Status, int]
    taken: int
    capacity: int
    net_cents: int

    def count(self, *statuses: Status) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)


def figures(event_id: int) -> Figures:
    """The event's figures now; three queries."""
    statuses = db.session.execute(
        select(Registration.status, func.count()).where(Registration.event_id == event_id).group_by(Registration.status)
    )
    taken, capacity = db.session.execute(
        select(func.coalesce(func.sum(Quota.taken), 0), func.coalesce(func.sum(Quota.capacity), 0)).where(
            Quota.event_id == event_id
        )
    ).one()
    net = db.session.scalar(
        select(func.coalesce(func.sum(OrderLine.net_cents), 0))
        .join(Registration, Registration.id == OrderLine.registration_id)
        .where(Registration.event_id == event_id, Registration.status.in_(HOLDING - {Status.OFFERED}))
    )
    return Figures({Status(status): number for status, number in statuses}, int(taken), int(capacity), int(net or 0))


@dataclass(frozen=True)
class Filling:
    """How an event filled: (day, places taken) at the end of each day on which that changed; days count from `opened`."""

    opened: date
    until: date
    points: list[tuple[int, int]]

    @property
    def days(self) -> int:
        return (self.until - self.opened).days

    def reached(self, number: int) -> date | None:
        """The day on which `number` places were first taken; None when they never were."""
        from datetime import timedelta

        day = next((day for day, taken in self.points if taken >= number), None)
        return None if day is None else self.opened + timedelta(days=day)


def filling(event: Event, at: datetime) -> Filling | None:
    """The filling of an event from the history of its registrations, up to now or its end; None before the first one."""
    steps = db.session.execute(
        select(Transition.at, Transition.from_status, Transition.to_status)
        .join(Registration, Registration.id == Transition.registration_id)
        .where(Registration.event_id == event.id)
        .order_by(Transition.at, Transition.id)
    ).all()
    if not steps:
        return None
    first = steps[0].at.astimezone(event.tz).date()
    opens = event.registration_opens_at
    opened = min(first, opens.astimezone(event.tz).date()) if opens else first
    until = max(min(at, event.ends_at).astimezone(event.tz).date(), steps[-1].at.astimezone(event.tz).date())
    holding = HOLDING | ({Status.PENDING_APPROVAL} if event.holds_requests else set())
    taken = 0
    by_day: dict[int, int] = {0: 0} if opened < first else {}
    for moment, before, after in steps:
        taken += (after in holding) - (before in holding)
        by_day[(moment.astimezone(event.tz).date() - opened).days] = taken
    by_day[(until - opened).days] = taken
    return Filling(opened, until, sorted(by_day.items()))
