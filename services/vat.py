"""VAT: which treatment a sale has, its category and rate, the words the law asks for, and its rounding on a document.

Net is the truth. A line shows its own VAT (rounded half up), a document the VAT of each rate on the sum of its lines
(royal decree of 8 July 2025): what differs by a cent or two is the document's rounding, so that it asks exactly what the order said.
docs/invoices.md tells the rules in words; the cluster's accountant has the last one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import force_locale, pgettext

from models.events import Modality, VatTreatment
from models.invoices import VatCategory
from services.prices import VAT_RATES, vat_on

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

CATEGORIES: dict[str, VatCategory] = {
    VatTreatment.STANDARD: VatCategory.STANDARD,
    VatTreatment.EXEMPT_TRAINING: VatCategory.EXEMPT,
    VatTreatment.REVERSE_CHARGE: VatCategory.REVERSE_CHARGE,
    VatTreatment.OUT_OF_SCOPE: VatCategory.OUT_OF_SCOPE,
}
REASON_CODES: dict[VatCategory, str] = {
    VatCategory.EXEMPT: "VATEX-EU-132-1I",  # directive 2006/112/EC art. 132(1)(i): vocational training
    VatCategory.REVERSE_CHARGE: "VATEX-EU-AE",
    VatCategory.OUT_OF_SCOPE: "VATEX-EU-O",
}


@dataclass(frozen=True)
class Customer:
    """What VAT wants to know of whoever pays. `country` is ISO 3166-1; a private person has no VAT number."""

    country: str = HOME
    vat_number: str = ""

    @property
    def is_foreign_business(self) -> bool:
        """A business of another member state, by a VAT number whose digits are right (checked where it is typed)."""
        prefix = "GR" if self.vat_number[:2] == "EL" else self.vat_number[:2]
        return prefix in UNION and prefix != HOME


def treatment(ticket_vat: str, modality: str, customer: Customer) -> VatTreatment:
    """How VAT applies to a place of this ticket for this customer.

    Who comes to a Belgian room pays Belgian VAT wherever they are from (directive art. 53 and 54; the Code art. 21 §3 3°).
    Who follows at a distance, as a business of another member state, owes it at home: reverse charge (art. 44 and 196,
    since 1 January 2025). A private person abroad pays the Belgian rate. What is exempt or outside VAT stays so.
    """
    if ticket_vat == VatTreatment.STANDARD and modality == Modality.ONLINE and customer.is_foreign_business:
        return VatTreatment.REVERSE_CHARGE
    return VatTreatment(ticket_vat)


def rate_of(vat: str) -> int:
    """The rate in percent of a treatment."""
    return VAT_RATES[vat]


@dataclass(frozen=True)
class Tax:
    """The VAT of one category and rate on a document, in cents."""

    category: VatCategory
    rate: int
    base_cents: int
    vat_cents: int


def taxes_of(nets: Iterable[tuple[VatCategory, int, int]]) -> list[Tax]:
    """(category, rate, net in cents) of each line → the VAT per category and rate, rounded once each (EN 16931 BR-CO-17),
    the highest rate first."""
    bases: dict[tuple[VatCategory, int], int] = {}
    for category, rate, net_cents in nets:
        bases[category, rate] = bases.get((category, rate), 0) + net_cents
    found = [Tax(category, rate, base, vat_on(base, rate)) for (category, rate), base in bases.items()]
    return sorted(found, key=lambda tax: (-tax.rate, tax.category))


def net_of(gross_cents: int, rate: int) -> int:
    """The net in cents inside a gross amount in cents (≥ 0), rounded half up."""
    return (gross_cents * 200 + 100 + rate) // (2 * (100 + rate))


def mention(category: VatCategory, locale: str) -> str:
    """The words that the law asks for beside an amount without VAT; '' for the standard rate."""
    with force_locale(locale):
        match category:
            case VatCategory.EXEMPT:
                return pgettext(
                    "invoice", "Exempt from VAT: vocational training, article 44, § 2, 4° of the Belgian VAT Code."
                )
            case VatCategory.REVERSE_CHARGE:
                return pgettext(
                    "invoice",
                    "Reverse charge: VAT is due by the customer, articles 44 and 196 of Directive 2006/112/EC.",
                )
            case VatCategory.OUT_OF_SCOPE:
                return pgettext("invoice", "Outside the scope of VAT.")
            case _:
                return ""


def credit_note_sentence(locale: str) -> str:
    """What a credit note must say to a customer who deducts VAT (royal decree no. 4 of 29 December 1969, art. 4)."""
    with force_locale(locale):
        return pgettext("invoice", "VAT to be paid back to the State in so far as it was originally deducted.")
