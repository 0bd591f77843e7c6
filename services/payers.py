"""Who pays an order: the person who places it, an organisation they work at, or a company whose details they typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.organisations import Organisation
from models.people import Person
from services.customers import Customer, customer_at, customer_of_organisation
from services.on_account import due_on_account
from services.organisations import employers_of
from services.refusals import RegistrationRefused
from services.wishes import Payer


class PayerGone(RegistrationRefused):
    """The organisation does not pay for this person: they no longer work there, or it has no billing details."""


@dataclass(frozen=True)
class Paying:
    """Who pays, as an order keeps it: nobody but the person when it names neither organisation nor billing details."""

    customer: Customer = Customer.PERSON
    organisation: Organisation | None = None
    billing: dict[str, Any] = field(default_factory=dict)
    purchase_order: str = ""
    awaits_purchase_order: bool = False
    account_due_at: datetime | None = None  # on account: when it is to be paid

    @property
    def facts(self) -> dict[str, Any]:
        """What services/orders.Placed keeps of it."""
        names = ("billing", "purchase_order", "awaits_purchase_order", "account_due_at")
        return {"payer": self.organisation, **{name: getattr(self, name) for name in names}}


def payers_for(person: Person) -> list[Organisation]:
    """The organisations the person works at, verified, that told us where their invoices go; the main one first."""
    return employers_of(person, Organisation.can_be_invoiced)


def paying(person: Person, payer: Payer, at: datetime) -> Paying:
    """What the form says, once it is known to be so. Raises PayerGone and NoPaymentTerm."""
    if payer.organisation:
        found = next((each for each in payers_for(person) if each.public_id == payer.organisation), None)
        if found is None:
            raise PayerGone(payer.organisation)
        due = due_on_account(found, at) if payer.on_account else None
        later = payer.on_account and payer.purchase_order_later
        return Paying(customer_of_organisation(found), found, {}, payer.purchase_order, later, due)
    if payer.billing:
        later = payer.purchase_order_later
        return Paying(customer_of_payer(payer), None, payer.billing, payer.purchase_order, later)
    return Paying()


def customer_of_payer(payer: Payer) -> Customer:
    """The customer of typed details; a private person without."""
    country, number = str(payer.billing.get("country", "")), str(payer.billing.get("vat_number", ""))
    return customer_at(country, number, is_business=bool(payer.billing))
