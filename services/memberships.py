"""Memberships: asked for by an organisation's HR manager, decided by admins, active once the fee is there.

The periods of one organisation (first to last day) never overlap while they are approved, active, in grace or
suspended: every function locks the organisation first. What time does to them: services/membership_clock.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from models.base import db, now
from models.organisations import (
    CURRENT,
    Membership,
    MembershipPlan,
    MembershipStatus,
    MembershipTransitionRefused,
    Organisation,
)
from models.people import Person, Role, StaffRole
from services.affiliations import NotYours, needed, require_authority_locked
from services.audit import record_locked
from services.dates import ZONE, local_day
from services.membership_mails import tell_applied_locked, tell_decided_locked
from services.membership_plans import offered_plan_locked
from services.organisations import lock_organisation_locked
from services.transaction import require_writing, writing

RENEW_BEFORE = timedelta(days=90)
GRACE_DAYS = 60  # for memberships without a plan
S = MembershipStatus


class MembershipUnknown(LookupError):
    """There is no membership with this public id."""


class AlreadyApplied(ValueError):
    """An application of the organisation, or an approved membership that waits for its fee, is there already."""


class TooEarlyToRenew(ValueError):
    """The membership goes on for long: `renewable_from` is the first day on which the next may be asked for."""

    def __init__(self, renewable_from: date) -> None:
        super().__init__(renewable_from.isoformat())
        self.renewable_from = renewable_from


class PeriodsOverlap(ValueError):
    """Another membership of the organisation covers some of these days; `free_from` is the first day without one."""

    def __init__(self, free_from: date) -> None:
        super().__init__(free_from.isoformat())
        self.free_from = free_from


@dataclass(frozen=True)
class FeePaid:
    """The fee as the bank's statement shows it."""

    day: date
    reference: str


def year_from(starts_on: date) -> date:
    """The last day of a membership of one year: 31 December for 1 January, 28 February for a leap day."""
    try:
        return starts_on.replace(year=starts_on.year + 1) - timedelta(days=1)
    except ValueError:
        return date(starts_on.year + 1, 2, 28)


def memberships_of(organisation_id: int) -> list[Membership]:
    """Every membership of the organisation, fresh, the latest period first."""
    query = select(Membership).where(Membership.organisation_id == organisation_id)
    query = query.order_by(Membership.starts_on.desc(), Membership.id.desc())
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def next_start(rows: list[Membership], day: date) -> date:
    """The first day from `day` on that a further membership may begin: the day after the last present one."""
    ends = [row.ends_on for row in rows if row.status in CURRENT]
    return max([day, *(end + timedelta(days=1) for end in ends)])


def proposed_start(rows: list[Membership], day: date) -> date:
    """Where a renewal begins: without a gap after a membership that goes on or is in grace, else on `day`."""
    ends = [row.ends_on for row in rows if row.status in CURRENT]
    return max(ends) + timedelta(days=1) if ends else day


def may_apply(rows: list[Membership], day: date) -> None:
    """Raises AlreadyApplied, TooEarlyToRenew."""
    if any(row.status in (S.APPLIED, S.APPROVED) for row in rows):
        raise AlreadyApplied
    ends = [row.ends_on for row in rows if row.status in CURRENT]
    if ends and max(ends) - RENEW_BEFORE > day:
        raise TooEarlyToRenew(max(ends) - RENEW_BEFORE)


