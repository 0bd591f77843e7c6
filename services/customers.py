"""Who pays, as far as VAT and the words of a price are concerned; and how VAT applies to what they buy.

A reader acts for a company on the pages of events when their organisation (the one whose price they get) has told us where its
invoices go; on the form when a company is chosen there; always when an HR manager books for a team. Companies read the price
without VAT first, everybody else the price with it. docs/prices.md says it to those who run a cluster.
"""

from __future__ import annotations

from enum import StrEnum

from models.events import Modality, VatTreatment
from models.organisations import Organisation

HOME = "BE"
UNION = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


class Customer(StrEnum):
    """Where whoever pays owes VAT."""

    PERSON = "person"  # a private person, wherever they live
    HOME = "home"  # a business here, or one that gives no VAT number of its own country
    UNION = "union"  # a business of another member state, by a VAT number whose digits are right
    OUTSIDE = "outside"  # a business outside the Union

    @property
    def is_business(self) -> bool:
        return self is not Customer.PERSON


def customer_at(country: str, vat_number: str, *, is_business: bool) -> Customer:
    """The customer with these billing details. `country` is ISO 3166-1; Greece writes EL in its VAT numbers."""
    if not is_business:
        return Customer.PERSON
    prefix = "GR" if vat_number[:2] == "EL" else vat_number[:2]
    if prefix in UNION:
        return Customer.HOME if prefix == HOME else Customer.UNION
    return Customer.HOME if country in UNION else Customer.OUTSIDE


def customer_of_organisation(organisation: Organisation) -> Customer:
    return customer_at(organisation.country, organisation.vat_number or "", is_business=True)


def treatment(ticket_vat: str, modality: str, customer: Customer) -> VatTreatment:
    """How VAT applies to a place of this ticket for this customer.

    Who comes to a Belgian room pays Belgian VAT wherever they are from (directive art. 53 and 54; the Code art. 21 §3 3°).
    Who follows at a distance, as a business of another member state, owes it at home: reverse charge (art. 44 and 196,
    since 1 January 2025); as a business outside the Union, it is outside the scope of ours (art. 44). A private person
    abroad pays the Belgian rate. What is exempt or outside VAT stays so.
    """
    if ticket_vat == VatTreatment.STANDARD and modality == Modality.ONLINE:
        if customer is Customer.UNION:
            return VatTreatment.REVERSE_CHARGE
        if customer is Customer.OUTSIDE:
            return VatTreatment.OUT_OF_SCOPE
    return VatTreatment(ticket_vat)
