"""What a person finds on their own page: what is coming, what was, and the documents of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload

from models.base import db
from models.certificates import Certificate, CertificateStatus
from models.events import Event
from models.orders import Order
from models.people import Person
from models.registrations import LIVE, Registration, Status
from services.answers import open_questions
from services.orders import Balance, balance
from services.positions import position


@dataclass(frozen=True)
class Mine:
    """One registration as its person sees it. `position` only while it waits; `balance` of the whole order."""

    registration: Registration
    event: Event
    order: Order
    balance: Balance
    position: int | None
    asks: int = 0  # required questions still open


@dataclass(frozen=True)
class MyPage:
    """Registrations to come (soonest first) and past ones (latest first), and the certificates."""

    coming: Sequence[Mine]
    past: Sequence[Mine]
    certificates: Sequence[Certificate]


def my_page(person: Person, at: datetime) -> MyPage:
    """Everything on /me of this person, in six queries and one per waiting registration."""
    found = list(db.session.scalars(registrations_of(person)))
    asks = open_questions([row.id for row in found], at)
    rows = [Mine(row, row.event, row.order, balance(row.order), position(row), asks.get(row.id, 0)) for row in found]
    coming = [mine for mine in rows if mine.registration.status in LIVE and mine.event.ends_at > at]
    others = [mine for mine in rows if mine not in coming]
    past = [mine for mine in others if worth_showing(mine)]
    certificates = db.session.scalars(
        select(Certificate)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Registration.person_id == person.id, Certificate.status == CertificateStatus.ISSUED)
        .order_by(Certificate.issued_at.desc())
    )
    return MyPage(coming, past[::-1], list(certificates))


def registrations_of(person: Person) -> Select[Registration]:
    order = joinedload(Registration.order)
    return (
        select(Registration)
        .join(Event, Event.id == Registration.event_id)
        .where(Registration.person_id == person.id)
        .options(
            joinedload(Registration.event).selectinload(Event.slots),
            joinedload(Registration.event).selectinload(Event.areas),
            order.selectinload(Order.lines),
            order.selectinload(Order.ledger),
            order.selectinload(Order.registrations),
        )
        .order_by(Event.starts_at, Registration.id)
    )


def worth_showing(mine: Mine) -> bool:
    """A registration that ended is shown; one that was substituted or transferred lives on elsewhere."""
    return mine.registration.status not in (Status.TRANSFERRED, Status.SUBSTITUTED)


PLACE = (
    select(Registration, Order.code)
    .join(Order, Order.id == Registration.order_id)
    .where(
        Registration.person_id == bindparam("person_id"),
        Registration.event_id == bindparam("event_id"),
        Registration.status.in_(sorted(LIVE)),
    )
)


def place_of(person: Person | None, event_id: int) -> tuple[Registration, str] | None:
    """The person's live registration on an event and its order's code, or None."""
    if person is None:
        return None
    row = db.session.execute(PLACE, {"person_id": person.id, "event_id": event_id}).first()
    return (row[0], row[1]) if row else None
