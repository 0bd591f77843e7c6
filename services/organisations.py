"""Organisations as the public pages count them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select

from models.base import db
from models.organisations import Membership, MembershipStatus
from services.dates import ZONE, local_day


def count_members(at: datetime) -> int:
    """How many organisations are members on that day: active or in grace; one query."""
    day = local_day(at, ZONE)
    members = select(func.count(Membership.organisation_id.distinct())).where(
        Membership.status.in_((MembershipStatus.ACTIVE, MembershipStatus.GRACE)),
        Membership.starts_on <= day,
        or_(Membership.ends_on >= day, Membership.grace_until >= day),
    )
    return db.session.scalar(members) or 0
