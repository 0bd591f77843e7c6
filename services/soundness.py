"""Whether the books are sound: every invariant of the design that the database can be asked about.

`flask check`, the stateful tests and the benchmarks ask here; an empty list means that everything holds.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from models.base import db, now
from models.courses import Publication
from models.events import Event, Quota, Run, Ticket
from models.registrations import HOLDING, LIVE, Registration, Status, Transition
from services.payment_soundness import payment_violations
from services.voucher_soundness import voucher_violations


def violations(at: datetime | None = None) -> list[str]:
    """One sentence for each invariant that does not hold at `at` (default: now), naming the event or registration."""
    places = [*miscounted_quotas(), *doubles(), *needless_waits(at or now()), *wrong_holds(), *broken_histories()]
    return [*places, *voucher_violations(), *payment_violations()]


def miscounted_quotas() -> list[str]:
    """`taken` is the number of registrations that hold a place, and never more than the capacity."""
    held = func.coalesce(func.sum(case((Registration.holds_place.is_(True), 1), else_=0)), 0)
    rows = db.session.execute(
        select(Event.slug, Quota.id, Quota.taken, Quota.capacity, held)
        .join(Event, Event.id == Quota.event_id)
        .outerjoin(Registration, Registration.quota_id == Quota.id)
        .group_by(Event.slug, Quota.id, Quota.taken, Quota.capacity)
        .having(or_(held != Quota.taken, Quota.taken > Quota.capacity))
    )
    return [f"{row[0]}: quota {row[1]} says {row[2]} of {row[3]} taken, {row[4]} hold a place" for row in rows]


def doubles() -> list[str]:
    """One live registration per person and event."""
    rows = db.session.execute(
        select(Registration.event_id, Registration.person_id, func.count())
        .where(Registration.status.in_(LIVE), Registration.person_id.is_not(None))
        .group_by(Registration.event_id, Registration.person_id)
        .having(func.count() > 1)
    )
    return [f"event {event}: person {person} has {number} live registrations" for event, person, number in rows]


def needless_waits(at: datetime) -> list[str]:
    """Nobody waits for a live event while a place that they may have is free; one's own declining is one's own will.

    A place kept for a voucher is free to its users only (see voucher_soundness), and a ticket at its own limit to nobody.
    """
    declined = (
        select(Transition.id)
        .where(Transition.registration_id == Registration.id, Transition.reason == "offer_declined")
        .exists()
    )
    rows = db.session.execute(
        select(Event.slug, Quota.taken, Quota.capacity, func.count())
        .join(Quota, Quota.event_id == Event.id)
        .join(Registration, and_(Registration.quota_id == Quota.id, Registration.status == Status.WAITLISTED))
        .where(Quota.taken + Quota.kept < Quota.capacity, Event.publication == Publication.PUBLISHED, ~declined)
        .where(may_have())
        .where(Event.run.in_((Run.TENTATIVE, Run.GUARANTEED)), Event.starts_at > at)
        .group_by(Event.slug, Quota.taken, Quota.capacity)
    )
    return [f"{slug}: {number} wait while {taken} of {capacity} are taken" for slug, taken, capacity, number in rows]


def may_have() -> ColumnElement[bool]:
    """Whether the ticket's own limit and the organisation's cap leave a place for the registration of the query."""
    other, ticket = aliased(Registration), aliased(Ticket)
    held = select(func.count(other.id)).where(other.event_id == Registration.event_id, other.holds_place.is_(True))
    of_ticket = held.where(other.ticket_id == Registration.ticket_id).scalar_subquery()
    of_organisation = held.where(other.organisation_id == Registration.organisation_id).scalar_subquery()
    full = select(ticket.id).where(ticket.id == Registration.ticket_id, ticket.limit <= of_ticket).exists()
    return and_(~full, or_(Event.organisation_cap.is_(None), of_organisation < Event.organisation_cap))


def wrong_holds() -> list[str]:
    """A registration holds a place exactly when its status takes one."""
    holding = tuple(HOLDING)
    wrong = or_(
        and_(Registration.holds_place.is_(True), Registration.status.not_in((*holding, Status.PENDING_APPROVAL))),
        and_(Registration.holds_place.is_(False), Registration.status.in_(holding)),
    )
    rows = db.session.execute(select(Registration.public_id, Registration.status).where(wrong))
    return [f"registration {public_id} is {status} and counts places wrongly" for public_id, status in rows]


def broken_histories() -> list[str]:
    """The last row of a registration's history says its status."""
    ends = select(Transition.registration_id, func.max(Transition.id).label("id")).group_by(Transition.registration_id)
    last = ends.subquery()
    rows = db.session.execute(
        select(Registration.public_id, Registration.status, Transition.to_status)
        .outerjoin(last, last.c.registration_id == Registration.id)
        .outerjoin(Transition, Transition.id == last.c.id)
        .where(or_(Transition.id.is_(None), Transition.to_status != Registration.status))
    )
    return [f"registration {public_id} is {status}, its history ends with {said}" for public_id, status, said in rows]
