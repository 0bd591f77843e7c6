"""The papers of an issued document: its UBL and its PDF, made after the commit from the frozen rows and kept for ten years.

Whoever needs them first makes them (worker, mail, download); a second one who was as quick finds the first one's bytes, and
they are the same: nothing in them depends on when or where they are made.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload, undefer

from integrations.documents import UnprintableText, render
from integrations.ubl import Document, Line, Party, Tax, ubl
from models.base import db
from models.invoices import Invoice, InvoiceFile
from services.invoice_papers import paper_of
from services.invoice_words import unprintable_sentence
from services.transaction import writing

KINDS = ("pdf", "ubl")


def ensure_files(public_id: str) -> None:
    """Make what is missing of the document's PDF and UBL. Opens its own transactions; raises NoResultFound."""
    invoice = whole_invoice(public_id)
    kept = set(db.session.scalars(select(InvoiceFile.kind).where(InvoiceFile.invoice_id == invoice.id)))
    if kept.issuperset(KINDS):
        return
    invoice_id, xml = invoice.id, ubl_of(invoice)
    made = {"ubl": xml, "pdf": pdf_of(invoice, xml)}
    db.session.rollback()
    for kind in KINDS:
        if kind not in kept:
            keep(invoice_id, kind, made[kind])


def keep(invoice_id: int, kind: str, content: bytes) -> None:
    try:
        with writing() as session:
            digest = hashlib.sha256(content).hexdigest()
            session.add(InvoiceFile(invoice_id=invoice_id, kind=kind, content=content, sha256=digest))
    except IntegrityError:
        pass  # somebody was quicker, with the same bytes


def file_of(public_id: str, kind: str) -> InvoiceFile:
    """One paper of the document with its bytes, made when it is not there yet. `kind`: pdf or ubl. Raises NoResultFound."""
    ensure_files(public_id)
    query = (
        select(InvoiceFile)
        .join(Invoice, Invoice.id == InvoiceFile.invoice_id)
        .where(Invoice.public_id == public_id, InvoiceFile.kind == kind)
        .options(undefer(InvoiceFile.content))
    )
    return db.session.execute(query).scalar_one()


def bytes_of(public_id: str, kind: str) -> bytes:
    """The bytes of one paper, as kept, or made now and kept by whoever keeps them: the same. Writes nothing."""
    query = select(InvoiceFile.content).join(Invoice, Invoice.id == InvoiceFile.invoice_id)
    kept = db.session.scalar(query.where(Invoice.public_id == public_id, InvoiceFile.kind == kind))
    if kept is not None:
        return kept
    invoice = whole_invoice(public_id)
    xml = ubl_of(invoice)
    return xml if kind == "ubl" else pdf_of(invoice, xml)


def without_files(limit: int = 200) -> list[str]:
    """The public ids of the documents whose papers are not made yet, oldest first."""
    has = select(InvoiceFile.invoice_id).where(InvoiceFile.kind == "pdf")
    query = select(Invoice.public_id).where(Invoice.id.not_in(has)).order_by(Invoice.id).limit(limit)
    found = list(db.session.scalars(query))
    db.session.rollback()
    return found


def whole_invoice(public_id: str) -> Invoice:
    """The document with all that its papers say. Raises NoResultFound."""
    query = (
        select(Invoice)
        .where(Invoice.public_id == public_id)
        .options(
            selectinload(Invoice.lines),
            selectinload(Invoice.taxes),
            joinedload(Invoice.corrects),
            joinedload(Invoice.order),
        )
    )
    return db.session.execute(query).scalar_one()


def pdf_of(invoice: Invoice, xml: bytes) -> bytes:
    """The PDF with the e-invoice inside. Letters that no typeface has are shown as “?”, and the page says so."""
    data = paper_of(invoice)
    lost: set[str] = set()
    issued = int(invoice.created_at.timestamp())
    while True:
        try:
            return render("invoice", replaced(data, lost, invoice.locale), issued_epoch=issued, attachment=xml)
        except UnprintableText as problem:
            if lost.issuperset(problem.characters):
                raise
            lost |= set(problem.characters)


def replaced(data: dict[str, Any], lost: set[str], locale: str) -> dict[str, Any]:
    if not lost:
        return data
    table = {ord(character): "?" for character in lost}
    texts = {key: translated(value, table) for key, value in data.items() if key not in ("brand", "words", "payment")}
    return {**data, **texts, "notes": [*texts["notes"], unprintable_sentence(locale)]}


def translated(value: Any, table: dict[int, str]) -> Any:
    if isinstance(value, str):
        return value.translate(table)
    if isinstance(value, dict):
        return {key: translated(part, table) for key, part in value.items()}
    return [translated(part, table) for part in value] if isinstance(value, list) else value


def ubl_of(invoice: Invoice) -> bytes:
    """The e-invoice (Peppol BIS Billing 3.0) of a document loaded by `whole_invoice`."""
    seller, buyer = invoice.seller, invoice.buyer
    corrects = invoice.corrects
    return ubl(
        Document(
            number=invoice.label,
            issued_on=invoice.issued_on,
            seller=party_of(seller),
            buyer=party_of(buyer),
            lines=[
                Line(line.description, line.quantity, line.unit_net_cents, line.net_cents, line.vat_category,
                     line.vat_rate, line.detail)
                for line in invoice.lines
            ],
            taxes=[
                Tax(tax.vat_category, tax.vat_rate, tax.base_cents, tax.vat_cents, tax.mention, tax.reason_code)
                for tax in invoice.taxes
            ],
            net_cents=invoice.net_cents,
            vat_cents=invoice.vat_cents,
            gross_cents=invoice.gross_cents,
            rounding_cents=invoice.rounding_cents,
            prepaid_cents=invoice.prepaid_cents,
            due_on=invoice.due_on,
            supply_on=invoice.supply_on,
            buyer_reference=invoice.purchase_order or invoice.order.code,
            purchase_order=invoice.purchase_order,
            communication=invoice.payment_reference,
            iban=str(seller.get("iban", "")).replace(" ", ""),
            bic=str(seller.get("bic", "")),
            holder=str(seller.get("holder", "")),
            notes=[part for part in (invoice.reason, *invoice.notes) if part],
            corrects=(corrects.label, corrects.issued_on) if corrects else None,
            currency=invoice.currency,
        )
    )  # fmt: skip


def party_of(snapshot: dict[str, Any]) -> Party:
    given = {key: str(snapshot.get(key) or "") for key in ("street", "postcode", "city", "enterprise_number", "vat_number",
             "register", "phone", "email", "endpoint")}  # fmt: skip
    return Party(
        name=str(snapshot["name"]),
        country=str(snapshot["country"]),
        contact=str(snapshot.get("attention") or ""),
        **given,
    )
