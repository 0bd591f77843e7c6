"""Orders on account: a verified company with a payment term has its places at once, and pays its invoice later."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.orders import Order
from models.organisations import Organisation
from models.people import Person
from models.registrations import Registration, Status
from services.invoicing import issue_due_locked
from services.notices import tell_locked
from services.places import change_locked
from services.refusals import RegistrationRefused


class NoPaymentTerm(RegistrationRefused):
    """The cluster has agreed no payment term with this organisation: it pays first."""


def due_on_account(organisation: Organisation, at: datetime) -> datetime:
    """When an order placed now is to be paid. Raises NoPaymentTerm."""
    if organisation.payment_term_days is None:
        raise NoPaymentTerm(organisation.public_id)
    return at + timedelta(days=organisation.payment_term_days)


def confirm_on_account_locked(registration: Registration, *, actor: Person | None, reason: str, at: datetime) -> None:
    """A place of an order on account needs no payment: it is confirmed, its person told, and it is invoiced."""
    order: Order = registration.order
    change_locked(registration, Status.CONFIRMED, actor=actor, reason=reason, at=at)
    tell_locked("registration_confirmed", registration)
    issue_due_locked(order, at, actor=actor)
