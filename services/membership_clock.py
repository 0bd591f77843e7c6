"""What time does to memberships: active, then grace, then lapsed. Safe to run twice, late, or in two workers at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import or_, select

from models.base import db, now
from models.organisations import Membership, MembershipPlan, MembershipStatus, Organisation
from services.dates import ZONE, local_day
from services.memberships import GRACE_DAYS, decide_locked, memberships_of
from services.organisations import lock_organisation_locked
from services.transaction import require_writing, writing

S = MembershipStatus
DUE = (S.APPROVED, S.ACTIVE, S.GRACE, S.SUSPENDED)


def due_steps(row: Membership, day: date, *, is_renewed: bool) -> list[tuple[MembershipStatus, str]]:
    """The statuses that the membership goes through until `day`, each with its reason; pure.

    The last day of the period and of grace count fully. `is_renewed`: the next membership of the organisation has
    begun, so that this one needs no grace. A clock that comes very late takes two steps at once.
    """
    if day <= row.ends_on or row.status not in DUE:
        return []
    if row.status == S.APPROVED:
        return [(S.LAPSED, "never_paid")]
    if row.status == S.SUSPENDED:
        return [(S.LAPSED, "ended")]
    if row.status == S.ACTIVE and row.leaves_at_end:
        return [(S.RESIGNED, "left")]
    if is_renewed:
        return [(S.GRACE, "renewed"), (S.LAPSED, "renewed")] if row.status == S.ACTIVE else [(S.LAPSED, "renewed")]
    steps = [(S.GRACE, "ended")] if row.status == S.ACTIVE else []
    until = row.grace_until or row.ends_on
    return [*steps, (S.LAPSED, "not_renewed")] if day > until else steps


def advance_memberships(day: date | None = None) -> int:
    """Move every membership to where it stands on `day` (default: today in Brussels); how many organisations changed.

    Each organisation in a transaction of its own, so that one that fails holds up no other.
    """
    day = day or local_day(now(), ZONE)
    due = (
        select(Organisation.public_id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.status.in_(DUE), Membership.ends_on < day)
        .where(
            or_(
                Membership.status != S.GRACE,
                Membership.grace_until.is_(None),
                Membership.grace_until < day,
                Membership.organisation_id.in_(select(Membership.organisation_id).where(Membership.status == S.ACTIVE)),
            )
        )
        .distinct()
    )
    found = list(db.session.scalars(due))
    db.session.rollback()
    return sum(advance_organisation(public_id, day) for public_id in found)


def advance_organisation(public_id: str, day: date) -> bool:
    """Whether anything changed."""
    with writing():
        organisation = lock_organisation_locked(public_id)
        rows = memberships_of(organisation.id)
        changed = [advance_locked(organisation, row, rows, day) for row in rows]
        return any(changed)


def advance_locked(organisation: Organisation, row: Membership, rows: Iterable[Membership], day: date) -> bool:
    """Only where it ends up is told, and nothing when the next membership has begun."""
    is_renewed = any(other.status == S.ACTIVE and row.ends_on < other.starts_on <= day for other in rows)
    if row.status == S.ACTIVE and row.grace_until is None and not row.leaves_at_end:
        row.grace_until = row.ends_on + grace_of_locked(row)
    steps = due_steps(row, day, is_renewed=is_renewed)
    for status, reason in steps:
        last = status == steps[-1][0]
        decide_locked(organisation, row, status, None, reason, None, tell=last and reason != "renewed")
    return bool(steps)


def grace_of_locked(row: Membership) -> timedelta:
    """How long this one goes on unpaid after its end."""
    plan = require_writing().get(MembershipPlan, row.plan_id) if row.plan_id else None
    return timedelta(days=plan.grace_days if plan else GRACE_DAYS)