def apply(organisation_id: str, plan_slug: str, *, applicant: Person, at: datetime | None = None) -> Membership:
    """Ask for a membership of a year, or for the next one. Ids are public ids.

    Raises OrganisationUnknown, NotYours, PlanUnknown, AlreadyApplied, TooEarlyToRenew.
    """
    at = at or now()
    with writing() as session:
        organisation = lock_organisation_locked(organisation_id)
        require_authority_locked(organisation, applicant)
        plan = offered_plan_locked(plan_slug)
        day, rows = local_day(at, ZONE), memberships_of(organisation.id)
        may_apply(rows, day)
        starts_on = proposed_start(rows, day)
        made = Membership(
            organisation_id=organisation.id, plan_id=plan.id, applicant_id=applicant.id, created_at=at,
            starts_on=starts_on, ends_on=year_from(starts_on),
        )  # fmt: skip
        session.add(made)
        session.flush()
        record_membership_locked("membership.applied", applicant, made)
        tell_applied_locked(organisation, made)
        return made


def withdraw(organisation_id: str, *, actor: Person, at: datetime | None = None) -> Membership:
    """Take the application back. Raises OrganisationUnknown, NotYours, MembershipUnknown when none waits."""
    with writing():
        organisation = lock_organisation_locked(organisation_id)
        require_authority_locked(organisation, actor)
        row = next((row for row in memberships_of(organisation.id) if row.status == S.APPLIED), None)
        if row is None:
            raise MembershipUnknown(organisation_id)
        row.move(S.RESIGNED, actor=actor, reason="withdrawn", at=at or now())
        record_membership_locked("membership.withdrawn", actor, row)
        return row


def approve(
    public_id: str, *, actor: Person, reason: str, starts_on: date | None = None, at: datetime | None = None
) -> Membership:
    """Accept an application for a year from `starts_on` (default: as applied); it becomes active with the fee.

    Raises MembershipUnknown, NotYours, ReasonMissing, PeriodsOverlap, MembershipTransitionRefused.
    """
    reason = needed(reason)
    with writing():
        organisation, row = lock_membership_locked(public_id, actor)
        first = starts_on or row.starts_on
        refuse_overlap_locked(row, first)
        row.starts_on, row.ends_on = first, year_from(first)
        decide_locked(organisation, row, S.APPROVED, actor, reason, at)
        return row


