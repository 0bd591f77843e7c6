"""Who is written to about an event: its organisers."""

from __future__ import annotations

from sqlalchemy import select

from models.events import Event
from models.people import Person, Role, StaffRole
from services.affiliation_mails import addressed_locked, admins_locked


def organisers_locked(event: Event) -> list[tuple[Person, str]]:
    """Who organises the event; where nobody is named for it, the organisers of everything; else the admins."""
    for where in (StaffRole.event_id == event.id, StaffRole.event_id.is_(None)):
        ids = select(StaffRole.person_id).where(StaffRole.role == Role.ORGANISER, where)
        if found := addressed_locked(ids):
            return found
    return admins_locked()
