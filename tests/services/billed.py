"""Orders that ask for money, and documents about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from models.base import db, now
from models.events import Event
from models.invoices import Invoice
from models.orders import Order, OrderLine
from models.organisations import VatStatus
from models.people import Person
from services.credit_notes import Credit, credit_note_locked
from services.invoice_files import whole_invoice
from services.invoicing import issue_locked
from services.orders import lock_order_locked, receive_money
from services.registrations import register
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.post import wish_of

DETAILS = {
    "enterprise_number": "0101357179", "vat_number": "BE0101357179", "street": "Rue de l’Industrie 3", "postcode": "5032",
    "city": "Gembloux", "billing_email": "pay@lysara.example", "vat_status": VatStatus.TAXABLE,
}  # fmt: skip


def as_company(cast: Cast, **changes: Any) -> None:
    """Lysara with everything an invoice needs."""
    with writing():
        for name, value in {**DETAILS, **changes}.items():
            setattr(db.session.merge(cast.lysara), name, value)


def ordered(person: Person, event: Event | None = None, *, locale: str = "en") -> Order:
    return register(person, (event or make_event()).id, wish_of(person), locale=locale)


def team_ordered(cast: Cast, places: int = 2, event: Event | None = None, **wish: Any) -> Order:
    """An order of Lysara's for places that are named later, unpaid. Only the HR manager places it."""
    event_id = (event or make_event()).id
    return order_for_team(cast.dora, cast.lysara, event_id, TeamWish(unnamed=places, **wish), locale="en").order


def pay(order: Order, cents: int, reference: str = "1") -> Order:
    return receive_money(
        order.code, cents, provider="transfer", provider_reference=reference, booked_at=now(), actor=None
    )


@contextmanager
def locked(order: Order) -> Iterator[Order]:
    with writing():
        yield lock_order_locked(order.code)


def issued(order: Order) -> Invoice:
    """The one invoice of what the order owes, with its lines and taxes."""
    with locked(order) as found:
        (invoice,) = issue_locked(found, now(), actor=None)
        public_id = invoice.public_id
    return whole_invoice(public_id)


def credited(invoice: Invoice, *credits: Credit, reason: str = "Cancelled in time") -> Invoice:
    with locked(invoice.order):
        note = credit_note_locked(invoice, credits, reason, now(), actor=None)
        public_id = note.public_id
    return whole_invoice(public_id)


def invoices(order: Order) -> list[Invoice]:
    return list(db.session.scalars(select(Invoice).where(Invoice.order_id == order.id).order_by(Invoice.id)))


def lines_of(order: Order) -> list[OrderLine]:
    return list(db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))
