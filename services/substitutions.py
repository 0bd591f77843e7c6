"""A colleague takes the place: the same place, the same order, the same price, until the first slot begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.base import now
from models.events import Event
from models.orders import OrderLine
from models.people import Person
from models.registrations import Registration, Status, TransitionRefused
from services.notices import tell_locked
from services.people import person_for_desk_locked
from services.places import begin_locked, change_locked
from services.registrations import RegistrationClosed, lock_registration_locked, refuse_double_locked
from services.transaction import require_writing, writing

REPLACEABLE = (Status.CONFIRMED, Status.AWAITING_PAYMENT)


@dataclass(frozen=True)
class Colleague:
    """Who comes instead. The address is where their mails go."""

    given_name: str
    family_name: str
    email: str


def substitute(
    public_id: str, colleague: Colleague, *, actor: Person | None, at: datetime | None = None
) -> Registration:
    """Let a colleague take the place; returns their registration. Both are told.

    Raises RegistrationClosed once the first slot has begun, AlreadyRegistered when the colleague has a place of their
    own, and TransitionRefused for a registration that holds none.
    """
    at = at or now()
    with writing() as session:
        event, leaving = lock_registration_locked(public_id)
        refuse_late(event, leaving, at)
        person = person_for_desk_locked(
            colleague.given_name, colleague.family_name, colleague.email, leaving.order.locale
        )
        refuse_double_locked(event, person)
        before, hold_until = Status(leaving.status), leaving.hold_until
        change_locked(leaving, Status.SUBSTITUTED, actor=actor, reason="substituted", at=at)
        session.flush()  # the place is back before it is taken again
        line = line_of_locked(leaving)
        coming = successor_of(leaving, before, at)
        coming.person_id, coming.hold_until = person.id, hold_until
        coming.given_name, coming.family_name = colleague.given_name, colleague.family_name
        coming.email = colleague.email
        session.add(same_price(line, coming))
        begin_locked(coming, actor=actor, reason="substitutes", at=at)
        tell_locked("registration_substituted", leaving, {"by": coming.name})
        tell_locked("registration_confirmed" if before == Status.CONFIRMED else "registration_received", coming)
        return coming


def refuse_late(event: Event, leaving: Registration, at: datetime) -> None:
    if leaving.status not in REPLACEABLE:
        raise TransitionRefused(f"{leaving.public_id} holds no place to pass on")
    if not event.is_live or at >= event.starts_at:
        raise RegistrationClosed(event.slug)


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
        voucher_id=line.voucher_id,
    )
