"""The desk's list of events: every event one may see, by where it stands, with its places."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from models.areas import Area
from models.base import db
from models.courses import Publication
from models.events import Event, Quota, Run, event_area
from models.registrations import Registration, Status
from models.search import folded

PAGE = 30


@dataclass
class EventRow:
    """One event of the list; `taken` and `capacity` over all its quotas."""

    id: int
    slug: str
    titles: dict[str, str]
    kind: str
    publication: str
    run: str
    venue: str
    city: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    taken: int = 0
    capacity: int = 0
    waiting: int = 0
    areas: list[str] = field(default_factory=list)  # slugs

    @property
    def has_dates(self) -> bool:
        """A draft without slots starts and ends at the moment it was made."""
        return self.ends_at > self.starts_at


COLUMNS = (
    Event.id, Event.slug, Event.titles, Event.kind, Event.publication, Event.run, Event.venue, Event.city, Event.zone,
    Event.starts_at, Event.ends_at,
)  # fmt: skip


def published(*runs: Run) -> Callable[[EventRow], bool]:
    return lambda row: row.publication == Publication.PUBLISHED and row.run in runs


SHOWN: dict[str, Callable[[EventRow], bool]] = {
    "ahead": published(Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING),
    "drafts": lambda row: row.publication == Publication.DRAFT,
    "postponed": published(Run.POSTPONED),
    "to_close": published(Run.ENDED),
    "closed": published(Run.CLOSED),
    "cancelled": published(Run.CANCELLED),
    "archived": lambda row: row.publication == Publication.ARCHIVED,
    "all": lambda row: row.publication != Publication.ARCHIVED,
}


@dataclass(frozen=True)
class Listing:
    """One page of the list, how many there are in all, and how many each choice would show."""

    rows: list[EventRow]
    total: int
    page: int
    counts: dict[str, int]


def list_events(visible: Collection[int] | None, shown: str, query: str = "", page: int = 1) -> Listing:
    """The events with these ids (None: all) that `shown` selects and whose title, place or address has every word of
    `query`, whatever the accents; what is ahead by its date, the rest from the latest back."""
    select_rows = select(*COLUMNS)
    if visible is not None:
        select_rows = select_rows.where(Event.id.in_(visible))
    words = folded(query).split()
    found = [row for row in map(row_of, db.session.execute(select_rows)) if matches(row, words)]
    counts = {name: sum(map(rule, found)) for name, rule in SHOWN.items()}
    rows = [row for row in found if SHOWN[shown](row)]
    rows.sort(key=lambda row: (row.starts_at, row.id), reverse=shown != "ahead")
    last = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), last)
    here = rows[(page - 1) * PAGE : page * PAGE]
    add_places(here)
    return Listing(here, len(rows), page, counts)


def row_of(values: Any) -> EventRow:
    return EventRow(*values)


def matches(row: EventRow, words: list[str]) -> bool:
    if not words:
        return True
    text = folded(" ".join([*row.titles.values(), row.venue, row.city, row.slug]))
    return all(word in text for word in words)


def add_places(rows: list[EventRow]) -> None:
    """Places, people who wait and areas of these events; three queries whatever their number."""
    by_id = {row.id: row for row in rows}
    if not by_id:
        return
    quotas = select(Quota.event_id, func.sum(Quota.taken), func.sum(Quota.capacity)).group_by(Quota.event_id)
    for event_id, taken, capacity in db.session.execute(quotas.where(Quota.event_id.in_(by_id))):
        by_id[event_id].taken, by_id[event_id].capacity = int(taken), int(capacity)
    waiting = (
        select(Registration.event_id, func.count())
        .where(Registration.event_id.in_(by_id), Registration.status == Status.WAITLISTED)
        .group_by(Registration.event_id)
    )
    for event_id, number in db.session.execute(waiting):
        by_id[event_id].waiting = number
    areas = (
        select(event_area.c.event_id, Area.slug)
        .join(Area, Area.id == event_area.c.area_id)
        .where(event_area.c.event_id.in_(by_id))
        .order_by(Area.position)
    )
    for event_id, slug in db.session.execute(areas):
        by_id[event_id].areas.append(slug)
