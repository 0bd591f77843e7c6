"""What a line of the bank is found by: its own texts, its amount, and the orders it is booked on or may be for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from models.bank import BankLine, BankMatch
from models.orders import Order
from models.people import Person
from services.finance_words import Term, about, terms_of


def line_words(query: str) -> list[ColumnElement[bool]]:
    """Conditions for a statement that has BankLine: every word of `query` is in the line, its orders, or is its amount."""
    texts = [
        BankLine.counterparty, BankLine.counterparty_iban, BankLine.structured, BankLine.free_text, BankLine.bank_reference,
        BankLine.note,
    ]  # fmt: skip
    return about(terms_of(query), texts, cents=[BankLine.cents], also=beside_line)


def beside_line(term: Term) -> list[ColumnElement[bool]]:
    """And by the code, the reference and the buyer of its orders."""
    texts = [Order.code, Order.reference, Person.given_name + " " + Person.family_name]
    orders = select(Order.id).join(Person, Person.id == Order.buyer_id).where(*about([term], texts))
    return [BankLine.id.in_(select(BankMatch.line_id).where(BankMatch.order_id.in_(orders)))]
