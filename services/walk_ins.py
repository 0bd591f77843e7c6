"""Somebody who stands at the door is added by the organiser: a place at once, free or kept for a code."""

from __future__ import annotations

from datetime import datetime

from models.base import now
from models.events import Quota
from models.people import Person
from models.registrations import Registration, Status
from services.notices import tell_locked
from services.orders import Line, Placed, place_order_locked
from services.people import person_for_desk_locked
from services.places import begin_locked, lock_event_locked
from services.readers import reader_for
from services.registrations import (
    FIRST_MAIL,
    EventFull,
    RegistrationClosed,
    chosen_price,
    refuse_double_locked,
    tickets_locked,
)
from services.transaction import require_writing, writing
from services.voucher_uses import kept_by_locked
from services.vouchers import priced_with, usable_locked
from services.wishes import Wish


def add_walk_in(event_id: int, wish: Wish, *, actor: Person, locale: str, at: datetime | None = None) -> Registration:
    """Register somebody who stands at the door, by the organiser: a place at once, whatever the registration window.

    A known address attaches to its person; otherwise a person is made. A paid place awaits payment without a deadline.
    The code of the wish lowers the price and opens a place kept for it. Raises EventFull when no place is free,
    AlreadyRegistered, VoucherRefused, or RegistrationClosed when the event is not live.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        if not event.is_live:
            raise RegistrationClosed(event.slug)
        person = person_for_desk_locked(wish.given_name, wish.family_name, wish.email, locale)
        refuse_double_locked(event, person)
        reader = reader_for(person, at)
        price = chosen_price(tickets_locked(event), reader, wish, at)
        price = priced_with(price, usable_locked(wish.voucher, event, at))
        quota = require_writing().get_one(Quota, price.ticket.quota_id)
        if quota.free + (kept_by_locked(quota, price.voucher) if price.voucher else 0) <= 0:
            raise EventFull(event.slug)
        status = Status.CONFIRMED if price.is_free else Status.AWAITING_PAYMENT
        placed = Placed(event, person, wish.email, locale=locale, at=at)
        (registration,) = place_order_locked(placed, [Line(person, wish, reader, price, status, None, "walk_in")])
        begin_locked(registration, actor=actor, reason="walk_in", at=at)
        tell_locked(FIRST_MAIL[status], registration)
        return registration
