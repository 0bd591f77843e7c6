"""What finance knows of an organisation: how it stands to VAT, where its e-invoices go, and whether it may pay later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from models.base import now
from models.organisations import Organisation, VatStatus
from models.people import Person
from services.audit import record_locked
from services.dates import local_day
from services.transaction import writing

LONGEST_TERM = 60
"""Days: what the law allows between businesses since 1 February 2022 (law of 2 August 2002, art. 4)."""


@dataclass(frozen=True)
class MoneyFacts:
    vat_status: VatStatus | None
    peppol_id: str
    payment_term_days: int | None


def set_money_facts(public_id: str, facts: MoneyFacts, actor: Person, at: datetime | None = None) -> Organisation:
    """Write them down, with the day on which the organisation declared its VAT status. Raises NoResultFound."""
    at = at or now()
    with writing() as session:
        row = session.execute(
            select(Organisation).where(Organisation.public_id == public_id).with_for_update()
        ).scalar_one()
        if row.vat_status != facts.vat_status:
            row.vat_status_on = local_day(at, current_app.extensions["cluster"].zone) if facts.vat_status else None
        row.vat_status, row.peppol_id = facts.vat_status, facts.peppol_id
        row.payment_term_days = facts.payment_term_days
        record_locked(
            "organisation.money_changed", actor, subject_kind="organisation", subject_id=row.id,
            details={"vat_status": str(facts.vat_status or ""), "days": facts.payment_term_days},
        )  # fmt: skip
        return row
