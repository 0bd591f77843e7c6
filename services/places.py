"""Counting places. The event row is the lock: every function here runs inside `writing()` after `lock_event_locked`.

Uses of vouchers and the places kept for them are counted by the same two functions (services/voucher_uses.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select

from models.base import db
from models.events import Event, Quota, Ticket
from models.people import Person
from models.registrations import Registration, Status, Transition, takes_place
from services.event_parts import FRESH as FRESH, read_parts
from services.many_rows import insert_many_locked, update_many_locked
from services.transaction import require_writing
from services.voucher_uses import count_use_locked, give_back_locked, take_locked

LOCKED_EVENT = select(Event).where(Event.id == bindparam("event_id")).with_for_update()


def lock_event_locked(event_id: int) -> Event:
    """Lock the event's row and read it and its quotas anew. Several events: see lock_events_locked.

    Raises NoResultFound when there is no such event.
    """
    session = require_writing()
    event = session.execute(LOCKED_EVENT, {"event_id": event_id}, execution_options=FRESH).scalar_one()
    read_parts(event, "quotas")  # held by the event: found in the identity map from now on
    session.info["locked"].append(event)  # and the event by the transaction
    return event


def lock_events_locked(event_ids: set[int]) -> dict[int, Event]:
    """Lock several events in ascending id, so that two transactions never wait for each other."""
    return {event_id: lock_event_locked(event_id) for event_id in sorted(event_ids)}


def quotas_locked(event_id: int) -> list[Quota]:
    """The event's quotas as they are now; the event must be locked."""
    session = require_writing()
    found = session.scalars(
        select(Quota).where(Quota.event_id == event_id).order_by(Quota.id).execution_options(**FRESH)
    )
    return list(found)


def begin_locked(registration: Registration, *, actor: Person | None, reason: str, at: datetime) -> None:
    """Add a new registration with its first row of history, and take its place when its status takes one."""
    session = require_writing()
    count_use_locked(registration, 1)
    if takes_place(Status(registration.status), session.get_one(Event, registration.event_id)):
        take_locked(quota_locked(registration.quota_id), registration)
        registration.holds_place = True
    session.add(registration)
    session.add(
        Transition(
            registration=registration,
            from_status=None,
            to_status=registration.status,
            actor_id=actor.id if actor else None,
            reason=reason,
            at=at,
        )
    )


def change_locked(
    registration: Registration,
    to: Status,
    *,
    actor: Person | None,
    reason: str,
    at: datetime,
    hold_until: datetime | None = None,
) -> None:
    """Move a registration to another status and its quota with it. The event must be locked.

    Raises TransitionRefused when the table has no such step and QuotaFull when a place is needed and none is free.
    """
    session = require_writing()
    session.add(registration.move(to, actor=actor, reason=reason, at=at))
    holds = takes_place(to, session.get_one(Event, registration.event_id))
    if holds and not registration.holds_place:
        take_locked(quota_locked(registration.quota_id), registration)
    elif registration.holds_place and not holds:
        give_back_locked(quota_locked(registration.quota_id), registration)
    registration.holds_place = holds
    registration.hold_until = hold_until
    registration.halfway_told_at = None  # each hold is reminded of once
    if not registration.is_live:
        count_use_locked(registration, -1)
    if to is Status.WAITLISTED:
        registration.queued_at = at


def confirm_many_locked(
    registrations: Sequence[Registration], *, actor: Person | None, reason: str, at: datetime
) -> None:
    """The same step for many who hold their places already, whose events are locked: one change, and one statement for
    their rows of history. Raises TransitionRefused before anything is written."""
    holders = [registration for registration in registrations if registration.holds_place]
    for registration in holders:
        registration.check_move(Status.CONFIRMED)
    history = [
        {
            "registration_id": registration.id,
            "from_status": registration.status,
            "to_status": Status.CONFIRMED,
            "actor_id": actor.id if actor else None,
            "reason": reason,
            "at": at,
        }
        for registration in holders
    ]
    change = {"status": Status.CONFIRMED, "updated_at": at, "hold_until": None, "halfway_told_at": None}
    update_many_locked(holders, change)
    insert_many_locked(Transition, history)
    for registration in registrations:
        if registration.status != Status.CONFIRMED:
            change_locked(registration, Status.CONFIRMED, actor=actor, reason=reason, at=at)


def quota_locked(quota_id: int) -> Quota:
    """The quota by its id, from the identity map when `lock_event_locked` read it."""
    return require_writing().get_one(Quota, quota_id)


def holding_locked(event_id: int, *, organisation_id: int | None = None, ticket_id: int | None = None) -> int:
    """How many places an organisation, or a ticket, holds on the event now. The event must be locked."""
    require_writing()
    return holding(event_id, organisation_id=organisation_id, ticket_id=ticket_id)


def within_limit_locked(ticket: Ticket, event_id: int) -> bool:
    """Whether the ticket's own limit leaves a place. The event must be locked."""
    return ticket.limit is None or holding_locked(event_id, ticket_id=ticket.id) < ticket.limit


def holding(event_id: int, *, organisation_id: int | None = None, ticket_id: int | None = None) -> int:
    """The same for a page, which holds no lock."""
    query = select(func.count()).where(Registration.event_id == event_id, Registration.holds_place.is_(True))
    if organisation_id is not None:
        query = query.where(Registration.organisation_id == organisation_id)
    if ticket_id is not None:
        query = query.where(Registration.ticket_id == ticket_id)
    return db.session.scalar(query) or 0
