"""Structured e-invoices: whether the law asks for one, and handing it to the transmitter. The program proposes, finance decides.

Belgium, since 1 January 2026 (VAT Code art. 53 §2bis, royal decree of 8 July 2025): between businesses identified for VAT, for
supplies that are not exempt under article 44. docs/invoices.md has the table.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from integrations.transmitters import InvoiceTransmitter, Parcel, TransmitterError
from integrations.transmitters.folder import FolderTransmitter
from models.base import db, now
from models.invoices import Invoice, InvoiceKind, Transmission, TransmissionState, VatCategory
from models.organisations import VatStatus
from models.people import Person
from services.audit import record_locked
from services.customers import HOME
from services.invoice_files import bytes_of
from services.transaction import writing

MAX_TRIES = 8


class Duty(StrEnum):
    """What the law says of the e-invoice of one document."""

    REQUIRED = "required"
    BY_AGREEMENT = "by_agreement"  # allowed when the buyer wants it
    NOT_REQUIRED = "not_required"  # exempt, or the buyer has exempt activity only
    NOT_FOR_PERSONS = "not_for_persons"


class NotReachable(ValueError):
    """The buyer has no electronic address: their Peppol id or enterprise number is missing."""


def duty_of(invoice: Invoice) -> Duty:
    """What the law asks for a document (its taxes loaded). A buyer who declared nothing is taken for a taxable one when
    they have a Belgian VAT number: better one e-invoice too many than a fine."""
    buyer = invoice.buyer
    if not buyer.get("is_business"):
        return Duty.NOT_FOR_PERSONS
    if all(tax.vat_category in (VatCategory.EXEMPT, VatCategory.OUT_OF_SCOPE) for tax in invoice.taxes):
        return Duty.NOT_REQUIRED
    if buyer.get("country", HOME) != HOME or buyer.get("vat_status") == VatStatus.FOREIGN:
        return Duty.BY_AGREEMENT
    status = buyer.get("vat_status") or ("taxable" if buyer.get("vat_number") else "")
    if status in (VatStatus.TAXABLE, VatStatus.FRANCHISE):
        return Duty.REQUIRED
    return Duty.NOT_REQUIRED if status == VatStatus.EXEMPT_ONLY else Duty.BY_AGREEMENT


def transmitter() -> InvoiceTransmitter:
    """The way e-invoices leave this installation."""
    kept: InvoiceTransmitter | None = current_app.extensions.get("transmitter")
    return kept or FolderTransmitter(current_app.extensions["atrium"].storage_url)


def send_e_invoice(public_id: str, actor: Person) -> Transmission:
    """Queue the document for the transmitter; again after a failure. Raises NoResultFound and NotReachable."""
    channel = transmitter().key
    with writing() as session:
        invoice = session.execute(select(Invoice).where(Invoice.public_id == public_id)).scalar_one()
        if not invoice.buyer.get("endpoint"):
            raise NotReachable(invoice.label)
        query = select(Transmission).where(Transmission.invoice_id == invoice.id, Transmission.channel == channel)
        found = session.scalar(query.with_for_update())
        if found is None:
            found = Transmission(invoice_id=invoice.id, channel=channel, recipient=invoice.buyer["endpoint"])
            session.add(found)
        if found.state in (TransmissionState.FAILED, TransmissionState.REJECTED):
            found.state, found.tries, found.updated_at = TransmissionState.QUEUED, 0, now()
        session.flush()
        record_locked("invoice.transmitted", actor, subject_kind="invoice", subject_id=invoice.id,
                      details={"to": found.recipient, "by": channel})  # fmt: skip
        return found


def transmit_due(limit: int = 50) -> int:
    """Hand every queued document over, the oldest first; how many went. A failure is tried again, later each time."""
    channel, at = transmitter().key, now()
    query = (
        select(Transmission.id, Transmission.tries, Transmission.updated_at)
        .where(Transmission.channel == channel, Transmission.state == TransmissionState.QUEUED)
        .order_by(Transmission.id)
        .limit(limit)
    )
    rows = list(db.session.execute(query))
    db.session.rollback()
    return sum(transmit(row.id) for row in rows if not row.tries or row.updated_at + wait_after(row.tries) <= at)


def wait_after(tries: int) -> timedelta:
    return timedelta(minutes=min(2**tries, 240))


def transmit(transmission_id: int) -> bool:
    """Hand one document over, and write down what became of it."""
    query = select(Transmission).where(Transmission.id == transmission_id).options(joinedload(Transmission.invoice))
    found = db.session.execute(query).scalar_one()
    invoice = found.invoice
    parcel = Parcel(
        key=invoice.public_id,
        number=invoice.label,
        content=bytes_of(invoice.public_id, "ubl"),
        sender=str(invoice.seller.get("endpoint", "")),
        receiver=found.recipient,
        is_credit_note=invoice.kind == InvoiceKind.CREDIT_NOTE,
    )
    db.session.rollback()
    try:
        reference, error = transmitter().send(parcel), ""
    except TransmitterError as refused:
        reference, error = "", str(refused)
    with writing() as session:
        row = session.execute(
            select(Transmission).where(Transmission.id == transmission_id).with_for_update()
        ).scalar_one()
        row.tries, row.updated_at, row.error = row.tries + 1, now(), error[:300]
        if error:
            row.state = TransmissionState.FAILED if row.tries >= MAX_TRIES else TransmissionState.QUEUED
        else:
            row.state, row.remote_id = TransmissionState.SENT, reference[:120]
    return not error
