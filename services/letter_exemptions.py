"""What a mail says of requests for an exemption that wait for the organiser's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db
from models.events import Event
from models.registrations import Exemption, ExemptionRequest


@dataclass(frozen=True)
class ExemptionFacts:
    """Whom it is about, in whose words, who asked when it was not the person, and where it is answered."""

    names: str
    reason: str
    asked_by: str
    url: str


def waiting_requests(context: Mapping[str, Any]) -> list[ExemptionRequest]:
    """Those of the mail's requests that nobody has answered yet."""
    query = (
        select(ExemptionRequest)
        .where(
            ExemptionRequest.public_id.in_(context.get("exemptions", ())), ExemptionRequest.status == Exemption.ASKED
        )
        .options(joinedload(ExemptionRequest.person), joinedload(ExemptionRequest.asked_by))
        .order_by(ExemptionRequest.id)
    )
    return list(db.session.scalars(query))


def exemption_facts(event: Event | None, context: Mapping[str, Any], home: str) -> ExemptionFacts | None:
    """Of the requests that still wait; None where the mail is about none."""
    waiting = waiting_requests(context) if event is not None and "exemptions" in context else []
    if event is None or not waiting:
        return None
    first, address = waiting[0], f"{home}/organise/events/{event.slug}/exemptions"
    return ExemptionFacts(
        names=", ".join(asked.person.name for asked in waiting),
        reason=first.reason,
        asked_by=first.asked_by.name if first.asked_by else "",
        url=f"{address}/{first.public_id}" if len(waiting) == 1 else address,
    )
