"""A registration that follows another in the same order: for a colleague, on another date, or after money came late."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from models.orders import OrderLine
from models.registrations import Registration, Status
from services.transaction import require_writing


def successor_of(leaving: Registration, status: Status, at: datetime) -> Registration:
    """A registration with the same place, order and price as the one that leaves; its person is set by the caller."""
    return Registration(
        event_id=leaving.event_id,
        ticket_id=leaving.ticket_id,
        quota_id=leaving.quota_id,
        order=leaving.order,
        organisation_id=leaving.organisation_id,
        organisation_name=leaving.organisation_name,
        replaces_id=leaving.id,
        status=status,
        is_member=leaving.is_member,
        voucher_id=leaving.voucher_id,
        studies=leaving.studies,
        source="desk",
        given_name=leaving.given_name,
        family_name=leaving.family_name,
        email=leaving.email,
        created_at=at,
        updated_at=at,
    )


def line_of_locked(registration: Registration) -> OrderLine:
    """The order line of a registration."""
    query = select(OrderLine).where(OrderLine.registration_id == registration.id)
    return require_writing().scalars(query).one()


def same_price(line: OrderLine, coming: Registration) -> OrderLine:
    """The price as it was frozen, now owed for the one who comes."""
    return OrderLine(
        order=coming.order,
        registration=coming,
        description=line.description,
        net_cents=line.net_cents,
        vat=line.vat,
        vat_rate=line.vat_rate,
        vat_cents=line.vat_cents,
        gross_cents=line.gross_cents,
        why=line.why,
        voucher_id=coming.voucher_id,
    )
