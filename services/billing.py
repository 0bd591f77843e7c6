"""To whom an order is invoiced: a person who orders alone may give a company's details, or ask for an invoice of their own.

What documents say is frozen with them: a change here is for documents still to come.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import joinedload

from models.base import now
from models.events import VatTreatment
from models.invoices import Invoice
from models.orders import Order, OrderLine
from models.organisations import Organisation
from models.people import Person
from models.registrations import Registration
from services.audit import record_locked
from services.customers import Customer, customer_of_organisation, treatment
from services.invoice_lines import is_invoiced
from services.invoice_parties import customer_of, organisation_billing
from services.orders import lock_order_locked
from services.payments import unsettled_locked
from services.places import FRESH
from services.prices import vat_on
from services.settling import settle_locked
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
    invoiced. `shown_cents`: what the page said that the order costs. Returns what was issued. Raises NoResultFound,
    PaidByOrganisation, TotalChanged and PaymentUnderWay.
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
        return billed_locked(order, actor, at, shown_cents)


def take_over_details(
    code: str, actor: Person | None, at: datetime | None = None, *, shown_cents: int | None = None
) -> list[Invoice]:
    """Give an order the details that its organisation has today. Returns and raises the same."""
    at = at or now()
    with writing() as session:
        order = lock_order_locked(code)
        if order.payer_organisation_id is None or is_invoiced(order):
            raise NoResultFound
        order.billing = organisation_billing(session.get_one(Organisation, order.payer_organisation_id))
        return billed_locked(order, actor, at, shown_cents)


def billed_locked(order: Order, actor: Person | None, at: datetime, shown_cents: int | None) -> list[Invoice]:
    """Once the details are changed: the VAT they make, the places that the money covers then, the documents due."""
    session = require_writing()
    reprice_locked(order, shown_cents)
    record_locked("order.billed_to", actor, subject_kind="order", subject_id=order.id)
    settle_locked(order, at, actor=actor)
    query = select(Invoice).where(Invoice.order_id == order.id, Invoice.created_at == at).order_by(Invoice.id)
    return list(session.scalars(query))


def reprice_locked(order: Order, shown_cents: int | None) -> None:
    """Apply the VAT of the customer to the lines: net stays the truth. Nothing changes once a document stands.

    Raises TotalChanged and PaymentUnderWay.
    """
    if is_invoiced(order):
        return
    lines = lines_locked(order)
    before, customer = sum(line.gross_cents for line in lines), customer_of(order)
    for line in lines:
        line.vat = vat_for(line, customer)
        line.vat_rate = rate_of(line.vat)
        line.vat_cents = vat_on(line.net_cents, line.vat_rate)
        line.gross_cents = line.net_cents + line.vat_cents
    total = sum(line.gross_cents for line in lines)
    if shown_cents is not None and total != shown_cents:
        raise TotalChanged(shown_cents, total, next(iter({line.vat for line in lines}), ""))
    if total != before and unsettled_locked(order):
        raise PaymentUnderWay(order.code)


def vat_for(line: OrderLine, customer: Customer) -> VatTreatment:
    """How VAT applies to a line (the ticket and quota of its place loaded) for this customer."""
    return treatment(line.registration.ticket.vat, line.registration.quota.modality, customer)


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


@dataclass(frozen=True)
class PresentDetails:
    """The details that an organisation has today, and what its order would cost with them."""

    billing: dict[str, str]
    total_cents: int
    vat: str


def present_details(order: Order) -> PresentDetails | None:
    """What a loaded order of an organisation could take over: its details of today, when they are others and no document
    stands; else None."""
    payer = order.payer_organisation
    if payer is None or organisation_billing(payer) == order.billing or is_invoiced(order):
        return None
    customer = customer_of_organisation(payer)
    treatments = [vat_for(line, customer) for line in order.lines]
    total = sum(
        line.net_cents + vat_on(line.net_cents, rate_of(vat)) for line, vat in zip(order.lines, treatments, strict=True)
    )
    return PresentDetails(organisation_billing(payer), total, next(iter(treatments), ""))
