"""What the registration page of an event shows: the event, the reader's price and why, and whether a place is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db
from models.courses import Publication
from models.events import Event, Visibility
from models.people import EmailAddress, Person
from models.registrations import Registration, Status
from services.deadlines import payment_due
from services.policy_words import terms_of
from services.prices import Offer, Price, offer
from services.readers import Reader, reader_for


@dataclass(frozen=True)
class Desk:
    """Everything one reader needs before registering."""

    event: Event
    reader: Reader
    offer: Offer
    choices: Sequence[Price]  # one per quota when the event has several (on site, online)
    address: str  # the signed-in person's primary address
    waiting: int  # how many wait
    due: datetime  # until when an order placed now would be waited for

    @property
    def price(self) -> Price | None:
        return self.offer.price

    @property
    def is_full(self) -> bool:
        """Whether the place would be on the waiting list (of the best ticket's quota)."""
        return self.price is not None and self.price.ticket.quota.free <= 0

    def terms(self, locale: str) -> str:
        """What is agreed about leaving: see services.policy_words."""
        return terms_of(self.event, locale, costs=self.price is not None and not self.price.is_free)

    @property
    def members_only(self) -> bool:
        closed = self.event.visibility == Visibility.MEMBERS and not self.reader.is_member
        return closed or self.offer.refusal == "members_only"


def registration_desk(slug: str, person: Person | None, at: datetime, *, reader: Reader | None = None) -> Desk | None:
    """The desk of a published event for `person` (None: a guest), or None when there is no such event. Six queries.

    `reader`: whose prices are shown, when it is not the person's own.
    """
    event = db.session.scalar(
        select(Event)
        .where(Event.slug == slug, Event.publication == Publication.PUBLISHED)
        .options(
            selectinload(Event.slots),
            selectinload(Event.areas),
            selectinload(Event.quotas),
            selectinload(Event.tickets),
            joinedload(Event.course),
        )
        .execution_options(populate_existing=True)
    )
    if event is None:
        return None
    reader = reader or reader_for(person, at)
    found = offer(event.tickets, reader, at)
    per_quota = [offer(event.tickets, reader, at, quota_id=quota.id).price for quota in event.quotas]
    return Desk(
        event=event,
        reader=reader,
        offer=found,
        choices=[price for price in per_quota if price is not None],
        address=primary_address(person),
        waiting=waiting_count(event),
        due=payment_due(at, event.starts_at, event.zone),
    )


def waiting_count(event: Event) -> int:
    query = select(func.count()).where(Registration.event_id == event.id, Registration.status == Status.WAITLISTED)
    return db.session.scalar(query) or 0


def primary_address(person: Person | None) -> str:
    """The address that mails about a registration go to."""
    if person is None:
        return ""
    query = select(EmailAddress.address).where(EmailAddress.person_id == person.id, EmailAddress.is_primary.is_(True))
    return db.session.scalar(query) or ""
