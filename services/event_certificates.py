"""The certificates of one event, for its organiser: those that stand, and those that are missing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db
from models.certificates import Certificate
from models.registrations import Registration
from models.search import folded
from services.certificates import due


@dataclass(frozen=True)
class EventCertificates:
    """Certificates by name, the oldest first where one replaced another; and who completed the event without one."""

    issued: list[Certificate]
    missing: list[Registration]

    def successor(self, certificate: Certificate) -> Certificate | None:
        """The certificate that replaces this one."""
        return next((row for row in self.issued if row.id == certificate.superseded_by_id), None)


def certificates_of(event_id: int) -> EventCertificates:
    """Every certificate ever issued for the event; two queries."""
    issued = db.session.scalars(
        select(Certificate)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Registration.event_id == event_id)
        .order_by(Certificate.id)
    )
    missing = db.session.scalars(select(Registration).where(*due(event_id)).order_by(Registration.id))
    by_name = sorted(issued, key=lambda row: folded(row.printed.get("name", "")))
    return EventCertificates(by_name, list(missing))


def certificate_of(event_id: int, public_id: str) -> Certificate | None:
    """The event's certificate with this id; None for one of another event."""
    return db.session.scalar(
        select(Certificate)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Registration.event_id == event_id, Certificate.public_id == public_id)
    )


def awaiting_certificate(event_id: int, registration_public_id: str) -> Registration | None:
    """The registration with this id that completed the event and has no certificate, with its person."""
    query = select(Registration).where(*due(event_id), Registration.public_id == registration_public_id)
    return db.session.scalar(query.options(joinedload(Registration.person)))
