"""Early prices and vouchers of the sample season."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from models.events import Audience, Event, Quota, Ticket, VatTreatment
from models.vouchers import Voucher, VoucherEffect
from services.sample.files import Season, Table
from services.transaction import require_writing


def early_ticket(season: Season, table: Table, event: Event, quota: Quota, position: int) -> list[Ticket]:
    """The early price of an event for everybody, until midnight so many days before it begins; none without one."""
    early = table.get("early")
    if early is None:
        return []
    first = event.starts_at.astimezone(event.tz).date()
    closes = datetime.combine(first - timedelta(days=early["days"] - 1), time(0), event.tz)
    return [
        Ticket(
            event=event, quota=quota, position=position, audience=Audience.EVERYONE, net_cents=early["cents"],
            names=season.ticket_names["early"], vat=VatTreatment(table.get("vat", "standard")), sale_closes_at=closes,
        )
    ]  # fmt: skip


def add_vouchers_locked(table: Table, event: Event, quota: Quota) -> None:
    """The vouchers of an event, with the places they keep."""
    rules = table.get("vouchers", [])
    if not rules:
        return
    session = require_writing()
    session.flush()
    for rule in rules:
        effect = next(one for one in VoucherEffect if one.value in rule)
        kept = rule.get("reserved", 0)
        session.add(
            Voucher(
                code=rule["code"], names=rule.get("name", {}), effect=effect, value=rule[effect.value],
                event_id=event.id, uses_limit=rule.get("uses"), reserved=kept,
                reserved_quota_id=quota.id if kept else None, created_at=event.created_at,
            )
        )  # fmt: skip
        quota.kept += kept