def refuse(public_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Membership:
    """Turn an application down; the HR managers read why. Raises like `approve`."""
    reason = needed(reason)
    with writing():
        organisation, row = lock_membership_locked(public_id, actor)
        decide_locked(organisation, row, S.REJECTED, actor, reason, at)
        return row


def activate(
    public_id: str, *, actor: Person, paid: FeePaid | None, reason: str = "", at: datetime | None = None
) -> Membership:
    """The fee is paid (finance or admin), or an admin lets the membership begin without it and says why.

    Raises MembershipUnknown, NotYours, ReasonMissing (no fee and no reason), MembershipTransitionRefused.
    """
    words = f"paid: {paid.reference}"[:300] if paid else needed(reason)
    with writing() as session:
        organisation, row = lock_membership_locked(public_id, actor, with_finance=paid is not None)
        require_status(row, S.APPROVED)
        plan = session.get(MembershipPlan, row.plan_id) if row.plan_id else None
        row.grace_until = row.ends_on + timedelta(days=plan.grace_days if plan else GRACE_DAYS)
        details: dict[str, object] = {"paid_on": paid.day.isoformat()} if paid else {"unpaid": True}
        decide_locked(organisation, row, S.ACTIVE, actor, words, at, details)
        return row


def suspend(public_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Membership:
    """No member price until it is taken up again. Raises MembershipUnknown, NotYours, ReasonMissing,
    MembershipTransitionRefused."""
    reason = needed(reason)
    with writing():
        organisation, row = lock_membership_locked(public_id, actor)
        decide_locked(organisation, row, S.SUSPENDED, actor, reason, at)
        return row


def resume(public_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Membership:
    """A suspended membership goes on until its end. Raises like `suspend`."""
    reason = needed(reason)
    with writing():
        organisation, row = lock_membership_locked(public_id, actor)
        require_status(row, S.SUSPENDED)
        decide_locked(organisation, row, S.ACTIVE, actor, reason, at)
        return row


def stop(public_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Membership:
    """End a membership at once, by staff. Raises like `suspend`."""
    reason = needed(reason)
    with writing():
        organisation, row = lock_membership_locked(public_id, actor)
        decide_locked(organisation, row, S.RESIGNED, actor, reason, at)
        return row


def resign(organisation_id: str, *, actor: Person, leaves: bool = True) -> Membership:
    """The organisation does not go on after the end of its period; `leaves` False takes that back.

    Until then nothing changes. Raises OrganisationUnknown, NotYours, MembershipUnknown when none is active.
    """
    with writing() as session:
        organisation = lock_organisation_locked(organisation_id)
        require_authority_locked(organisation, actor)
        row = next((row for row in memberships_of(organisation.id) if row.status == S.ACTIVE), None)
        if row is None:
            raise MembershipUnknown(organisation_id)
        if row.leaves_at_end != leaves:
            plan = session.get(MembershipPlan, row.plan_id) if row.plan_id else None
            grace = timedelta(days=plan.grace_days if plan else GRACE_DAYS)
            row.leaves_at_end, row.grace_until = leaves, None if leaves else row.ends_on + grace
            record_membership_locked("membership.leaving" if leaves else "membership.staying", actor, row)
        return row


def lock_membership_locked(
    public_id: str, actor: Person, *, with_finance: bool = False
) -> tuple[Organisation, Membership]:
    """The organisation, locked, and its membership as it is now. Raises MembershipUnknown, NotYours."""
    session = require_writing()
    found = session.scalar(
        select(Organisation.public_id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.public_id == public_id)
    )
    if found is None:
        raise MembershipUnknown(public_id)
    organisation = lock_organisation_locked(found)
    require_staff_locked(actor, with_finance)
    fresh = select(Membership).where(Membership.public_id == public_id).execution_options(populate_existing=True)
    return organisation, session.execute(fresh).scalar_one()


def require_staff_locked(actor: Person, with_finance: bool) -> None:
    """Raises NotYours."""
    allowed = {Role.ADMIN, Role.FINANCE} if with_finance else {Role.ADMIN}
    held = select(StaffRole.id).where(
        StaffRole.person_id == actor.id, StaffRole.role.in_(allowed), StaffRole.event_id.is_(None)
    )
    if require_writing().scalar(held) is None:
        raise NotYours


def require_status(row: Membership, status: MembershipStatus) -> None:
    """Raises MembershipTransitionRefused: the table knows other ways to become active than this one."""
    if row.status != status:
        raise MembershipTransitionRefused(f"a membership that is {row.status} is not {status}")


def refuse_overlap_locked(row: Membership, starts_on: date) -> None:
    """Raises PeriodsOverlap when a present membership covers a day of the year from `starts_on`."""
    others = [other for other in memberships_of(row.organisation_id) if other.id != row.id and other.status in CURRENT]
    ends_on = year_from(starts_on)
    if any(other.starts_on <= ends_on and starts_on <= other.ends_on for other in others):
        raise PeriodsOverlap(next_start(others, starts_on))


def decide_locked(
    organisation: Organisation, row: Membership, to: MembershipStatus, actor: Person | None, reason: str,
    at: datetime | None, details: dict[str, object] | None = None, *, tell: bool = True,
) -> None:  # fmt: skip
    """Move the membership, record it, and tell the HR managers."""
    before = row.status
    row.move(to, actor=actor, reason=reason, at=at or now())
    facts: dict[str, object] = {"from": str(before), "to": str(to), "reason": reason, **(details or {})}
    record_membership_locked("membership.moved", actor, row, facts)
    if tell:
        tell_decided_locked(organisation, row, str(before))


def record_membership_locked(
    action: str, actor: Person | None, row: Membership, details: dict[str, object] | None = None
) -> None:
    record_locked(
        action, actor, subject_kind="organisation", subject_id=row.organisation_id,
        details={"membership": row.public_id, **(details or {})},
    )  # fmt: skip
