"""Invoices of the sample season: the last orders that companies paid, one of them credited in part, all long since mailed."""

from __future__ import annotations

from sqlalchemy import func, select

from models.invoices import Invoice, Transmission, TransmissionState
from models.orders import LedgerEntry, Order
from models.organisations import Organisation, OrganisationKind, VatStatus
from models.outbox import OutboxMessage
from services.credit_notes import Credit, credit_note_locked, invoices_of
from services.invoicing import issue_due_locked
from services.transaction import require_writing

SHOWN = 9
TERM_DAYS = 30
STATUSES = {
    OrganisationKind.HOSPITAL: VatStatus.EXEMPT_ONLY,
    OrganisationKind.PUBLIC_BODY: VatStatus.PUBLIC,
    OrganisationKind.UNIVERSITY: VatStatus.PUBLIC,
}


def declare_locked(organisation: Organisation) -> None:
    """How an organisation stands to VAT, as it declared when it joined; large ones may pay within thirty days."""
    kind = OrganisationKind(organisation.kind)
    organisation.vat_status = STATUSES.get(kind, VatStatus.TAXABLE)
    organisation.vat_status_on = organisation.created_at.date()
    organisation.peppol_id = f"0208:{organisation.enterprise_number}" if organisation.enterprise_number else ""
    organisation.payment_term_days = TERM_DAYS if kind is OrganisationKind.LARGE_COMPANY else None


def invoice_locked() -> list[Invoice]:
    """Issue the invoices, in the order in which the money came, so that numbers follow days."""
    session = require_writing()
    session.flush()
    paid = func.max(LedgerEntry.booked_at).label("paid")
    query = (
        select(Order, paid)
        .join(LedgerEntry, LedgerEntry.order_id == Order.id)
        .where(Order.payer_organisation_id.is_not(None))
        .group_by(Order.id)
    )
    latest = query.with_only_columns(Order.id, paid).order_by(paid.desc(), Order.id.desc()).limit(SHOWN)
    issued: list[Invoice] = []
    for order_id, at in sorted(session.execute(latest), key=lambda row: (row.paid, row[0])):
        issued += issue_due_locked(session.get_one(Order, order_id), at)
    if issued:
        credit_part_locked(issued[0])
    for message in session.scalars(select(OutboxMessage).where(OutboxMessage.template == "invoice_issued")):
        session.delete(message)  # the sample season writes to nobody
    for way in session.scalars(select(Transmission)):
        way.state, way.remote_id = TransmissionState.SENT, ""
    return issued


def credit_part_locked(invoice: Invoice) -> None:
    """Half of one invoice, for the desk to have a credit note to show."""
    order = require_writing().get_one(Order, invoice.order_id)
    (whole, *_others) = invoices_of(order)
    line = whole.lines[0]
    credit_note_locked(whole, [Credit(line.gross_cents // 2, line)], "Geste commercial", whole.created_at, actor=None)
