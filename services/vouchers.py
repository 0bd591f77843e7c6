"""Vouchers as people use them: a code is found, or refused with the reason, before a price is made of it.

Codes are short and typed by hand, so wrong ones are counted by network: a stranger cannot try them all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from models.base import db
from models.events import Event, event_area
from models.vouchers import Voucher, voucher_code
from services.prices import Price, with_voucher
from services.refusals import RegistrationRefused
from services.throttles import allow, count_locked, network_key
from services.transaction import require_writing, writing
from services.voucher_uses import lock_voucher_locked

TRIES, WINDOW = 10, timedelta(minutes=15)  # wrong codes from one network


class VoucherRefused(RegistrationRefused):
    """A code that cannot be used here and now; nothing was booked. `code` is as it was typed, without spaces."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class VoucherUnknown(VoucherRefused):
    """No voucher has this code."""


class VoucherElsewhere(VoucherRefused):
    """The voucher is for another event, or another area."""


class VoucherTooEarly(VoucherRefused):
    """The voucher is not valid yet; it is from `begins` on."""

    def __init__(self, code: str, begins: datetime) -> None:
        super().__init__(code)
        self.begins = begins


class VoucherEnded(VoucherRefused):
    """The voucher has run out of time, or was withdrawn."""


class VoucherUsedUp(VoucherRefused):
    """The voucher serves `left` more registrations, and `asked` wanted it."""

    def __init__(self, code: str, left: int, asked: int) -> None:
        super().__init__(code)
        self.left, self.asked = left, asked


class VoucherNotNeeded(VoucherRefused):
    """The voucher would not lower the price of this place."""


def try_voucher(text: str, event: Event, ip: str, at: datetime) -> Voucher | None:
    """The voucher of a typed code; None when nothing was typed. For pages, before anything is locked.

    Raises VoucherRefused, and TooMany when this network has typed too many wrong codes.
    """
    if not voucher_code(text):
        return None
    allow("voucher_try", network_key(ip), TRIES, WINDOW)
    try:
        return usable(find(text), text, event, at)
    except VoucherRefused:
        with writing():
            count_locked("voucher_try", network_key(ip))
        raise


def find(text: str) -> Voucher | None:
    """The voucher with this code, typed in any case and with any spaces."""
    return db.session.scalar(select(Voucher).where(Voucher.code == voucher_code(text)[:40]))


def usable(voucher: Voucher | None, text: str, event: Event, at: datetime, asked: int = 1) -> Voucher:
    """The voucher, when `asked` registrations for the event may use it at the instant `at`; raises VoucherRefused."""
    code = voucher_code(text)[:40]
    if voucher is None:
        raise VoucherUnknown(code)
    if not is_for(voucher, event):
        raise VoucherElsewhere(code)
    if voucher.has_ended(at):
        raise VoucherEnded(code)
    if not voucher.has_begun(at) and voucher.valid_from is not None:
        raise VoucherTooEarly(code, voucher.valid_from)
    if voucher.left is not None and voucher.left < asked:
        raise VoucherUsedUp(code, voucher.left, asked)
    return voucher


def is_for(voucher: Voucher, event: Event) -> bool:
    """Whether the voucher is for this event: for it alone, for one of its areas, or for everything."""
    if voucher.event_id is not None:
        return voucher.event_id == event.id
    if voucher.area_id is None:
        return True
    query = select(event_area.c.event_id).where(
        event_area.c.event_id == event.id, event_area.c.area_id == voucher.area_id
    )
    return db.session.scalar(query) is not None


def usable_locked(text: str | None, event: Event, at: datetime, asked: int = 1) -> Voucher | None:
    """The voucher of a wish, its row locked so that its last use goes to one only; None without a code."""
    if not text or not voucher_code(text):
        return None
    voucher_id = require_writing().scalar(select(Voucher.id).where(Voucher.code == voucher_code(text)[:40]))
    voucher = lock_voucher_locked(voucher_id) if voucher_id is not None else None
    return usable(voucher, text, event, at, asked)


def priced_with(price: Price, voucher: Voucher | None) -> Price:
    """The price with the voucher. Raises VoucherNotNeeded when it lowers nothing and keeps no place of the quota."""
    if voucher is not None and does_nothing(price, voucher):
        raise VoucherNotNeeded(voucher.code)
    return with_voucher(price, voucher)


def does_nothing(price: Price, voucher: Voucher) -> bool:
    """Whether the voucher neither lowers the price nor keeps a place of its quota."""
    keeps = voucher.keeps_places and voucher.reserved_quota_id == price.ticket.quota_id
    return not keeps and voucher.applied_to(price.net_cents) == price.net_cents
