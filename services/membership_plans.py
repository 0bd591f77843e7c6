"""Plans: the kinds of membership that the cluster offers, with their yearly fee."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from models.base import Texts, db, now
from models.organisations import MembershipPlan
from models.people import Person
from services.audit import record_locked
from services.events import slug_of
from services.transaction import require_writing, writing

LONGEST_GRACE = 366


class PlanUnknown(LookupError):
    """There is no such plan, or it is no longer offered."""


@dataclass(frozen=True)
class PlanFacts:
    """What a plan says. The fee is in cents a year, without VAT; grace in days after the end."""

    names: Texts
    descriptions: Texts
    net_cents: int
    grace_days: int
    is_offered: bool = True


def offered_plans() -> list[MembershipPlan]:
    """The plans one can apply for, in their order."""
    return [plan for plan in all_plans() if plan.withdrawn_at is None]


def all_plans() -> list[MembershipPlan]:
    """Every plan, those no longer offered included."""
    return list(db.session.scalars(select(MembershipPlan).order_by(MembershipPlan.position, MembershipPlan.id)))


def plan_by_slug(slug: str) -> MembershipPlan:
    """Raises PlanUnknown."""
    found = db.session.scalar(select(MembershipPlan).where(MembershipPlan.slug == slug))
    if found is None:
        raise PlanUnknown(slug)
    return found


def offered_plan_locked(slug: str) -> MembershipPlan:
    """Raises PlanUnknown, also for one that was withdrawn while the form was open."""
    found = plan_by_slug(slug)
    if found.withdrawn_at is not None:
        raise PlanUnknown(slug)
    return found


def add_plan(facts: PlanFacts, actor: Person) -> MembershipPlan:
    """A new plan, after the others."""
    with writing() as session:
        last = session.scalar(select(func.max(MembershipPlan.position))) or 0
        name = next(text for text in facts.names.values() if text)
        row = MembershipPlan(slug=free_slug_locked(name), position=last + 1, names={})
        set_facts(row, facts)
        session.add(row)
        session.flush()
        record_locked("plan.added", actor, subject_kind="membership_plan", subject_id=row.id)
    return row


def change_plan(slug: str, facts: PlanFacts, actor: Person) -> MembershipPlan:
    """Change a plan from now on: memberships keep their period and what was paid. Raises PlanUnknown."""
    with writing():
        row = plan_by_slug(slug)
        set_facts(row, facts)
        record_locked("plan.edited", actor, subject_kind="membership_plan", subject_id=row.id)
    return row


def set_facts(row: MembershipPlan, facts: PlanFacts) -> None:
    row.names, row.descriptions = dict(facts.names), dict(facts.descriptions)
    row.net_cents, row.grace_days = facts.net_cents, facts.grace_days
    row.withdrawn_at = None if facts.is_offered else row.withdrawn_at or now()


def free_slug_locked(name: str) -> str:
    base = slug_of(name)[:50]
    used = set(require_writing().scalars(select(MembershipPlan.slug)))
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(used) + 3))
    return next(slug for slug in candidates if slug not in used)
