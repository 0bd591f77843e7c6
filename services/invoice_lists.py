"""Documents for whoever looks for them: at the desk by number, name, amount or reference; on an order; of a company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db
from models.invoices import Invoice, InvoiceKind, Transmission
from models.orders import LedgerEntry, Order
from models.organisations import Organisation
from models.outbox import AuditEntry, Delivery, OutboxMessage
from models.people import Person
from services.einvoicing import Duty, duty_of
from services.finance_words import Term, about, terms_of
from services.order_words import beside_money, of_document, order_texts

PAGE = 50
SHOWN = ("all", "open", "invoices", "credit_notes", "e_invoice")


@dataclass(frozen=True)
class InvoiceRow:
    """One document of a list; amounts in cents. `open_cents`: what its order's documents ask and no money covers yet."""

    public_id: str
    label: str
    is_credit_note: bool
    issued_on: date
    due_on: date | None
    buyer: str
    order_code: str
    reference: str
    purchase_order: str
    gross_cents: int
    open_cents: int
    e_invoice_due: bool


@dataclass(frozen=True)
class InvoiceList:
    rows: list[InvoiceRow]
    total: int
    page: int
    counts: dict[str, int]


def list_invoices(shown: str = "all", query: str = "", page: int = 1) -> InvoiceList:
    """The documents, the latest first. Every word of `query` must be in the number, the buyer, the order's code or
    reference (digits alone count), the purchase order, a reference of the order's payments, or be the amount."""
    rows = rows_about(query)
    counts = {name: sum(is_shown(row, name) for row in rows) for name in SHOWN}
    found = [row for row in rows if is_shown(row, shown)]
    page = min(max(page, 1), max(1, -(-len(found) // PAGE)))
    return InvoiceList(found[(page - 1) * PAGE : page * PAGE], len(found), page, counts)


def rows_about(query: str) -> list[InvoiceRow]:
    sent = select(Transmission.invoice_id).where(Transmission.channel != "email")
    found = (
        documents_about(query)
        .options(selectinload(Invoice.taxes))
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
    )
    done = set(db.session.scalars(sent))
    left = open_by_order()
    return [row_of(invoice, code, left, done) for invoice, code in db.session.execute(found)]


def documents() -> Select[Invoice, str]:
    return select(Invoice, Order.code).join(Order, Order.id == Invoice.order_id)


def documents_about(query: str) -> Select[Invoice, str]:
    """The documents that are about every word, with their orders' codes."""
    words = about(terms_of(query), document_texts(), cents=[Invoice.gross_cents], also=beside_document)
    with_buyer = documents().join(Person, Person.id == Order.buyer_id)
    return with_buyer.outerjoin(Organisation, Organisation.id == Order.payer_organisation_id).where(*words)


def document_texts() -> list[Any]:
    """What a document is found by, its number as printed among it."""
    digits = cast(Invoice.number, String)
    padded = case((Invoice.number < 10000, func.substr("0000", func.length(digits))), else_="")
    prefix = case((Invoice.kind == InvoiceKind.CREDIT_NOTE, "CN-"), else_="")
    label = prefix + cast(Invoice.year, String) + "-" + padded + digits
    buyer = [Invoice.buyer[name].as_string() for name in ("name", "vat_number")]
    return [label, *buyer, Invoice.payment_reference, Invoice.purchase_order, *order_texts()]


def beside_document(term: Term) -> list[ColumnElement[bool]]:
    """And by: its number written in another way, and how payments of its order are called elsewhere."""
    if term.document:
        return [and_(*of_document(term)), *beside_money(term)]
    return beside_money(term)


def open_by_order() -> dict[int, int]:
    """Order → what its documents ask and its money does not cover, in cents; three short queries for all."""
    asked: dict[int, int] = {}
    sums = select(Invoice.order_id, Invoice.kind, func.sum(Invoice.gross_cents)).group_by(
        Invoice.order_id, Invoice.kind
    )
    for order_id, kind, cents in db.session.execute(sums):
        asked[order_id] = asked.get(order_id, 0) + int(cents if kind == InvoiceKind.INVOICE else -cents)
    money = select(LedgerEntry.order_id, func.sum(LedgerEntry.cents)).where(~LedgerEntry.contested)
    money = money.group_by(LedgerEntry.order_id)
    came = {order_id: int(cents) for order_id, cents in db.session.execute(money)}
    return {order_id: max(cents - came.get(order_id, 0), 0) for order_id, cents in asked.items()}


def row_of(invoice: Invoice, code: str, left: dict[int, int], done: set[int]) -> InvoiceRow:
    credit = invoice.kind == InvoiceKind.CREDIT_NOTE
    return InvoiceRow(
        public_id=invoice.public_id,
        label=invoice.label,
        is_credit_note=credit,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        buyer=str(invoice.buyer.get("name", "")),
        order_code=code,
        reference=invoice.payment_reference,
        purchase_order=invoice.purchase_order,
        gross_cents=invoice.gross_cents,
        open_cents=0 if credit else min(left.get(invoice.order_id, 0), invoice.gross_cents),
        e_invoice_due=invoice.id not in done and duty_of(invoice) is Duty.REQUIRED,
    )


def is_shown(row: InvoiceRow, shown: str) -> bool:
    match shown:
        case "open":
            return row.open_cents > 0
        case "invoices":
            return not row.is_credit_note
        case "credit_notes":
            return row.is_credit_note
        case "e_invoice":
            return row.e_invoice_due
        case _:
            return True


@dataclass(frozen=True)
class Way:
    """One way of a document to its buyer, and how far it came."""

    channel: str
    recipient: str
    state: str  # queued, sent, delivered, rejected, failed
    error: str
    at: Any


@dataclass(frozen=True)
class Step:
    action: str
    actor: str
    at: Any
    details: dict[str, Any]


@dataclass(frozen=True)
class InvoicePage:
    """A document with all that is known of it."""

    invoice: Invoice
    order: Order
    others: list[Invoice]  # what corrects it, or what it corrects
    ways: list[Way]
    steps: list[Step]
    duty: Duty


def invoice_page(public_id: str) -> InvoicePage | None:
    """One document for its page at the desk."""
    query = select(Invoice).where(Invoice.public_id == public_id)
    parts = (selectinload(Invoice.lines), selectinload(Invoice.taxes), joinedload(Invoice.order))
    invoice = db.session.scalar(query.options(*parts))
    if invoice is None:
        return None
    other = Invoice.corrects_id == invoice.id if invoice.corrects_id is None else Invoice.id == invoice.corrects_id
    others = list(db.session.scalars(select(Invoice).where(other).order_by(Invoice.id)))
    return InvoicePage(invoice, invoice.order, others, ways_of(invoice), steps_of(invoice), duty_of(invoice))


def ways_of(invoice: Invoice) -> list[Way]:
    """The mail's way is what its outbox row says."""
    rows = db.session.scalars(
        select(Transmission).where(Transmission.invoice_id == invoice.id).order_by(Transmission.id)
    ).all()
    mails = select(OutboxMessage).where(OutboxMessage.public_id.in_([row.remote_id for row in rows]))
    by_id = {mail.public_id: mail for mail in db.session.scalars(mails)}
    states = {Delivery.QUEUED: "queued", Delivery.SENT: "sent", Delivery.DEAD: "failed"}
    ways = []
    for row in rows:
        mail = by_id.get(row.remote_id) if row.channel == "email" else None
        state = states[Delivery(mail.delivery)] if mail else str(row.state)
        error, at = (mail.last_error, mail.sent_at) if mail else (row.error, row.updated_at)
        ways.append(Way(row.channel, row.recipient, state, error, at or row.updated_at))
    return ways


def steps_of(invoice: Invoice) -> list[Step]:
    """Who did what with it, the latest first."""
    query = (
        select(AuditEntry, Person.given_name, Person.family_name)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == "invoice", AuditEntry.subject_id == invoice.id)
        .order_by(AuditEntry.id.desc())
    )
    return [
        Step(entry.action, f"{given or ''} {family or ''}".strip(), entry.at, entry.details)
        for entry, given, family in db.session.execute(query)
    ]


def documents_of(order_id: int) -> list[Invoice]:
    """The documents of an order, the oldest first."""
    return list(db.session.scalars(select(Invoice).where(Invoice.order_id == order_id).order_by(Invoice.id)))


def documents_of_organisation(organisation_id: int, limit: int = 200) -> list[tuple[Invoice, str]]:
    """The documents of the orders that an organisation pays, with their orders' codes, the latest first."""
    query = documents().where(Order.payer_organisation_id == organisation_id)
    rows = db.session.execute(query.order_by(Invoice.created_at.desc(), Invoice.id.desc()).limit(limit))
    return [(invoice, code) for invoice, code in rows]
