"""Invoices and credit notes as UBL 2.1, Peppol BIS Billing 3.0 (EN 16931-1, EN 16931-3-2): the bytes an accounting program reads.

Everything comes from the frozen document; nothing is computed here but the sums of its own lines. The same document gives
the same bytes. A buyer whom Peppol cannot reach, such as a private person, gets the plain European norm. tests/conformance runs the official rules over every shape of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element

CORE = "urn:cen.eu:en16931:2017"
PEPPOL = f"{CORE}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
CAC, CBC = f"{UBL}CommonAggregateComponents-2", f"{UBL}CommonBasicComponents-2"
TRANSFER, ONE = "30", "C62"  # UNCL4461: credit transfer; UN/ECE rec. 20: one
OUTSIDE = "O"
MAIL = "EM"  # Electronic Address Scheme of a mail address, for whoever has no other


@dataclass(frozen=True)
class Party:
    """Seller or buyer. `endpoint` is `scheme:identifier`; numbers without spaces or dots; '' where there is none."""

    name: str
    country: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    enterprise_number: str = ""
    vat_number: str = ""
    register: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""
    endpoint: str = ""


@dataclass(frozen=True)
class Line:
    """Amounts in cents; the rate in percent; the category as in UNCL5305 (S, E, AE, O)."""

    name: str
    quantity: int
    unit_cents: int
    net_cents: int
    category: str
    rate: int
    detail: str = ""


@dataclass(frozen=True)
class Tax:
    category: str
    rate: int
    base_cents: int
    vat_cents: int
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True)
class Document:
    """An issued invoice; a credit note when it `corrects` one: the number and day of that invoice."""

    number: str
    issued_on: date
    seller: Party
    buyer: Party
    lines: Sequence[Line]
    taxes: Sequence[Tax]
    net_cents: int
    vat_cents: int
    gross_cents: int
    rounding_cents: int = 0
    prepaid_cents: int = 0
    due_on: date | None = None
    supply_on: date | None = None
    buyer_reference: str = ""
    purchase_order: str = ""
    communication: str = ""
    iban: str = ""
    bic: str = ""
    holder: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    corrects: tuple[str, date] | None = None
    currency: str = "EUR"

    @property
    def is_credit_note(self) -> bool:
        return self.corrects is not None


def ubl(document: Document) -> bytes:
    """The document as UBL, UTF-8 with its declaration. Texts lose the characters that XML cannot hold."""
    from lxml import etree

    kind = "CreditNote" if document.is_credit_note else "Invoice"
    names: Any = {None: f"{UBL}{kind}-2", "cac": CAC, "cbc": CBC}
    root = etree.Element(f"{{{UBL}{kind}-2}}{kind}", nsmap=names)
    add_head(root, document)
    add_party(root, "AccountingSupplierParty", document.seller, document)
    add_party(root, "AccountingCustomerParty", document.buyer, document)
    if document.supply_on:
        leaf(part(root, "Delivery"), "ActualDeliveryDate", document.supply_on.isoformat())
    add_payment(root, document)
    add_taxes(root, document)
    add_totals(root, document)
    for number, line in enumerate(document.lines, 1):
        add_line(root, document, number, line)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def part(parent: _Element, name: str) -> _Element:
    from lxml import etree

    return etree.SubElement(parent, f"{{{CAC}}}{name}")


def leaf(parent: _Element, name: str, value: str, **attributes: str) -> None:
    """An element with a text; nothing for ''."""
    from lxml import etree

    if value := printable(value):
        etree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = value


def printable(text: str) -> str:
    """The text in one line, without what XML 1.0 cannot hold."""
    kept = (char for char in text if char >= " " or char in "\t\n\r")
    return " ".join(
        "".join(char for char in kept if not ("\ud800" <= char <= "\udfff" or char in "\ufffe\uffff")).split()
    )


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def amount(parent: _Element, name: str, cents: int, currency: str) -> None:
    leaf(parent, name, money(cents), currencyID=currency)


def add_head(root: _Element, document: Document) -> None:
    leaf(root, "CustomizationID", PEPPOL if document.buyer.endpoint else CORE)
    leaf(root, "ProfileID", PROFILE if document.buyer.endpoint else "")
    leaf(root, "ID", document.number)
    leaf(root, "IssueDate", document.issued_on.isoformat())
    if document.due_on and not document.is_credit_note:
        leaf(root, "DueDate", document.due_on.isoformat())
    leaf(
        root,
        "CreditNoteTypeCode" if document.is_credit_note else "InvoiceTypeCode",
        "381" if document.is_credit_note else "380",
    )
    leaf(root, "Note", " ".join(document.notes))  # one at most: PEPPOL-EN16931-R002
    leaf(root, "DocumentCurrencyCode", document.currency)
    leaf(root, "BuyerReference", document.buyer_reference)
    if document.purchase_order:
        leaf(part(root, "OrderReference"), "ID", document.purchase_order)
    if document.corrects:
        reference = part(part(root, "BillingReference"), "InvoiceDocumentReference")
        leaf(reference, "ID", document.corrects[0])
        leaf(reference, "IssueDate", document.corrects[1].isoformat())


def add_party(root: _Element, name: str, party: Party, document: Document) -> None:
    holder = part(part(root, name), "Party")
    scheme, _, identifier = (party.endpoint or f"{MAIL}:{party.email}").partition(":")
    leaf(holder, "EndpointID", identifier, schemeID=scheme)
    address = part(holder, "PostalAddress")
    leaf(address, "StreetName", party.street)
    leaf(address, "CityName", party.city)
    leaf(address, "PostalZone", party.postcode)
    leaf(part(address, "Country"), "IdentificationCode", party.country)
    outside = any(tax.category == OUTSIDE for tax in document.taxes)
    if party.vat_number and not outside:  # BR-O-02: a document outside VAT names no VAT number
        scheme_of = part(holder, "PartyTaxScheme")
        leaf(scheme_of, "CompanyID", party.vat_number)
        leaf(part(scheme_of, "TaxScheme"), "ID", "VAT")
    legal = part(holder, "PartyLegalEntity")
    leaf(legal, "RegistrationName", party.name)
    if party.enterprise_number:
        leaf(legal, "CompanyID", party.enterprise_number, schemeID="0208")
    leaf(legal, "CompanyLegalForm", party.register)
    if party.contact or party.phone or party.email:
        contact = part(holder, "Contact")
        leaf(contact, "Name", party.contact)
        leaf(contact, "Telephone", party.phone)
        leaf(contact, "ElectronicMail", party.email)


def add_payment(root: _Element, document: Document) -> None:
    """How to pay what is asked; BR-CO-25 wants a day or a term wherever something is to be paid."""
    if document.is_credit_note:
        leaf(part(root, "PaymentTerms"), "Note", document.communication or document.number)
        return
    if not document.iban:
        return
    means = part(root, "PaymentMeans")
    leaf(means, "PaymentMeansCode", TRANSFER)
    leaf(means, "PaymentID", document.communication)
    account = part(means, "PayeeFinancialAccount")
    leaf(account, "ID", document.iban)
    leaf(account, "Name", document.holder)
    if document.bic:
        leaf(part(account, "FinancialInstitutionBranch"), "ID", document.bic)


def add_taxes(root: _Element, document: Document) -> None:
    total = part(root, "TaxTotal")
    amount(total, "TaxAmount", document.vat_cents, document.currency)
    for tax in document.taxes:
        subtotal = part(total, "TaxSubtotal")
        amount(subtotal, "TaxableAmount", tax.base_cents, document.currency)
        amount(subtotal, "TaxAmount", tax.vat_cents, document.currency)
        category = add_category(subtotal, "TaxCategory", tax.category, tax.rate)
        leaf(category, "TaxExemptionReasonCode", tax.reason_code)
        leaf(category, "TaxExemptionReason", tax.reason)
        leaf(part(category, "TaxScheme"), "ID", "VAT")


def add_category(parent: _Element, name: str, category: str, rate: int) -> _Element:
    found = part(parent, name)
    leaf(found, "ID", category)
    if category != OUTSIDE:  # BR-O-05: no rate outside VAT
        leaf(found, "Percent", str(rate))
    return found


def add_totals(root: _Element, document: Document) -> None:
    total, currency = part(root, "LegalMonetaryTotal"), document.currency
    amount(total, "LineExtensionAmount", sum(line.net_cents for line in document.lines), currency)
    amount(total, "TaxExclusiveAmount", document.net_cents, currency)
    amount(total, "TaxInclusiveAmount", document.net_cents + document.vat_cents, currency)
    if document.prepaid_cents:
        amount(total, "PrepaidAmount", document.prepaid_cents, currency)
    if document.rounding_cents:
        amount(total, "PayableRoundingAmount", document.rounding_cents, currency)
    amount(total, "PayableAmount", document.gross_cents - document.prepaid_cents, currency)


def add_line(root: _Element, document: Document, number: int, line: Line) -> None:
    credit = document.is_credit_note
    holder = part(root, "CreditNoteLine" if credit else "InvoiceLine")
    leaf(holder, "ID", str(number))
    leaf(holder, "CreditedQuantity" if credit else "InvoicedQuantity", str(line.quantity), unitCode=ONE)
    amount(holder, "LineExtensionAmount", line.net_cents, document.currency)
    item = part(holder, "Item")
    leaf(item, "Description", line.detail)
    leaf(item, "Name", line.name)
    category = add_category(item, "ClassifiedTaxCategory", line.category, line.rate)
    leaf(part(category, "TaxScheme"), "ID", "VAT")
    amount(part(holder, "Price"), "PriceAmount", line.unit_cents, document.currency)
