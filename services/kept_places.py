"""A place kept for a code, for a registration that exists already: on another date, or the other way of taking part.

The price agreed stays: the code only opens the place that it keeps. A registration has one code, whose use is counted,
so one that made the price is not given up for another.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from models.events import Event, Quota
from models.registrations import Registration
from models.vouchers import Voucher, voucher_code
from services.successors import line_of_locked
from services.transaction import require_writing
from services.voucher_uses import count_use_locked, kept_by, kept_by_locked, lock_voucher_locked
from services.vouchers import VoucherRefused, usable


class KeepsNoPlace(VoucherRefused):
    """The code is valid, but keeps no place there, or none is left."""


class OneCodeOnly(VoucherRefused):
    """The price was made with another code, `code`, and a registration has one only."""


def voucher_there_locked(text: str, event: Event, registration: Registration, at: datetime) -> Voucher | None:
    """The voucher for which the registration may take a kept place of `event`: of the code typed, else its own.

    Locks both, in ascending id. Raises VoucherRefused.
    """
    session, code = require_writing(), voucher_code(text)[:40]
    typed = session.scalar(select(Voucher.id).where(Voucher.code == code)) if code else None
    wanted = {one for one in (typed, registration.voucher_id) if one is not None}
    rows = {one: lock_voucher_locked(one) for one in sorted(wanted)}
    own = rows.get(registration.voucher_id or 0)
    if not code or (own is not None and own.id == typed):
        return own
    voucher = usable(rows.get(typed or 0), text, event, at)
    if not voucher.keeps_places:
        raise KeepsNoPlace(voucher.code)
    if own is not None and own.changes_price:
        raise OneCodeOnly(own.code)
    return voucher


def has_place_there_locked(quota: Quota, voucher: Voucher | None, registration: Registration) -> bool:
    """Whether the quota has a place that anybody may have, or one kept for the voucher."""
    require_writing()
    return quota.free > 0 or (voucher is not None and kept_by_locked(quota, voucher, but=registration) > 0)


def keeps_for(quota: Quota, voucher: Voucher | None, registration: Registration) -> bool:
    """Whether the quota keeps a place for the registration's own voucher; for pages."""
    return voucher is not None and kept_by(quota, voucher, but=registration) > 0


def use_instead_locked(registration: Registration, voucher: Voucher | None) -> None:
    """From now on the registration, and its line, use this voucher; the use of the one before is given back."""
    if voucher is None or voucher.id == registration.voucher_id:
        return
    count_use_locked(registration, -1)
    registration.voucher_id = line_of_locked(registration).voucher_id = voucher.id
    count_use_locked(registration, 1)
