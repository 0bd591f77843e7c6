"""To whom an order is invoiced: a person who orders alone may give a company's details, or ask for an invoice of their own.

What documents say is frozen with them: a change here is for documents still to come.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import now
from models.invoices import Invoice
from models.orders import LedgerEntry, Order, OrderLine
from models.people import Person
from models.registrations import Registration
from services.audit import record_locked
from services.customers import treatment
from services.invoice_parties import customer_of
from services.invoicing import issue_due_locked
from services.orders import lock_order_locked
from services.payments import unsettled_locked
from services.places import FRESH
from services.prices import vat_on
from services.transaction import require_writing, writing
from services.vat import rate_of


class PaidByOrganisation(ValueError):
    """An organisation pays the order: its own details count, and are corrected at the desk."""


class TotalChanged(ValueError):
    """With these details the order costs something else than the page showed (cents, VAT included); nothing was changed."""

    def __init__(self, shown_cents: int, total_cents: int, vat: str) -> None:
        super().__init__(shown_cents, total_cents)
        self.shown_cents, self.total_cents, self.vat = shown_cents, total_cents, vat


class PaymentUnderWay(ValueError):
    """The details change what the order costs while a card payment for it is open: it would be paid wrongly."""


@dataclass(frozen=True)
class Billing:
    """Details for an invoice, numbers as services/enterprise_numbers.py cleans them."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    is_business: bool = False
    vat_number: str = ""
    enterprise_number: str = ""
    email: str = ""
    purchase_order: str = ""


def bill_to(
    code: str, billing: Billing, actor: Person | None, at: datetime | None = None, *, shown_cents: int | None = None
) -> list[Invoice]:
    """Keep the details and the wish for an invoice; what is paid is invoiced at once, the rest when it is paid.

    A business of another member state owes the VAT of an online place at home: its lines change while nothing is
    paid or invoiced. `shown_cents`: what the page said that the order costs. Returns what was issued. Raises
    NoResultFound, PaidByOrganisation, TotalChanged and PaymentUnderWay.
    """
    at = at or now()
    with writing():
        order = lock_order_locked(code)
        if order.payer_organisation_id is not None:
            raise PaidByOrganisation(code)
        facts = asdict(billing)
        order.purchase_order = facts.pop("purchase_order") or None
        if not billing.is_business:
            facts["vat_number"] = facts["enterprise_number"] = ""
        order.billing = {**facts, "wants_invoice": True}
        reprice_locked(order, shown_cents)
        record_locked("order.billed_to", actor, subject_kind="order", subject_id=order.id)
        return issue_due_locked(order, at, actor=actor)


def reprice_locked(order: Order, shown_cents: int | None) -> None:
    """Apply the VAT of the customer to the lines: net stays the truth. Nothing changes once money or a document is there.

    Raises TotalChanged and PaymentUnderWay.
    """
    session = require_writing()
    moved = session.scalar(select(LedgerEntry.id).where(LedgerEntry.order_id == order.id).limit(1))
    written = session.scalar(select(Invoice.id).where(Invoice.order_id == order.id).limit(1))
    if moved or written:
        return
    customer, lines = customer_of(order), lines_locked(order)
    before = sum(line.gross_cents for line in lines)
    for line in lines:
        line.vat = treatment(line.registration.ticket.vat, line.registration.quota.modality, customer)
        line.vat_rate = rate_of(line.vat)
        line.vat_cents = vat_on(line.net_cents, line.vat_rate)
        line.gross_cents = line.net_cents + line.vat_cents
    total = sum(line.gross_cents for line in lines)
    if shown_cents is not None and total != shown_cents:
        raise TotalChanged(shown_cents, total, next(iter({line.vat for line in lines}), ""))
    if total != before and unsettled_locked(order):
        raise PaymentUnderWay(order.code)


def lines_locked(order: Order) -> list[OrderLine]:
    """The lines of the order with the tickets and quotas of their places."""
    row = joinedload(OrderLine.registration)
    query = select(OrderLine).where(OrderLine.order_id == order.id).options(
        row.joinedload(Registration.ticket), row.joinedload(Registration.quota)
    )  # fmt: skip
    return list(require_writing().scalars(query.execution_options(**FRESH)))


def total_of(order: Order) -> int:
    """What the order costs, VAT included, whatever of it is owed now (its lines loaded)."""
    return sum(line.gross_cents for line in order.lines)
