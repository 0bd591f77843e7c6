"""The mail of an issued document: queued with it, and made when it leaves, with the papers attached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from integrations.mail import Attachment
from models.base import db
from models.invoices import Invoice, InvoiceKind, Transmission
from models.orders import Order
from services.dates import LONG_AGO, day_words, local_day, say_clock
from services.invoice_files import bytes_of
from services.money import say_money
from services.order_links import order_url
from services.outbox import queue_mail_locked
from services.transaction import require_writing


@dataclass(frozen=True)
class DocumentFacts:
    """A document in words, for its mail."""

    label: str
    is_credit_note: bool
    corrects: str
    amount: str
    to_pay: str  # '' when nothing is left to pay
    due: str
    reference: str
    reason: str
    url: str


def mail_document_locked(invoice: Invoice, order: Order) -> None:
    """Queue the mail of a new document to whoever pays, once."""
    message = queue_mail_locked(
        "invoice_issued",
        str(invoice.buyer.get("email") or order.buyer_email),
        locale=invoice.locale,
        name=str(invoice.buyer.get("attention") or invoice.buyer["name"])[:250],
        context={"invoice": invoice.public_id},
        unique_key=f"invoice:{invoice.public_id}",
    )
    require_writing().flush()
    require_writing().add(
        Transmission(
            invoice_id=invoice.id, channel="email", recipient=message.recipient, remote_id=message.public_id,
            created_at=invoice.created_at, updated_at=invoice.created_at,
        )
    )  # fmt: skip


def contract_facts(context: dict[str, Any], locale: str) -> dict[str, Any]:
    """The document a mail brings, and the instant of a withdrawal that it proves."""
    return {
        "document": document_facts(context, locale),
        "received_at": received_words(context, locale),
        "withdrawn_by": str(context.get("withdrawn_by", "")),
    }


def received_words(context: dict[str, Any], locale: str) -> str:
    """When a withdrawal reached us, to the minute: a mail that tells it is the proof (CEL art. VI.49)."""
    if "received_at" not in context:
        return ""
    at, zone = datetime.fromisoformat(context["received_at"]), str(current_app.extensions["cluster"].zone)
    return f"{day_words(local_day(at, zone), locale, True, LONG_AGO)}, {say_clock(at, locale, zone)}"


def document_facts(context: dict[str, Any], locale: str) -> DocumentFacts | None:
    """What the mail says of its document; None when it is about none."""
    public_id = context.get("invoice")
    if not public_id:
        return None
    invoice, code = db.session.execute(
        select(Invoice, Order.code).join(Order, Order.id == Invoice.order_id).where(Invoice.public_id == public_id)
    ).one()
    corrects = db.session.get(Invoice, invoice.corrects_id) if invoice.corrects_id else None
    left = invoice.gross_cents - invoice.prepaid_cents if invoice.kind == InvoiceKind.INVOICE else 0
    return DocumentFacts(
        label=invoice.label,
        is_credit_note=invoice.kind == InvoiceKind.CREDIT_NOTE,
        corrects=corrects.label if corrects else "",
        amount=say_money(invoice.gross_cents, locale),
        to_pay=say_money(left, locale) if left else "",
        due=day_words(invoice.due_on, locale, False, LONG_AGO) if invoice.due_on and left else "",
        reference=invoice.payment_reference,
        reason=invoice.reason,
        url=order_url(code),
    )


def papers_for(context: dict[str, Any]) -> tuple[Attachment, ...]:
    """The PDF and the e-invoice of the mail's document."""
    public_id = context.get("invoice")
    if not public_id:
        return ()
    label = db.session.execute(select(Invoice).where(Invoice.public_id == public_id)).scalar_one().label
    return (
        Attachment(f"{label}.pdf", bytes_of(public_id, "pdf"), "application", "pdf"),
        Attachment(f"{label}.xml", bytes_of(public_id, "ubl"), "application", "xml"),
    )
