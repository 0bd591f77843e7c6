"""Whether vouchers are counted right: uses, and the places kept for them."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, func, or_, select

from models.base import db
from models.events import Event, Quota
from models.orders import OrderLine
from models.registrations import LIVE, Registration, Status, Transition
from models.vouchers import Voucher


def voucher_violations() -> list[str]:
    """One sentence for each voucher or quota whose counters are wrong."""
    return [*miscounted_uses(), *miscounted_kept(), *lines_that_disagree()]


def miscounted_uses() -> list[str]:
    """`used` is the number of live registrations that use the voucher, and never more than its limit."""
    live = (
        select(Registration.voucher_id, func.count().label("number"))
        .where(Registration.status.in_(LIVE))
        .group_by(Registration.voucher_id)
        .subquery()
    )
    number = func.coalesce(live.c.number, 0)
    rows = db.session.execute(
        select(Voucher.code, Voucher.used, Voucher.uses_limit, number)
        .outerjoin(live, live.c.voucher_id == Voucher.id)
        .where(or_(Voucher.used != number, Voucher.used > Voucher.uses_limit))
    )
    return [f"voucher {row[0]} says {row[1]} of {row[2]} used, {row[3]} live registrations use it" for row in rows]


def miscounted_kept() -> list[str]:
    """A quota keeps what its vouchers reserve less what their users hold; who has such a voucher does not wait."""
    held = Counter(users_by(Registration.holds_place.is_(True)))
    waits = Counter(users_by(Registration.status == Status.WAITLISTED))
    kept: Counter[int] = Counter()
    said = []
    for voucher in db.session.scalars(select(Voucher).where(Voucher.reserved_quota_id.is_not(None))):
        key = (voucher.id, voucher.reserved_quota_id)
        left = max(voucher.reserved - held[key], 0)
        kept[voucher.reserved_quota_id or 0] += left
        if left and waits[key]:
            said.append(f"voucher {voucher.code} keeps {left} places while {waits[key]} wait with it")
    rows = db.session.execute(select(Event.slug, Quota.id, Quota.kept).join(Event, Event.id == Quota.event_id))
    wrong = [(slug, quota, number) for slug, quota, number in rows if number != kept[quota]]
    return said + [
        f"{slug}: quota {quota} keeps {number} places, its vouchers {kept[quota]}" for slug, quota, number in wrong
    ]


def users_by(condition: ColumnElement[bool]) -> dict[tuple[int, int | None], int]:
    """How many registrations meet the condition, by voucher and quota. Whoever declined an offer waits by choice."""
    declined = select(Transition.id).where(
        Transition.registration_id == Registration.id, Transition.reason == "offer_declined"
    )
    rows = db.session.execute(
        select(Registration.voucher_id, Registration.quota_id, func.count())
        .where(Registration.voucher_id.is_not(None), condition)
        .where(or_(Registration.holds_place.is_(True), ~declined.exists()))
        .group_by(Registration.voucher_id, Registration.quota_id)
    )
    return {(voucher or 0, quota): number for voucher, quota, number in rows}


def lines_that_disagree() -> list[str]:
    """The line names the voucher that its registration uses."""
    rows = db.session.execute(
        select(Registration.public_id)
        .join(OrderLine, OrderLine.registration_id == Registration.id)
        .where(OrderLine.voucher_id.is_distinct_from(Registration.voucher_id))
    )
    return [f"registration {row[0]} and its line name two vouchers" for row in rows]
