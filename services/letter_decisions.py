"""What a mail says of an event of which it is not yet decided whether it takes place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from models.base import db, now
from models.events import Event
from models.registrations import Registration, Status
from services.letter_facts import until_words


@dataclass(frozen=True)
class DecisionFacts:
    """`when`: until when it is decided; the figures are those of the moment the mail leaves."""

    when: str
    is_past: bool
    confirmed: int
    minimum: int
    url: str  # where the organisers decide


def decision_facts(event: Event | None, decides: str | None, locale: str, home: str) -> DecisionFacts | None:
    """From the ISO moment of a mail's context; None where there is none."""
    if event is None or decides is None:
        return None
    moment = datetime.fromisoformat(decides)
    confirmed = select(func.count()).where(Registration.event_id == event.id, Registration.status == Status.CONFIRMED)
    return DecisionFacts(
        when=until_words(moment, locale, event.zone),
        is_past=moment <= now(),
        confirmed=db.session.scalar(confirmed) or 0,
        minimum=event.minimum,
        url=f"{home}/organise/events/{event.slug}/decide",
    )
