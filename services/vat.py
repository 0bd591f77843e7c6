"""VAT on a document: category and rate of each treatment, the words the law asks for, and rounding. Which treatment a sale
has: services/customers.py.

Net is the truth. A line shows its own VAT (rounded half up), a document the VAT of each rate on the sum of its lines
(royal decree of 8 July 2025): what differs by a cent or two is the document's rounding, so that it asks exactly what the order said.
docs/invoices.md tells the rules in words; the cluster's accountant has the last one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import force_locale, pgettext

from models.events import VatTreatment
from models.invoices import VatCategory
from services.prices import VAT_RATES, vat_on

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
