"""Issued documents of every shape, without a database: what services/invoicing.py would have frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from models.invoices import Invoice, InvoiceKind, InvoiceLine, InvoiceTax, VatCategory
from models.orders import Order
from services.invoice_files import ubl_of
from services.vat import REASON_CODES, taxes_of

S, E, AE, OUTSIDE = (
    VatCategory.STANDARD, VatCategory.EXEMPT, VatCategory.REVERSE_CHARGE, VatCategory.OUT_OF_SCOPE,
)  # fmt: skip
REASONS = {
    S: "",
    E: "Exempté de la TVA : formation professionnelle, article 44, § 2, 4° du Code de la TVA.",
    AE: "Reverse charge: VAT is due by the customer, articles 44 and 196 of Directive 2006/112/EC.",
    OUTSIDE: "Outside the scope of VAT.",
}
SELLER = {
    "name": "Mosan Health ASBL", "street": "rue des Verriers 14", "postcode": "5000", "city": "Namur",
    "country": "BE", "enterprise_number": "0123456749", "vat_number": "BE0123456749",
    "register": "RPM Liège, division Namur", "email": "hello@mosan.example", "phone": "+32 81 00 14 14",
    "iban": "BE68 5390 0754 7034", "bic": "MOSABEB0XXX", "holder": "Mosan Health ASBL", "endpoint": "0208:0123456749",
}  # fmt: skip
COMPANY = {
    "name": "Lysara Biologics SA", "street": "Rue de l’Industrie 3", "postcode": "5032", "city": "Gembloux",
    "country": "BE", "enterprise_number": "0101357179", "vat_number": "BE0101357179", "email": "pay@lysara.example",
    "endpoint": "0208:0101357179", "attention": "Dora Wouters",
}  # fmt: skip
LUXEMBOURG = {
    "name": "Ourthe Diagnostics S.à r.l.", "street": "1, rue du Kiem", "postcode": "L-1857", "city": "Luxembourg",
    "country": "LU", "vat_number": "LU26375245", "email": "pay@ourthe.example", "endpoint": "9938:LU26375245",
}  # fmt: skip
PERSON = {"name": "Carol Nguyễn", "country": "BE", "email": "carol@kelvin-home.example"}

Row = tuple[int, VatCategory, int]  # net cents, category, rate


def document(rows: Sequence[Row], buyer: dict[str, Any] = COMPANY, *, gross: int = 0, **changes: Any) -> Invoice:
    """An invoice of these lines; `gross` is what it asks when that is not net + VAT."""
    taxes = taxes_of((category, rate, net) for net, category, rate in rows)
    net, vat = sum(row[0] for row in rows), sum(tax.vat_cents for tax in taxes)
    gross = gross or net + vat
    values: dict[str, Any] = {
        "kind": InvoiceKind.INVOICE, "year": 2026, "number": 42, "issued_on": date(2026, 11, 30),
        "due_on": date(2026, 12, 30), "supply_on": date(2026, 12, 10), "locale": "fr", "currency": "EUR",
        "seller": SELLER, "buyer": buyer, "purchase_order": "", "payment_reference": "+++123/4567/89002+++",
        "notes": [], "reason": "", "net_cents": net, "vat_cents": vat, "rounding_cents": gross - net - vat,
        "gross_cents": gross, "prepaid_cents": 0, "order": Order(code="MH-4K7Q-92X8"),
    }  # fmt: skip
    found = Invoice(**{**values, **changes})
    for position, (cents, category, rate) in enumerate(rows, 1):
        InvoiceLine(
            invoice=found, position=position, description="Aseptic techniques", detail="Bob Lambert · 10 December 2026",
            quantity=1, unit_net_cents=cents, net_cents=cents, gross_cents=0, vat_category=category, vat_rate=rate,
        )  # fmt: skip
    for tax in taxes:
        InvoiceTax(
            invoice=found, vat_category=tax.category, vat_rate=tax.rate, base_cents=tax.base_cents,
            vat_cents=tax.vat_cents, mention=REASONS[tax.category], reason_code=REASON_CODES.get(tax.category, ""),
        )  # fmt: skip
    return found


def credit_note(rows: Sequence[Row], buyer: dict[str, Any] = COMPANY) -> Invoice:
    return document(
        rows, buyer, kind=InvoiceKind.CREDIT_NOTE, number=3, corrects=document(rows, buyer), due_on=None,
        reason="Cancelled in time", notes=["TVA à reverser à l’État dans la mesure où elle a été initialement déduite."],
    )  # fmt: skip


TEN_LINES = [(8485, S, 21)] * 10  # 17.82 of VAT each and 178.20 in all; 178.19 on their sum
SHAPES: dict[str, Invoice] = {
    "21 %": document([(42000, S, 21), (25000, S, 21)]),
    "mixed": document([(42000, S, 21), (18000, E, 0)]),
    "exempt only": document([(42000, E, 0)]),
    "reverse charge": document([(42000, AE, 0)], LUXEMBOURG),
    "outside VAT": document([(42000, OUTSIDE, 0)]),
    "prepaid": document(
        [(42000, S, 21)], prepaid_cents=50820, due_on=None, notes=["Paid in full on 30 November 2026."]
    ),
    "partly prepaid": document([(42000, S, 21)], prepaid_cents=20000),
    "rounded": document(TEN_LINES, gross=sum(8485 + 1782 for _ in TEN_LINES)),
    "with a purchase order": document([(42000, S, 21)], purchase_order="PO 4500012345"),
    "to a person": document([(42000, S, 21)], PERSON),
    "sixty lines": document([(25000 + place, S, 21) for place in range(60)]),
    "a name in another script": document([(42000, S, 21)], {**COMPANY, "name": "شركة لايسارا\x07 & <Søn>"}),
    "credit note": credit_note([(42000, S, 21)]),
    "mixed credit note": credit_note([(42000, S, 21), (18000, E, 0)]),
    "credit note of a reverse charge": credit_note([(42000, AE, 0)], LUXEMBOURG),
}


def xml_of(shape: str) -> bytes:
    return ubl_of(SHAPES[shape])
