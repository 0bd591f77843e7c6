"""The vouchers that the desk shows: those of one event with those that serve it from outside, or all the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select

from models.areas import Area
from models.base import Texts, db
from models.events import Quota, event_area
from models.vouchers import Voucher
from services.voucher_uses import kept_by


class Standing(StrEnum):
    VALID = "valid"
    EARLY = "early"  # not valid yet
    USED_UP = "used_up"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class VoucherRow:
    """One voucher of a list. `kept` places are reserved and not taken; `area` is the name of its area, {} for none."""

    voucher: Voucher
    area: Texts
    kept: int
    at: datetime

    @property
    def standing(self) -> Standing:
        voucher = self.voucher
        if voucher.withdrawn_at is not None:
            return Standing.WITHDRAWN
        if voucher.has_ended(self.at):
            return Standing.ENDED
        if not voucher.has_begun(self.at):
            return Standing.EARLY
        return Standing.USED_UP if voucher.left == 0 else Standing.VALID


def quotas_of(event_id: int) -> list[Quota]:
    """The event's quotas, of which a voucher may keep places."""
    return list(db.session.scalars(select(Quota).where(Quota.event_id == event_id).order_by(Quota.id)))


def vouchers_of(event_id: int, at: datetime) -> list[VoucherRow]:
    """The event's own vouchers, the newest first."""
    return rows_of(list(db.session.scalars(select(Voucher).where(Voucher.event_id == event_id))), at)


def vouchers_that_serve(event_id: int, at: datetime) -> list[VoucherRow]:
    """The vouchers of its areas, and of everything, that may be used on the event now."""
    areas = select(event_area.c.area_id).where(event_area.c.event_id == event_id)
    found = db.session.scalars(
        select(Voucher).where(Voucher.event_id.is_(None), or_(Voucher.area_id.is_(None), Voucher.area_id.in_(areas)))
    )
    return [row for row in rows_of(list(found), at) if row.standing is Standing.VALID]


def general_vouchers(at: datetime) -> list[VoucherRow]:
    """The vouchers of areas and of everything."""
    return rows_of(list(db.session.scalars(select(Voucher).where(Voucher.event_id.is_(None)))), at)


def rows_of(vouchers: Sequence[Voucher], at: datetime) -> list[VoucherRow]:
    """With area and kept places: those that can be used first, then the newest."""
    areas: dict[int, Texts] = {row.id: row.names for row in db.session.execute(select(Area.id, Area.names))}
    quotas = {voucher.reserved_quota_id for voucher in vouchers} - {None}
    loaded = {quota.id: quota for quota in db.session.scalars(select(Quota).where(Quota.id.in_(quotas)))}
    rows = []
    for voucher in sorted(vouchers, key=lambda one: one.id, reverse=True):
        quota = loaded.get(voucher.reserved_quota_id or 0)
        rows.append(
            VoucherRow(voucher, areas.get(voucher.area_id or 0, {}), kept_by(quota, voucher) if quota else 0, at)
        )
    return sorted(rows, key=lambda row: row.standing not in (Standing.VALID, Standing.EARLY))
