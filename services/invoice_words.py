"""The fixed words of invoices and credit notes, in the document's language. The keys are those of integrations/documents.py."""

from __future__ import annotations

from flask_babel import force_locale, pgettext


def invoice_words(locale: str) -> dict[str, str]:
    """Words of an invoice or a credit note. `page` keeps {page} and {pages}."""
    with force_locale(locale):
        return {**head_words(), **line_words(), **sum_words(), **payment_words()}


def head_words() -> dict[str, str]:
    return {
        "invoice": pgettext("invoice", "Invoice"),
        "credit": pgettext("invoice", "Credit note"),
        "number": pgettext("invoice", "Number"),
        "date": pgettext("invoice", "Date"),
        "due": pgettext("invoice", "Due"),
        "supply": pgettext("invoice", "Date of supply"),
        "order": pgettext("invoice", "Order"),
        "po": pgettext("invoice", "Your purchase order"),
        "corrects": pgettext("invoice", "Corrects"),
        "to": pgettext("invoice", "Invoiced to"),
        "vat-no": pgettext("invoice", "VAT"),
        "enterprise-no": pgettext("invoice", "Enterprise no."),
        "page": pgettext("document", "Page {page} of {pages}"),
    }


def line_words() -> dict[str, str]:
    return {
        "description": pgettext("invoice", "Description"),
        "quantity": pgettext("invoice", "Qty"),
        "price": pgettext("invoice", "Unit price"),
        "rate": pgettext("invoice", "VAT"),
        "net": pgettext("invoice", "Net"),
        "gross": pgettext("invoice", "VAT incl."),
    }


def sum_words() -> dict[str, str]:
    return {
        "summary": pgettext("invoice", "VAT summary"),
        "base": pgettext("invoice", "Taxable amount"),
        "vat-rate": pgettext("invoice", "Rate"),
        "vat": pgettext("invoice", "VAT"),
        "total-net": pgettext("invoice", "Total excluding VAT"),
        "total-vat": pgettext("invoice", "VAT"),
        "rounding": pgettext("invoice", "Rounding"),
        "total-gross": pgettext("invoice", "Total including VAT"),
        "total": pgettext("invoice", "Total to pay"),
        "total-credit": pgettext("invoice", "Total credited"),
        "paid": pgettext("invoice", "Already paid"),
        "balance": pgettext("invoice", "Balance to pay"),
    }


def payment_words() -> dict[str, str]:
    return {
        "pay": pgettext("invoice", "How to pay"),
        "beneficiary": pgettext("invoice", "Beneficiary"),
        "iban": pgettext("invoice", "IBAN"),
        "bic": pgettext("invoice", "BIC"),
        "amount": pgettext("invoice", "Amount"),
        "communication": pgettext("invoice", "Structured communication"),
        "scan": pgettext("invoice", "Scan with your banking app"),
        "qr": pgettext(
            "invoice", "EPC QR code holding the beneficiary, IBAN, amount and communication of this payment"
        ),
        "attached": pgettext("invoice", "This document as an e-invoice (UBL)"),
    }


def reason_sentence(reason: str, locale: str) -> str:
    """Why a credit note was made."""
    with force_locale(locale):
        return pgettext("invoice", "Reason: %(reason)s", reason=reason)


def unprintable_sentence(locale: str) -> str:
    """What a page says whose typefaces lack some characters."""
    with force_locale(locale):
        return pgettext(
            "invoice",
            "“?” may stand for a letter that this page cannot show; the e-invoice inside this file has all of them.",
        )
