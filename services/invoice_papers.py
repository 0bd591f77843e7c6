"""What the page of an invoice prints: every value a finished string in the document's language, from the frozen row only."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel import Locale
from flask import current_app

from integrations.references import formatted_iban
from models.invoices import Invoice, InvoiceKind, VatCategory
from services.certificate_records import mark
from services.dates import LONG_AGO, day_words
from services.enterprise_numbers import say_company_number, say_enterprise_number
from services.invoice_words import invoice_words, reason_sentence
from services.money import say_money

NBSP = "\N{NO-BREAK SPACE}"


def paper_of(invoice: Invoice) -> dict[str, Any]:
    """The data of templates/documents/invoice.typ for a document loaded by services/invoice_files.whole_invoice."""
    locale = invoice.locale
    is_credit = invoice.kind == InvoiceKind.CREDIT_NOTE
    reason = [reason_sentence(invoice.reason, locale)] if invoice.reason else []
    cluster = current_app.extensions["cluster"]
    return {
        "lang": locale[:2],
        "words": invoice_words(locale),
        "brand": {
            "name": invoice.seller.get("brand") or invoice.seller["name"],
            "emblem": mark(),
            "colour": cluster.accent["light"],
        },
        "number": invoice.label,
        "date": say(invoice.issued_on, locale),
        "due": say(invoice.due_on, locale),
        "supply": say(invoice.supply_on, locale),
        "order": invoice.order.code,
        "po": invoice.purchase_order or None,
        "credits": credited(invoice, locale) if is_credit else None,
        "seller": {**party(invoice.seller, locale), "legal": legal_lines(invoice.seller)},
        "buyer": party(invoice.buyer, locale),
        "amounts": "net" if invoice.buyer.get("is_business", True) else "gross",
        "lines": line_rows(invoice, locale),
        "vat": tax_rows(invoice, locale),
        "totals": totals(invoice, locale),
        "payment": None if is_credit else payment(invoice, locale),
        "notes": [*reason, *invoice.notes],
        "attached": f"{invoice.label}.xml",
    }


def line_rows(invoice: Invoice, locale: str) -> list[dict[str, str | None]]:
    """The lines: their amounts without VAT to a company, with it to a private person."""
    is_business = invoice.buyer.get("is_business", True)
    return [
        {
            "description": line.description,
            "detail": line.detail or None,
            "quantity": str(line.quantity),
            "price": say_money(line.unit_net_cents, locale),
            "rate": rate_words(line.vat_category, line.vat_rate),
            "net": say_money(line.net_cents if is_business else line.gross_cents, locale),
        }
        for line in invoice.lines
    ]


def tax_rows(invoice: Invoice, locale: str) -> list[dict[str, str | None]]:
    return [
        {
            "rate": rate_words(tax.vat_category, tax.vat_rate),
            "base": say_money(tax.base_cents, locale),
            "amount": say_money(tax.vat_cents, locale),
            "mention": tax.mention or None,
        }
        for tax in invoice.taxes
    ]


def say(day: date | None, locale: str) -> str | None:
    """A day with its year, always: the paper is read for ten years."""
    return day_words(day, locale, False, LONG_AGO) if day else None


def credited(invoice: Invoice, locale: str) -> str:
    corrects = invoice.corrects
    assert corrects is not None
    day = say(corrects.issued_on, locale) or ""
    return f"{corrects.label}, {day.replace(' ', NBSP)}"


def rate_words(category: str, rate: int) -> str:
    """“21 %”; for what bears no VAT its category as accountants write it."""
    return f"{rate}{NBSP}%" if category == VatCategory.STANDARD else category


def party(snapshot: dict[str, Any], locale: str) -> dict[str, Any]:
    town = " ".join(part for part in (snapshot.get("postcode"), snapshot.get("city")) if part)
    country = "" if snapshot.get("country") == "BE" else Locale(locale[:2]).territories.get(snapshot["country"], "")
    lines = [part for part in (snapshot.get("attention"), snapshot.get("street"), town, country) if part]
    numbers = {}
    if snapshot.get("vat_number"):
        numbers["vat-no"] = say_company_number(snapshot["vat_number"], None)
    if snapshot.get("enterprise_number") and snapshot["enterprise_number"] not in str(snapshot.get("vat_number")):
        numbers["enterprise-no"] = say_enterprise_number(snapshot["enterprise_number"])
    return {"name": snapshot["name"], "lines": lines, "numbers": numbers}


def legal_lines(seller: dict[str, Any]) -> list[str]:
    """The foot of the page: who, where registered, where to write (Belgian Code of Companies art. 2:20)."""
    town = f"{seller['postcode']} {seller['city']}"
    iban = f"IBAN {formatted_iban(seller['iban'])}" + (f" · BIC {seller['bic']}" if seller.get("bic") else "")
    number = say_company_number(seller["vat_number"], None)
    first = f"{seller['name']}, {seller['street']}, {town} · {number} · {seller['register']}"
    contact = " · ".join(part for part in (iban, seller.get("email"), seller.get("phone")) if part)
    return [first, contact]


def totals(invoice: Invoice, locale: str) -> list[dict[str, str]]:
    rows = [("total-net", invoice.net_cents), ("total-vat", invoice.vat_cents)]
    if invoice.rounding_cents:
        rows.append(("rounding", invoice.rounding_cents))
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        rows.append(("total-credit", invoice.gross_cents))
    elif invoice.prepaid_cents:
        rows += [
            ("total-gross", invoice.gross_cents),
            ("paid", -invoice.prepaid_cents),
            ("balance", invoice.gross_cents - invoice.prepaid_cents),
        ]
    else:
        rows.append(("total", invoice.gross_cents))
    return [{"label": label, "amount": say_money(cents, locale)} for label, cents in rows]


def payment(invoice: Invoice, locale: str) -> dict[str, Any] | None:
    """How to pay what is left; nothing when nothing is."""
    from integrations.qr import print_epc

    left = invoice.gross_cents - invoice.prepaid_cents
    if not left or invoice.due_on is None:
        return None
    seller = invoice.seller
    communication = invoice.payment_reference or invoice.label
    return {
        "beneficiary": seller["holder"],
        "amount": say_money(left, locale),
        "iban": formatted_iban(seller["iban"]),
        "bic": seller.get("bic") or None,
        "communication": communication,
        "qr": print_epc(seller["holder"], seller["iban"], seller.get("bic"), left, communication),
    }
