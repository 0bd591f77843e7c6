"""Registering a signed-in person: a place, a bill or a place in the queue; never two registrations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.base import db, now
from models.events import Event, EventKind, Quota, Run, Visibility
from models.orders import Order, OrderLine
from models.outbox import OutboxMessage
from models.people import Person
from models.registrations import Registration, Status, Transition
from services.registrations import (
    AlreadyRegistered,
    EventFull,
    MembersOnly,
    OrganisationCapReached,
    PriceChanged,
    RegistrationClosed,
    TicketGone,
    register,
)
from services.transaction import writing
from services.wishes import Wish
from tests.cast import Cast, make_event


def wish(person: Person, **changes: object) -> Wish:
    """What Bob's or Carol's form says."""
    values = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": f"{person.given_name.lower()}@example.org",
    }
    return Wish(**{**values, **changes})  # type: ignore[arg-type]


def enrol(person: Person, event: Event, **changes: object) -> Registration:
    """The registration that comes of `person` registering on `event`."""
    order = register(person, event.id, wish(person, **changes), locale="en")
    return db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()


def taken(event: Event) -> int:
    return db.session.scalar(select(func.sum(Quota.taken)).where(Quota.event_id == event.id)) or 0


def mails() -> list[str]:
    return list(db.session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.id)))


def test_it_works(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, kind=EventKind.NETWORKING)
    registration = enrol(cast.bob, event)
    assert registration.status == Status.CONFIRMED
    assert taken(event) == 1
    assert mails() == ["registration_confirmed"]
    step = db.session.scalars(select(Transition)).one()
    assert (step.from_status, step.to_status, step.actor_id) == (None, Status.CONFIRMED, cast.bob.id)


def test_a_member_pays_the_member_price_and_reads_why(cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    registration = enrol(cast.bob, event)
    line = db.session.scalars(select(OrderLine)).one()
    assert (line.net_cents, line.vat_rate, line.vat_cents, line.gross_cents) == (42000, 21, 8820, 50820)
    assert line.why.startswith("Member price, because Lysara Biologics was a member on ")
    assert registration.is_member
    assert registration.organisation_id == cast.lysara.id


def test_a_stranger_pays_the_public_price_and_gets_a_reference(cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    registration = enrol(cast.carol, event)
    order = db.session.scalars(select(Order)).one()
    assert registration.status == Status.AWAITING_PAYMENT
    assert registration.hold_until == order.due_at
    assert order.reference is not None
    assert order.reference.startswith("+++")
    assert db.session.scalars(select(OrderLine.gross_cents)).one() == 71390
    assert mails() == ["registration_received"]
    assert taken(event) == 1


def test_a_full_event_puts_on_the_waiting_list(cast: Cast) -> None:
    event = make_event(capacity=1)
    enrol(cast.bob, event)
    registration = enrol(cast.carol, event)
    assert registration.status == Status.WAITLISTED
    assert not registration.holds_place
    assert taken(event) == 1
    assert mails()[-1] == "registration_waitlisted"


def test_a_full_event_without_waiting_list_refuses(cast: Cast) -> None:
    event = make_event(capacity=1, has_waiting_list=False)
    enrol(cast.bob, event)
    with pytest.raises(EventFull):
        enrol(cast.carol, event)
    assert taken(event) == 1


def test_a_second_click_finds_the_first_registration(cast: Cast) -> None:
    event = make_event()
    enrol(cast.bob, event)
    code = db.session.scalars(select(Order.code)).one()
    with pytest.raises(AlreadyRegistered) as refused:
        enrol(cast.bob, event)
    assert refused.value.order_code == code
    assert db.session.scalar(select(func.count()).select_from(Registration)) == 1
    assert db.session.scalar(select(func.count()).select_from(Order)) == 1


def test_members_only_refuses_a_stranger_and_takes_a_member(cast: Cast) -> None:
    event = make_event(visibility=Visibility.MEMBERS)
    with pytest.raises(MembersOnly):
        enrol(cast.carol, event)
    assert enrol(cast.bob, event).status == Status.AWAITING_PAYMENT


@pytest.mark.parametrize("run", [Run.POSTPONED, Run.CANCELLED, Run.RUNNING, Run.ENDED, Run.CLOSED])
def test_an_event_that_is_not_to_come_takes_nobody(cast: Cast, run: Run) -> None:
    begins = now() + timedelta(days=3) if run is not Run.RUNNING else now() - timedelta(hours=1)
    event = make_event(run=run, slots=[(begins, begins + timedelta(hours=3))])
    with pytest.raises(RegistrationClosed):
        enrol(cast.bob, event)


def test_the_window_decides(cast: Cast) -> None:
    early = make_event(registration_opens_at=now() + timedelta(hours=1))
    late = make_event(registration_closes_at=now() - timedelta(minutes=1))
    for event in (early, late):
        with pytest.raises(RegistrationClosed):
            enrol(cast.bob, event)


def test_a_price_that_changed_since_the_page_is_told_before_anything_is_booked(cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    with pytest.raises(PriceChanged) as refused:
        enrol(cast.carol, event, shown_cents=9000)
    assert refused.value.price.gross_cents == 12100
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0
    assert taken(event) == 0


def test_a_ticket_of_another_audience_is_refused(cast: Cast) -> None:
    from models.events import Ticket

    event = make_event(public_cents=10000, member_cents=5000)
    members = db.session.scalars(select(Ticket.public_id).where(Ticket.net_cents == 5000)).one()
    with pytest.raises(TicketGone):
        enrol(cast.carol, event, ticket=members)
    assert enrol(cast.bob, event, ticket=members).is_member


def test_an_organisation_holds_no_more_than_its_cap(cast: Cast) -> None:
    event = make_event(organisation_cap=1)
    enrol(cast.bob, event)
    with pytest.raises(OrganisationCapReached) as refused:
        enrol(cast.dora, event)
    assert refused.value.cap == 1
    assert enrol(cast.carol, event).holds_place


def test_a_lapsed_membership_gives_no_member_price(cast: Cast) -> None:
    from models.organisations import Membership, MembershipStatus

    event = make_event(public_cents=10000, member_cents=5000)
    with writing() as session:
        session.scalars(select(Membership)).one().status = MembershipStatus.LAPSED
    assert not enrol(cast.bob, event).is_member
    assert db.session.scalars(select(OrderLine.net_cents)).one() == 10000
