"""What an order is found by, wherever finance looks for it or for something that belongs to it.

A statement that uses these has the order, its buyer (Person) and, from the outside, its payer (Organisation).
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from models.events import Event
from models.invoices import Invoice, InvoiceKind
from models.orders import LedgerEntry, Order
from models.organisations import Organisation
from models.payments import PaymentAttempt
from models.people import Person
from models.registrations import Registration
from services.finance_words import Term, about


def order_texts() -> list[Any]:
    """Its own texts, its buyer's and its payer's."""
    return [
        Order.code, Order.reference, Order.buyer_email, Order.purchase_order, Order.billing["name"].as_string(),
        Order.billing["vat_number"].as_string(), Person.given_name + " " + Person.family_name, Organisation.name,
        Organisation.legal_name, Organisation.vat_number,
    ]  # fmt: skip


def titles_of_event() -> list[Any]:
    """The event's title in each language of the cluster."""
    return [Event.titles[code].as_string() for code in current_app.extensions["cluster"].languages]


def beside_order(term: Term) -> list[ColumnElement[bool]]:
    """And by: who is registered, how its payments are called elsewhere, the number of its invoice."""
    seat = aliased(Registration)
    people = [seat.given_name + " " + seat.family_name, seat.email, seat.organisation_name]
    found = [Order.id.in_(select(seat.order_id).where(*about([term], people))), *beside_money(term)]
    if term.document:
        found.append(Order.id.in_(select(Invoice.order_id).where(*of_document(term))))
    return found


def of_document(term: Term) -> list[ColumnElement[bool]]:
    """The year and number of an invoice or credit note, however they were written."""
    if term.document is None:
        return []
    year, number, is_credit_note = term.document
    kinds = [InvoiceKind.CREDIT_NOTE] if is_credit_note else list(InvoiceKind)
    return [Invoice.year == year, Invoice.number == number, Invoice.kind.in_(kinds)]


def beside_money(term: Term) -> list[ColumnElement[bool]]:
    """How the payments of the order are called by the bank and by card providers. Such names have digits."""
    if not term.bare:
        return []
    attempt = [PaymentAttempt.payment_reference, PaymentAttempt.provider_reference]
    return [
        Order.id.in_(select(LedgerEntry.order_id).where(*about([term], [LedgerEntry.provider_reference]))),
        Order.id.in_(select(PaymentAttempt.order_id).where(*about([term], attempt))),
    ]
