"""The attendees of one event at the desk: searched, filtered, sorted and paged; and one registration with its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload, selectinload

from models.base import Texts, db
from models.events import Ticket
from models.orders import Order, OrderLine
from models.outbox import OutboxMessage
from models.questions import Answer
from models.registrations import HOLDING, LIVE, Registration, Status, Transition
from models.search import folded
from services.orders import load_order

PAGE = 50


@dataclass(frozen=True)
class Attendee:
    """One row of the list. `net_cents` is the price agreed, without VAT."""

    public_id: str
    given_name: str
    family_name: str
    email: str
    organisation: str
    status: str
    ticket_id: int
    ticket: Texts
    created_at: datetime
    queued_at: datetime | None
    is_member: bool
    net_cents: int
    has_answered: bool
    studies: str  # where and what, as a student says it

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


COLUMNS = (
    Registration.public_id, Registration.given_name, Registration.family_name, Registration.email,
    Registration.organisation_name, Registration.status, Registration.ticket_id, Ticket.names, Registration.created_at,
    Registration.queued_at, Registration.is_member, OrderLine.net_cents,
    exists().where(Answer.registration_id == Registration.id).correlate(Registration), Registration.studies,
)  # fmt: skip

GROUPS: dict[str, frozenset[Status]] = {
    "coming": HOLDING,
    "waiting": frozenset({Status.WAITLISTED, Status.PENDING_APPROVAL}),
    "gone": frozenset(Status) - LIVE,
}
"""What the list is most often asked for, beside the single statuses."""

ORDER = list(Status)
SORTS: dict[str, Callable[[Attendee], Any]] = {
    "name": lambda row: (folded(row.family_name), folded(row.given_name)),
    "organisation": lambda row: (not row.organisation, folded(row.organisation), folded(row.family_name)),
    "status": lambda row: (ORDER.index(Status(row.status)), row.queued_at or row.created_at),
    "registered": lambda row: row.created_at,
    "price": lambda row: (row.net_cents, folded(row.family_name)),
}


@dataclass(frozen=True)
class Wanted:
    """What of the list is asked for. `sort` is a key of SORTS, with `-` before it from the other end."""

    query: str = ""
    status: str = ""  # a status or a key of GROUPS; '' for all
    ticket: str = ""  # public id
    sort: str = "-registered"
    page: int = 1


@dataclass(frozen=True)
class AttendeeList:
    """One page, how many match, and how many registrations the event has by status and by group."""

    rows: list[Attendee]
    total: int
    page: int
    counts: dict[str, int]


def list_attendees(event_id: int, wanted: Wanted) -> AttendeeList:
    """The attendees of an event in one query; words are looked for in name, address and organisation without regard to
    accents, which no collation of both engines does alike."""
    found = [Attendee(*row) for row in db.session.execute(of_event(event_id))]
    counts = {status.value: sum(row.status == status for row in found) for status in Status}
    counts |= {name: sum(counts[status] for status in group) for name, group in GROUPS.items()}
    asked = GROUPS.get(wanted.status) or ({wanted.status} if wanted.status in ORDER else frozenset(Status))
    ticket_id = ticket_of(event_id, wanted.ticket)
    words = folded(wanted.query).split()
    rows = [
        row
        for row in found
        if row.status in asked and (ticket_id is None or row.ticket_id == ticket_id) and has_words(row, words)
    ]
    key = SORTS.get(wanted.sort.removeprefix("-"), SORTS["registered"])
    rows.sort(key=key, reverse=wanted.sort.startswith("-"))
    page = min(max(wanted.page, 1), max(1, -(-len(rows) // PAGE)))
    return AttendeeList(rows[(page - 1) * PAGE : page * PAGE], len(rows), page, counts)


def of_event(event_id: int) -> Any:
    return (
        select(*COLUMNS)
        .join(Ticket, Ticket.id == Registration.ticket_id)
        .join(OrderLine, OrderLine.registration_id == Registration.id)
        .where(Registration.event_id == event_id)
        .order_by(Registration.id)
    )


def ticket_of(event_id: int, public_id: str) -> int | None:
    if not public_id:
        return None
    return db.session.scalar(select(Ticket.id).where(Ticket.public_id == public_id, Ticket.event_id == event_id)) or 0


def has_words(row: Attendee, words: list[str]) -> bool:
    if not words:
        return True
    text = folded(f"{row.given_name} {row.family_name} {row.email} {row.organisation}")
    return all(word in text for word in words)


def tickets_of(event_id: int) -> list[tuple[str, Texts]]:
    """Public id and names of every ticket of the event, withdrawn ones included: people hold them."""
    query = (
        select(Ticket.public_id, Ticket.names).where(Ticket.event_id == event_id).order_by(Ticket.position, Ticket.id)
    )
    return [(public_id, names) for public_id, names in db.session.execute(query)]


def chosen(event_id: int, public_ids: list[str]) -> list[Attendee]:
    """Those of the event with these public ids, by name; ids of other events are left out."""
    query = of_event(event_id).where(Registration.public_id.in_(public_ids[:500]))
    return sorted((Attendee(*row) for row in db.session.execute(query)), key=SORTS["name"])


@dataclass(frozen=True)
class Dossier:
    """One registration with its order, its money, its history and the mails about it."""

    registration: Registration
    order: Order
    steps: list[Transition]
    mails: list[OutboxMessage]


def load_dossier(event_id: int, public_id: str) -> Dossier | None:
    """All that the desk shows of one registration; None when the event has no such one."""
    code = db.session.scalar(
        select(Order.code)
        .join(Registration, Registration.order_id == Order.id)
        .where(Registration.public_id == public_id, Registration.event_id == event_id)
    )
    order = load_order(code) if code else None
    if order is None:
        return None
    registration = next(row for row in order.registrations if row.public_id == public_id)
    steps = db.session.scalars(
        select(Transition)
        .where(Transition.registration_id == registration.id)
        .options(joinedload(Transition.actor))
        .order_by(Transition.at, Transition.id)
    )
    mails = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.registration_id == registration.id).order_by(OutboxMessage.id)
    )
    return Dossier(registration, order, list(steps), list(mails))


def event_tickets_on_sale(event_id: int, at: datetime) -> list[Ticket]:
    """What a walk-in can be given, dearest audience aside: the tickets that are not withdrawn, with their quota."""
    query = (
        select(Ticket)
        .where(Ticket.event_id == event_id, Ticket.withdrawn_at.is_(None))
        .options(selectinload(Ticket.quota))
        .order_by(Ticket.position, Ticket.id)
    )
    return [ticket for ticket in db.session.scalars(query) if ticket.is_on_sale(at)]
