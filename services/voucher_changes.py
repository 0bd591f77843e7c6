"""A voucher is changed at the desk. What was given out with it stays: prices agreed, places taken, the code itself.

Label, window, limit, area and kept places may change at any time, the limit never below the uses; what it does to a price
only while nobody ever used it, since the sentence of a price names it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, select

from models.areas import Area
from models.base import db, now
from models.events import Event, Modality, Quota
from models.orders import OrderLine
from models.people import Person
from models.vouchers import Voucher, VoucherEffect
from services.event_plans import PlanRefused, Problem
from services.places import lock_event_locked, quotas_locked
from services.transaction import require_writing, writing
from services.voucher_desk import VoucherGone, VoucherPlan, note_locked, quota_of_locked, wrong_numbers
from services.voucher_uses import kept_by_locked, lock_voucher_locked
from services.waiting_list import promote_locked


def voucher_of(public_id: str, event_id: int | None) -> Voucher | None:
    """The voucher of this event (None: of an area or of all) that is not withdrawn."""
    query = select(Voucher).where(Voucher.public_id == public_id, Voucher.withdrawn_at.is_(None))
    return db.session.scalar(query.where(Voucher.event_id.is_not_distinct_from(event_id)))


def was_used(voucher: Voucher) -> bool:
    """Whether a price was ever made with it, or a place taken."""
    return bool(db.session.scalar(select(exists().where(OrderLine.voucher_id == voucher.id))))


def plan_of(voucher: Voucher) -> VoucherPlan:
    """The voucher as it stands, as a plan."""
    area = db.session.scalar(select(Area.slug).where(Area.id == voucher.area_id)) if voucher.area_id else ""
    quota = db.session.get(Quota, voucher.reserved_quota_id) if voucher.reserved_quota_id else None
    return VoucherPlan(
        effect=VoucherEffect(voucher.effect), value=voucher.value, code=voucher.code, names=dict(voucher.names),
        area=area or "", uses_limit=voucher.uses_limit, valid_from=voucher.valid_from, valid_until=voucher.valid_until,
        reserved=voucher.reserved if quota else 0, modality=Modality(quota.modality) if quota else None,
    )  # fmt: skip


def change_voucher(
    public_id: str, plan: VoucherPlan, actor: Person, event_id: int | None = None, at: datetime | None = None
) -> Voucher:
    """Make the voucher what `plan` says, but for its code; places it no longer keeps go to whoever waits.

    Raises VoucherGone (no such voucher here, or withdrawn), and PlanRefused with what is wrong, field by field.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id) if event_id is not None else None
        found = voucher_of(public_id, event_id)
        if found is None:
            raise VoucherGone(public_id)
        voucher = lock_voucher_locked(found.id)
        before = plan_of(voucher)
        plan = replace(plan, code=voucher.code, modality=plan.modality or before.modality)
        refuse_locked(voucher, plan)
        changed = [name for name in FIELDS if getattr(before, name) != getattr(plan, name)]
        keep_places_locked(event, voucher, plan)
        write_locked(voucher, plan)
        if changed:
            note_locked("voucher.changed", event, actor, voucher, changed=changed)
        if event is not None:
            promote_locked(event, at, actor=actor)
    return voucher


FIELDS = ("names", "area", "effect", "value", "uses_limit", "valid_from", "valid_until", "reserved", "modality")


def refuse_locked(voucher: Voucher, plan: VoucherPlan) -> None:
    """Raise PlanRefused for what the voucher may not become."""
    problems = wrong_numbers(plan)
    if plan.uses_limit is not None and plan.uses_limit < voucher.used:
        problems.append(Problem("uses_limit", "below_used", {"used": voucher.used}))
    if (plan.effect, plan.value) != (voucher.effect, voucher.value) and was_used(voucher):
        problems.append(Problem("names", "used_already"))
    if problems:
        raise PlanRefused(problems)


def write_locked(voucher: Voucher, plan: VoucherPlan) -> None:
    voucher.names, voucher.effect, voucher.value = dict(plan.names), plan.effect, plan.value
    voucher.uses_limit, voucher.valid_from, voucher.valid_until = plan.uses_limit, plan.valid_from, plan.valid_until
    if voucher.event_id is None:
        query = select(Area.id).where(Area.slug == plan.area)
        voucher.area_id = require_writing().scalar(query) if plan.area else None
    require_writing().flush()


def keep_places_locked(event: Event | None, voucher: Voucher, plan: VoucherPlan) -> None:
    """Keep as many places as `plan` says, of the quota it says; those that its users hold already count as kept.

    Raises PlanRefused when so many are not free. The event must be locked.
    """
    if event is None:
        return
    old = next((quota for quota in quotas_locked(event.id) if quota.id == voucher.reserved_quota_id), None)
    if old is not None:
        old.kept -= kept_by_locked(old, voucher)
    new = quota_of_locked(event, plan)
    voucher.reserved, voucher.reserved_quota_id = plan.reserved, new.id if new else None
    require_writing().flush()
    kept = kept_by_locked(new, voucher) if new else 0
    if plan.reserved and (new is None or kept > new.free):
        raise PlanRefused([Problem("reserved", "not_free", {"free": new.free if new else 0})])
    if new is not None:
        new.kept += kept
    require_writing().flush()
