"""Vouchers at the desk: made, withdrawn, and ended by the clock. What they kept goes to whoever waits, in the same transaction."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.areas import Area
from models.base import ALPHABET, Texts, db, now
from models.events import Event, Modality, Quota
from models.people import Person
from models.vouchers import Voucher, VoucherEffect, voucher_code
from services.audit import record_locked
from services.event_plans import PlanRefused, Problem
from services.places import lock_event_locked, quotas_locked
from services.transaction import require_writing, writing
from services.voucher_uses import kept_by_locked, lock_voucher_locked
from services.waiting_list import promote_locked

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")


class VoucherGone(LookupError):
    """There is no such voucher here."""


@dataclass(frozen=True)
class VoucherPlan:
    """What staff ask a voucher to be. `code` '' makes one; `value` is percent or net cents, by its effect."""

    effect: VoucherEffect
    value: int
    code: str = ""
    names: Texts = field(default_factory=dict)
    area: str = ""  # slug; for vouchers of no event
    uses_limit: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    reserved: int = 0
    modality: Modality | None = None  # of the places reserved; None: the event's first


def new_voucher_code() -> str:
    """Eight letters and digits that nobody mistakes when reading them aloud: 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8)).upper()


def add_voucher(plan: VoucherPlan, actor: Person, event_id: int | None = None) -> Voucher:
    """Make a voucher: for the event, else for the area of the plan, else for every event.

    Raises PlanRefused with what is wrong, field by field; then nothing is kept.
    """
    with writing() as session:
        event = lock_event_locked(event_id) if event_id is not None else None
        area_id = session.scalar(select(Area.id).where(Area.slug == plan.area)) if plan.area and event is None else None
        quota = quota_of_locked(event, plan)
        code = voucher_code(plan.code) or new_voucher_code()
        refuse(plan, code, quota)
        row = Voucher(
            code=code, names=dict(plan.names), effect=plan.effect, value=plan.value, event_id=event_id, area_id=area_id,
            uses_limit=plan.uses_limit, valid_from=plan.valid_from, valid_until=plan.valid_until,
            reserved=plan.reserved, reserved_quota_id=quota.id if quota else None,
        )  # fmt: skip
        session.add(row)
        if quota is not None:
            quota.kept += plan.reserved
        session.flush()
        note_locked("voucher.added", event, actor, row)
    return row


def quota_of_locked(event: Event | None, plan: VoucherPlan) -> Quota | None:
    """The quota that the places are kept of; None when none are."""
    if event is None or not plan.reserved:
        return None
    quotas = quotas_locked(event.id)
    return next((quota for quota in quotas if plan.modality in (None, quota.modality)), None)


def refuse(plan: VoucherPlan, code: str, quota: Quota | None) -> None:
    """Raise PlanRefused for what no voucher may be."""
    problems = wrong_numbers(plan)
    if not CODE.fullmatch(code):
        problems.append(Problem("code", "code_form"))
    elif require_writing().scalar(select(Voucher.id).where(Voucher.code == code)):
        problems.append(Problem("code", "code_taken"))
    if plan.reserved and (quota is None or plan.reserved > quota.free):
        problems.append(Problem("reserved", "not_free", {"free": quota.free if quota else 0}))
    if problems:
        raise PlanRefused(problems)


def wrong_numbers(plan: VoucherPlan) -> list[Problem]:
    """What no voucher may be, whatever else there is."""
    problems = []
    if plan.effect == VoucherEffect.PERCENT and not 1 <= plan.value <= 100:
        problems.append(Problem("percent", "percent_range"))
    if plan.effect == VoucherEffect.AMOUNT and not plan.value and not plan.reserved:
        problems.append(Problem("amount", "does_nothing"))
    if plan.valid_from and plan.valid_until and plan.valid_until <= plan.valid_from:
        problems.append(Problem("valid_until", "ends_before_start"))
    if plan.uses_limit is not None and plan.uses_limit < plan.reserved:
        problems.append(Problem("uses_limit", "fewer_than_reserved"))
    return problems


def withdraw_voucher(public_id: str, actor: Person, event_id: int | None = None, at: datetime | None = None) -> Voucher:
    """End a voucher: nobody uses it any more, prices agreed stay, and the places it kept are free.

    `event_id`: of the event whose voucher it must be; None: one of an area or of all. Raises VoucherGone.
    """
    at = at or now()
    with writing() as session:
        query = select(Voucher.id).where(
            Voucher.public_id == public_id, Voucher.event_id.is_not_distinct_from(event_id)
        )
        voucher_id = session.scalar(query)
        if voucher_id is None:
            raise VoucherGone(public_id)
        event = lock_event_locked(event_id) if event_id is not None else None
        voucher = lock_voucher_locked(voucher_id)
        voucher.withdrawn_at = voucher.withdrawn_at or at
        release_locked(event, voucher, at, actor)
        note_locked("voucher.withdrawn", event, actor, voucher)
    return voucher


def note_locked(action: str, event: Event | None, actor: Person, voucher: Voucher, **facts: Any) -> None:
    """One entry in the history of the event, and of the voucher."""
    details = {"code": voucher.code, **facts}
    record_locked(action, actor, event=event, subject_kind="voucher", subject_id=voucher.id, details=details)


def release_locked(event: Event | None, voucher: Voucher, at: datetime, actor: Person | None) -> None:
    """Let go of the places kept that nobody took; whoever waits gets them. Event and voucher must be locked."""
    if event is None or voucher.reserved_quota_id is None:
        return
    quota = next(quota for quota in quotas_locked(event.id) if quota.id == voucher.reserved_quota_id)
    quota.kept -= kept_by_locked(quota, voucher)
    voucher.reserved_quota_id = None
    require_writing().flush()
    promote_locked(event, at, actor=actor)


def release_ended(at: datetime | None = None) -> int:
    """Let go of what vouchers keep whose time is over; each in its own transaction. Safe to run twice or late."""
    at = at or now()
    ended = select(Voucher.public_id, Voucher.event_id).where(
        Voucher.reserved_quota_id.is_not(None), Voucher.valid_until <= at
    )
    due = db.session.execute(ended.order_by(Voucher.id)).all()
    db.session.rollback()
    return sum(release(public_id, event_id, at) for public_id, event_id in due if event_id is not None)


def release(public_id: str, event_id: int, at: datetime) -> bool:
    """Let go of the places of one voucher; False when somebody did it meanwhile."""
    with writing() as session:
        event = lock_event_locked(event_id)
        voucher = lock_voucher_locked(session.scalars(select(Voucher.id).where(Voucher.public_id == public_id)).one())
        if voucher.reserved_quota_id is None or not voucher.has_ended(at):
            return False
        release_locked(event, voucher, at, None)
        return True
