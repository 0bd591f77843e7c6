"""Who may do what. Roles are read once per request, in one query; every rule is a pure function of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import bindparam, literal, select

from models.base import db
from models.events import Event, Slot, slot_trainer
from models.people import Person, Role, StaffRole
from services.rows import plain_rows


@dataclass(frozen=True)
class Roles:
    """What one person is at the cluster. `organises` and `trains` hold event ids; the rest counts for every event."""

    is_admin: bool = False
    is_finance: bool = False
    is_organiser: bool = False  # of all events
    is_trainer: bool = False  # known as a trainer; gives nothing without an event in `trains`
    organises: frozenset[int] = field(default=frozenset())
    trains: frozenset[int] = field(default=frozenset())


NOBODY = Roles()
TRAINS = (
    select(literal(Role.TRAINER.value), Slot.event_id)
    .join(slot_trainer, slot_trainer.c.slot_id == Slot.id)
    .where(slot_trainer.c.person_id == bindparam("person_id"), Slot.cancelled_at.is_(None))
)
ROLES = (
    select(StaffRole.role, StaffRole.event_id).where(StaffRole.person_id == bindparam("person_id")).union_all(TRAINS)
)


def roles_of(person: Person | None) -> Roles:
    """The roles of `person`; NOBODY when signed out. Trainers of a slot train its event without any other row."""
    if person is None:
        return NOBODY
    rows = [(Role(role), event_id) for role, event_id in plain_rows(ROLES, person_id=person.id)]
    everywhere = {role for role, event_id in rows if event_id is None}
    return Roles(
        is_admin=Role.ADMIN in everywhere,
        is_finance=Role.FINANCE in everywhere,
        is_organiser=Role.ORGANISER in everywhere,
        is_trainer=any(role is Role.TRAINER for role, _ in rows),
        organises=frozenset(event_id for role, event_id in rows if role is Role.ORGANISER and event_id),
        trains=frozenset(event_id for role, event_id in rows if role is Role.TRAINER and event_id),
    )


def is_staff(roles: Roles) -> bool:
    """May open the organisers' desk; what it shows there depends on the other rules."""
    return (
        roles.is_admin
        or roles.is_finance
        or roles.is_organiser
        or roles.is_trainer
        or bool(roles.organises or roles.trains)
    )


def may_create_events(roles: Roles) -> bool:
    """Organisers of everything; someone who organises one event does not open others."""
    return roles.is_admin or roles.is_organiser


def may_organise(roles: Roles, event_id: int) -> bool:
    """Change the event, its registrations and its attendance; close it."""
    return roles.is_admin or roles.is_organiser or event_id in roles.organises


def may_see_attendees(roles: Roles, event_id: int) -> bool:
    """The attendee list with addresses and payments: organisers and finance. A trainer sees the names to mark only."""
    return may_organise(roles, event_id) or roles.is_finance


def may_mark_attendance(roles: Roles, event_id: int) -> bool:
    return may_organise(roles, event_id) or event_id in roles.trains


def may_see_event(roles: Roles, event_id: int) -> bool:
    """Open this event at the desk at all, drafts included."""
    return may_see_attendees(roles, event_id) or may_mark_attendance(roles, event_id)


def may_receive_money(roles: Roles) -> bool:
    return roles.is_admin or roles.is_finance


def may_see_organisations(roles: Roles) -> bool:
    """The desk's pages of organisations, their people and memberships, to read."""
    return roles.is_admin or roles.is_organiser or roles.is_finance


def may_manage_organisations(roles: Roles) -> bool:
    """Change them, and decide about their people, domains and memberships."""
    return roles.is_admin


def visible_at_desk(roles: Roles) -> frozenset[int] | None:
    """The ids of the events that the desk lists for these roles; None: all of them."""
    if roles.is_admin or roles.is_finance or roles.is_organiser:
        return None
    return roles.organises | roles.trains


def event_by_slug(slug: str) -> Event | None:
    """The event with this slug, whatever its publication, without relations: for guards."""
    return db.session.scalar(select(Event).where(Event.slug == slug))


def event_slug(event_id: int) -> str | None:
    """The slug of an event, for guards that begin with something of it."""
    return db.session.scalar(select(Event.slug).where(Event.id == event_id))
