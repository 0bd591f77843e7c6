"""Tickets whose own limit is reached, and organisations at their cap, although the quota may have places left."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from models.base import db
from models.events import Event, Ticket
from models.registrations import Registration


def sold_out(tickets: Iterable[Ticket]) -> frozenset[int]:
    """The ids of those tickets that hold as many places as they may; one query, none when no ticket has a limit."""
    limits = {ticket.id: ticket.limit for ticket in tickets if ticket.limit is not None}
    if not limits:
        return frozenset()
    rows = db.session.execute(
        select(Registration.ticket_id, func.count())
        .where(Registration.ticket_id.in_(limits), Registration.holds_place.is_(True))
        .group_by(Registration.ticket_id)
    )
    return frozenset(ticket_id for ticket_id, held in rows if held >= limits[ticket_id])


def full_tickets(event_id: int) -> tuple[bool, frozenset[int]]:
    """Whether any ticket of the event has a limit of its own, and the ids of those that are full."""
    limited = list(db.session.scalars(select(Ticket).where(Ticket.event_id == event_id, Ticket.limit.is_not(None))))
    return bool(limited), sold_out(limited)


def full_organisations(event: Event) -> frozenset[int]:
    """The ids of the organisations that hold as many places as one may on the event; one query, none without a cap."""
    if event.organisation_cap is None:
        return frozenset()
    rows = db.session.scalars(
        select(Registration.organisation_id)
        .where(Registration.event_id == event.id, Registration.holds_place.is_(True))
        .where(Registration.organisation_id.is_not(None))
        .group_by(Registration.organisation_id)
        .having(func.count() >= event.organisation_cap)
    )
    return frozenset(number for number in rows if number is not None)
