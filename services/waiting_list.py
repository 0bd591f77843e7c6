"""The waiting list: one order (members first, then time) and one promotion, used by clock, cancelling and staff.

A place kept for a voucher goes to who waits with it; any other place to the first whose ticket is not at its own limit.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from models.events import Approval, Event, Quota
from models.orders import OrderLine
from models.people import Person
from models.registrations import Registration, Status
from models.vouchers import Voucher
from services.deadlines import offer_deadline
from services.notices import tell_locked
from services.places import FRESH, change_locked, quotas_locked
from services.positions import QUEUE
from services.sold_out import full_organisations, full_tickets
from services.transaction import require_writing
from services.voucher_uses import keepers_locked, kept_by_locked


def promote_locked(
    event: Event, at: datetime, *, actor: Person | None = None, skip: Collection[int] = ()
) -> list[Registration]:
    """Give every free place of a live event that has not begun to the first who waits for it and may have it.

    A free registration is confirmed, a paid one offered until a deadline; where the organiser decides about each, the
    request is put to them. `skip` holds the ids of those who have just declined. The event must be locked. Returns who
    moved.
    """
    if not event.is_live or at >= event.starts_at:
        return []
    moved: list[Registration] = []
    for quota in quotas_locked(event.id):
        for voucher in keepers_locked(quota):
            while kept_by_locked(quota, voucher) and (rows := waiting_locked(event, quota, 1, skip, voucher)):
                moved += [promote_one_locked(event, row, at, actor) for row in rows]
        while quota.free and (rows := waiting_locked(event, quota, quota.free, skip)):
            moved += [promote_one_locked(event, row, at, actor) for row in rows]
    return moved


def waiting_locked(
    event: Event, quota: Quota, places: int, skip: Collection[int] = (), voucher: Voucher | None = None
) -> list[Registration]:
    """The first `places` registrations (with the voucher, when one is given) that wait for the quota and may be
    promoted; one at a time when tickets have limits of their own or organisations a cap."""
    limited, full = full_tickets(quota.event_id)
    query = (
        select(Registration)
        .where(Registration.quota_id == quota.id, Registration.status == Status.WAITLISTED)
        .where(Registration.id.not_in(skip), Registration.ticket_id.not_in(full))
        .options(joinedload(Registration.order))
        .order_by(*QUEUE)
        .limit(1 if limited or event.organisation_cap is not None else places)
        .with_for_update(of=Registration)
        .execution_options(**FRESH)
    )
    if voucher is not None:
        query = query.where(Registration.voucher_id == voucher.id)
    if capped := full_organisations(event):
        query = query.where(or_(Registration.organisation_id.is_(None), Registration.organisation_id.not_in(capped)))
    return list(require_writing().scalars(query))


def may_have_locked(event: Event, registration: Registration) -> bool:
    """Whether the ticket's own limit and the cap of the organisation leave a place for this registration."""
    require_writing()
    _, full = full_tickets(event.id)
    return registration.ticket_id not in full and registration.organisation_id not in full_organisations(event)


def promote_one_locked(event: Event, registration: Registration, at: datetime, actor: Person | None) -> Registration:
    gross = require_writing().scalar(select(OrderLine.gross_cents).where(OrderLine.registration_id == registration.id))
    if event.approval == Approval.ORGANISER and not registration.at_head:  # at the head: approved already
        change_locked(registration, Status.PENDING_APPROVAL, actor=actor, reason="place_freed", at=at)
        tell_locked("registration_received", registration)
    elif gross:
        until = offer_deadline(at, event.starts_at, event.zone)
        change_locked(registration, Status.OFFERED, actor=actor, reason="place_freed", at=at, hold_until=until)
        tell_locked("place_offered", registration, {"until": until.isoformat()})
    else:
        change_locked(registration, Status.CONFIRMED, actor=actor, reason="place_freed", at=at)
        tell_locked("registration_confirmed", registration, {"from_waiting_list": True})
    return registration
