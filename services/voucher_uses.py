"""Counting the uses of vouchers and the places kept for them, where statuses change (services/places.py).

Lock order: event rows in ascending id → orders → registrations → vouchers in ascending id. The event's lock guards the
quota's `kept`; the voucher's own lock guards `used`, since one voucher may serve the events of a whole area.
`used` is the number of live registrations that use the voucher. `Quota.kept` is, over the vouchers that keep places of
it, what they reserve less what their users hold.

The lock is FOR NO KEY UPDATE: inserting a registration or a line takes KEY SHARE of its voucher for the foreign key, and two
of those that then wanted FOR UPDATE were a deadlock on PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import func, select

from models.base import db
from models.events import Quota
from models.registrations import LIVE, Registration
from models.vouchers import Voucher
from services.transaction import require_writing


def lock_voucher_locked(voucher_id: int) -> Voucher:
    """Lock the voucher's row and read it anew; the event must be locked."""
    query = select(Voucher).where(Voucher.id == voucher_id).with_for_update(key_share=True)
    return require_writing().execute(query.execution_options(populate_existing=True)).scalar_one()


def lock_vouchers_of_locked(event_id: int) -> None:
    """Lock every voucher that the event's live registrations use, in ascending id: before many of them end at once."""
    used = select(Registration.voucher_id).where(Registration.event_id == event_id, Registration.status.in_(LIVE))
    query = select(Voucher).where(Voucher.id.in_(used)).order_by(Voucher.id).with_for_update(key_share=True)
    require_writing().scalars(query.execution_options(populate_existing=True)).all()


def count_use_locked(registration: Registration, uses: int) -> None:
    """One use more (1) or given back (-1)."""
    if registration.voucher_id is not None:
        require_writing().flush()  # the row is read anew: what stands in memory must be in the database
        lock_voucher_locked(registration.voucher_id).used += uses


def take_locked(quota: Quota, registration: Registration) -> None:
    """Take a place: one that is kept for the registration's voucher when there is one. Raises QuotaFull."""
    if kept_for_locked(quota, registration) > 0:
        quota.kept -= 1
    quota.take()


def give_back_locked(quota: Quota, registration: Registration) -> None:
    """Free its place; it is kept again when it was one of its voucher's. The registration still counts as holding."""
    quota.give_back()
    if kept_for_locked(quota, registration) > 0:
        quota.kept += 1


def has_place_locked(quota: Quota, registration: Registration) -> bool:
    """Whether this registration may have a place now: one that is free, or kept for its voucher."""
    return quota.free > 0 or kept_for_locked(quota, registration) > 0


def kept_for_locked(quota: Quota, registration: Registration) -> int:
    """How many places of the quota its voucher keeps for users other than this one who have none yet."""
    if registration.voucher_id is None:
        return 0
    voucher = require_writing().get_one(Voucher, registration.voucher_id)
    return kept_by_locked(quota, voucher, but=registration)


def kept_by_locked(quota: Quota, voucher: Voucher, but: Registration | None = None) -> int:
    """How many places of the quota the voucher keeps that none of its users (`but` one) holds."""
    require_writing()
    return kept_by(quota, voucher, but)


def kept_by(quota: Quota, voucher: Voucher, but: Registration | None = None) -> int:
    """The same for a page, which holds no lock."""
    if not voucher.keeps_places or voucher.reserved_quota_id != quota.id:
        return 0
    held = select(func.count()).where(
        Registration.quota_id == quota.id, Registration.voucher_id == voucher.id, Registration.holds_place.is_(True)
    )
    if but is not None and but.id is not None:
        held = held.where(Registration.id != but.id)
    return max(voucher.reserved - (db.session.scalar(held) or 0), 0)


def keepers_locked(quota: Quota) -> list[Voucher]:
    """The vouchers that keep places of the quota which nobody has taken yet, the oldest first."""
    if not quota.kept:
        return []
    query = select(Voucher).where(Voucher.reserved_quota_id == quota.id, Voucher.reserved > 0).order_by(Voucher.id)
    return [voucher for voucher in require_writing().scalars(query) if kept_by_locked(quota, voucher)]
