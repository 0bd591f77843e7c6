"""Limits on guessing and flooding, counted as rows: they hold for all workers together and survive a restart."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, select

from models.base import db, now
from models.credentials import Throttle
from services.transaction import require_writing

KEPT = timedelta(days=2)  # no limit looks further back


class TooMany(Exception):
    """The limit is reached. `retry_at` (UTC) is when one more is allowed again."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"too many; again at {retry_at:%H:%M}")
        self.retry_at = retry_at


def allow(kind: str, key: str, limit: int, window: timedelta) -> None:
    """Raise TooMany when `limit` acts of this kind were counted under `key` within the last `window`."""
    oldest = db.session.scalar(
        select(Throttle.at)
        .where(Throttle.kind == kind, Throttle.key == key, Throttle.at > now() - window)
        .order_by(Throttle.at.desc())
        .offset(limit - 1)
        .limit(1)
    )
    if oldest is not None:
        raise TooMany(oldest + window)


def count_locked(kind: str, key: str) -> None:
    """Count one act."""
    require_writing().add(Throttle(kind=kind, key=key, at=now()))


def forgive_locked(kind: str, key: str) -> None:
    """Forget what was counted: the person has shown who they are."""
    require_writing().execute(delete(Throttle).where(Throttle.kind == kind, Throttle.key == key))


def forget_old_locked(at: datetime) -> int:
    """Delete the rows no limit reads any more; how many."""
    answer = require_writing().execute(delete(Throttle).where(Throttle.at < at - KEPT))
    return int(getattr(answer, "rowcount", 0))


def network_key(ip: str) -> str:
    """The address under which one visitor is counted: IPv4 whole, IPv6 its /64, which one household holds entirely."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip[:45]
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
