"""Telling the people of a registration what happened, through the outbox, in the transaction of the cause.

Who ordered for themselves gets one mail. In an order for colleagues each of them is told what is theirs, without prices
and bank details; whoever ordered is told what costs money or asks for an answer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select

from models.events import Event
from models.registrations import Registration
from services.outbox import gather_mail_locked, queue_mail_locked
from services.transaction import require_writing

FOR_A_COLLEAGUE = {
    "registration_received": "team_place",
    "registration_waitlisted": "team_place",
    "payment_received": "registration_confirmed",
}
"""What somebody reads for whom another person ordered, in place of a mail that asks for money."""

BUYERS_ONLY = frozenset({"place_offered"})  # taking the place is an obligation to pay
BUYERS_TOO = frozenset({"place_offered", "registration_expired", "wait_ended"})
BUYERS_ONCE = frozenset(
    {"event_changed", "event_postponed", "event_cancelled", "event_guaranteed", "decision_moved"}
)  # one mail for all their colleagues


def tell_locked(template: str, registration: Registration, context: dict[str, Any] | None = None) -> None:
    """Queue the mail `template` about `registration`, in the order's language, to the person and, when somebody else
    ordered, to whom it concerns of the two."""
    number_locked(registration)
    order, context = registration.order, context or {}
    if registration.person_id == order.buyer_id:
        send_locked(template, registration, registration.email, registration.person_id, registration.name, context)
        return
    if template not in BUYERS_ONLY:
        words = FOR_A_COLLEAGUE.get(template, template)
        send_locked(words, registration, registration.email, registration.person_id, registration.name, context)
    if template in BUYERS_TOO:
        tell_buyer_locked(template, registration, {**context, "for": registration.name})
    elif template in BUYERS_ONCE and not buyer_comes_locked(registration):
        event = require_writing().get_one(Event, registration.event_id)
        unique_key = f"{template}:{order.id}:{event.sequence}.{event.version}"
        tell_buyer_locked(template, registration, context, unique_key=unique_key)


def number_locked(registration: Registration) -> None:
    """The outbox row refers to the registration's id: a new one gets it now."""
    if not registration.id:
        require_writing().flush()


def buyer_comes_locked(registration: Registration) -> bool:
    """Whether whoever ordered has a registration of their own in the order, and so a mail of their own."""
    order = registration.order
    own = exists().where(Registration.order_id == order.id, Registration.person_id == order.buyer_id)
    return bool(require_writing().scalar(select(own)))


def tell_buyer_locked(
    template: str, registration: Registration, context: dict[str, Any], *, unique_key: str | None = None
) -> None:
    """Queue a mail about `registration` to whoever ordered it."""
    number_locked(registration)
    order = registration.order
    send_locked(template, registration, order.buyer_email, order.buyer_id, "", context, unique_key)


def send_locked(
    template: str,
    registration: Registration,
    address: str,
    person_id: int | None,
    name: str,
    context: dict[str, Any],
    unique_key: str | None = None,
) -> None:
    """One mail, if there is an address."""
    if not address:
        return
    facts: dict[str, Any] = {
        "locale": registration.order.locale,
        "name": name,
        "person": person_id,
        "event": registration.event_id,
        "registration": registration.id,
        "context": context,
    }
    if unique_key is not None or not gather_mail_locked(template, address, **facts):
        queue_mail_locked(template, address, **facts, unique_key=unique_key)
