"""Who sells and who buys, as an invoice keeps them: snapshots of the day, which nothing changes later."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import select

from models.base import db
from models.orders import Order
from models.organisations import Organisation
from models.people import Person
from services.customers import HOME, Customer, customer_at
from services.enterprise_numbers import NumberMalformed, clean_enterprise_number

VAT_SCHEMES = {
    "AT": "9914", "BG": "9926", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931", "GR": "9933", "ES": "9920",
    "FR": "9957", "HR": "9934", "HU": "9910", "IE": "9935", "IT": "9906", "LT": "9937", "LU": "9938", "LV": "9939",
    "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946", "RO": "9947", "SI": "9949", "SK": "9950",
}  # fmt: skip
"""Peppol's participant schemes for a VAT number (Electronic Address Scheme code list, 9.x)."""


def seller_of() -> dict[str, Any]:
    """The cluster's legal entity as the cluster file has it today."""
    cluster = current_app.extensions["cluster"]
    number = clean_enterprise_number(str(cluster.enterprise_number))
    home, bank = cluster.address, cluster.bank
    return {
        "name": cluster.legal_name,
        "brand": cluster.name,
        "street": home["street"],
        "postcode": home["postal_code"],
        "city": home["city"],
        "country": home["country"],
        "enterprise_number": number,
        "vat_number": str(cluster.vat_number),
        "register": str(cluster.data.get("register", "")),
        "email": str(cluster.data.get("email", "")),
        "phone": str(cluster.data.get("phone", "")),
        "website": str(cluster.data.get("website", "")),
        "iban": bank["iban"],
        "bic": bank.get("bic", ""),
        "holder": bank.get("holder") or cluster.legal_name,
        "endpoint": f"0208:{number}",
    }


def organisation_billing(payer: Organisation) -> dict[str, str]:
    """An organisation's billing details as they are today."""
    return {
        "name": payer.legal_name,
        "street": payer.street,
        "postcode": payer.postcode,
        "city": payer.city,
        "country": payer.country,
        "vat_number": payer.vat_number or "",
        "enterprise_number": payer.enterprise_number or "",
        "email": payer.billing_email or "",
        "peppol_id": payer.peppol_id,
        "vat_status": str(payer.vat_status or ""),
    }


def is_business(order: Order) -> bool:
    """Whether an organisation pays, or a person who gave the details of a company."""
    return order.payer_organisation_id is not None or bool(order.billing.get("is_business"))


def buyer_of(order: Order) -> dict[str, Any]:
    """Whoever pays the order, as they gave their details; a person who gave none by their name and address of mail."""
    billing, business = order.billing, is_business(order)
    person = db.session.scalar(select(Person).where(Person.id == order.buyer_id))
    buyer_name = person.name if person else ""
    name = str(billing.get("name") or buyer_name)
    return {
        "name": name,
        "attention": buyer_name if business and buyer_name != name else "",
        **{key: str(billing.get(key) or "") for key in ("street", "postcode", "city")},
        "country": str(billing.get("country") or HOME),
        "is_business": business,
        "vat_number": str(billing.get("vat_number") or "") if business else "",
        "enterprise_number": enterprise_number(billing) if business else "",
        "vat_status": str(billing.get("vat_status") or "") if business else "private",
        "email": str(billing.get("email") or order.buyer_email),
        "endpoint": endpoint(billing) if business else "",
    }


def enterprise_number(billing: dict[str, Any]) -> str:
    """The Belgian enterprise number: its own, else the digits of a Belgian VAT number; '' abroad."""
    if number := str(billing.get("enterprise_number") or ""):
        return number
    vat = str(billing.get("vat_number") or "")
    return vat[2:] if vat[:2] == HOME else ""


def endpoint(billing: dict[str, Any]) -> str:
    """Where Peppol finds the buyer, `scheme:number`: as they say, else by their enterprise number (scheme 0208, Belgian law) or
    by the VAT number of their country; '' when nothing is known."""
    if given := str(billing.get("peppol_id") or ""):
        return given
    if number := enterprise_number(billing):
        return f"0208:{number}"
    vat = str(billing.get("vat_number") or "")
    scheme = VAT_SCHEMES.get("GR" if vat[:2] == "EL" else vat[:2])
    return f"{scheme}:{vat}" if scheme else ""


def customer_of(order: Order) -> Customer:
    """What VAT wants to know of whoever pays the order."""
    billing = order.billing
    country, number = str(billing.get("country") or HOME), str(billing.get("vat_number") or "")
    return customer_at(country, number, is_business=is_business(order))


def cleaned_peppol_id(text: str) -> str:
    """`0208:0123456749` from what a person types; the number of scheme 0208 is checked. Raises NumberMalformed."""
    scheme, _, number = text.strip().replace(" ", "").partition(":")
    if not (len(scheme) == 4 and scheme.isdigit() and 3 <= len(number) <= 50 and number.isascii()):
        raise NumberMalformed(text)
    return f"{scheme}:{clean_enterprise_number(number) if scheme == '0208' else number}"
