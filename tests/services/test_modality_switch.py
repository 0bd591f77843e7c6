"""From a place on site to one online and back: the place left goes to whoever waits for it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.events import Audience, Event, Modality, Quota, Ticket
from models.registrations import Registration, Status, Transition
from services.modality_switch import OtherWay, other_places, switch_modality
from services.registrations import EventFull, RegistrationClosed, TicketGone, register
from services.soundness import violations
from services.transaction import writing
from services.wishes import Payer
from tests.cast import Cast, make_event
from tests.services.post import wish_of
from tests.services.test_cancel_registration import status_of
from tests.services.test_register import enrol


def hybrid(onsite: int = 1, online: int = 1, cents: int = 0) -> Event:
    """An event with a quota on site and one online, at the same price unless said."""
    event = make_event(capacity=onsite, public_cents=0, member_cents=None)
    with writing() as session:
        quota = Quota(event=session.get_one(Event, event.id), modality=Modality.ONLINE, capacity=online)
        session.add(quota)
        session.add(
            Ticket(
                event=quota.event,
                quota=quota,
                position=5,
                names={"en": "Online"},
                audience=Audience.EVERYONE,
                net_cents=cents,
            )
        )
    return event


def counters(event: Event) -> list[int]:
    return list(db.session.scalars(select(Quota.taken).where(Quota.event_id == event.id).order_by(Quota.id)))


def test_it_works(cast: Cast) -> None:
    event = hybrid()
    ticket = db.session.scalars(select(Ticket.public_id).where(Ticket.event_id == event.id).order_by(Ticket.id)).first()
    bob, carol = enrol(cast.bob, event, ticket=ticket), enrol(cast.carol, event, ticket=ticket)
    assert status_of(carol) == Status.WAITLISTED
    switch_modality(bob.public_id, actor=cast.bob)
    assert (status_of(bob), status_of(carol)) == (Status.CONFIRMED, Status.CONFIRMED)
    assert counters(event) == [1, 1]
    step = db.session.scalars(select(Transition).where(Transition.reason == "moved_online")).one()
    assert (step.from_status, step.to_status) == (Status.CONFIRMED, Status.CONFIRMED)
    assert violations() == []


def test_who_waits_on_site_may_come_online(cast: Cast) -> None:
    event = hybrid()
    ticket = db.session.scalars(select(Ticket.public_id).where(Ticket.event_id == event.id).order_by(Ticket.id)).first()
    enrol(cast.bob, event, ticket=ticket)
    carol = enrol(cast.carol, event, ticket=ticket)
    switch_modality(carol.public_id, actor=cast.carol)
    assert status_of(carol) == Status.CONFIRMED
    assert counters(event) == [1, 1]


def test_a_full_or_dearer_or_missing_place_is_refused(cast: Cast) -> None:
    full = hybrid(online=0)
    bob = enrol(cast.bob, full)
    with pytest.raises(EventFull):
        switch_modality(bob.public_id, actor=cast.bob)
    dear = hybrid(cents=5000)
    with pytest.raises(TicketGone):
        switch_modality(enrol(cast.bob, dear).public_id, actor=cast.bob)
    with pytest.raises(TicketGone):
        switch_modality(enrol(cast.bob, make_event()).public_id, actor=cast.bob)
    assert violations() == []


def test_not_once_it_has_begun(cast: Cast) -> None:
    event = hybrid()
    bob = enrol(cast.bob, event)
    with pytest.raises(RegistrationClosed):
        switch_modality(bob.public_id, actor=cast.bob, at=event.starts_at)


def test_the_page_offers_it_only_where_a_place_is_free(cast: Cast) -> None:
    event, full = hybrid(), hybrid(online=0)
    for there, found in ((event, {OtherWay(Modality.ONLINE)}), (full, set())):
        row = enrol(cast.bob, there)
        assert db.session.get_one(Event, there.id)  # the page has loaded it
        assert set(other_places([db.session.get_one(Registration, row.id)], now()).values()) == found


def test_a_business_abroad_stays_where_its_vat_is(cast: Cast) -> None:
    """Online it owes VAT at home, in the room here: that is another price than the one agreed."""
    event = hybrid(online=2)
    with writing() as session:
        session.execute(update(Ticket).values(net_cents=10000))
    online = session_ticket(event)
    payer = Payer(billing={"name": "K", "country": "FR", "vat_number": "FR40303265045", "is_business": True})
    order = register(cast.bob, event.id, wish_of(cast.bob, ticket=online, payer=payer), locale="en")
    row = db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()
    assert other_places([load(row)], now()) == {}
    with pytest.raises(TicketGone):
        switch_modality(row.public_id, actor=cast.bob)
    order = register(cast.carol, event.id, wish_of(cast.carol), locale="en")
    row = db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()
    assert set(other_places([load(row)], now()).values()) == {OtherWay(Modality.ONLINE)}


def session_ticket(event: Event) -> str:
    """The public id of the online ticket."""
    query = select(Ticket.public_id).join(Quota, Quota.id == Ticket.quota_id)
    return db.session.scalars(query.where(Ticket.event_id == event.id, Quota.modality == Modality.ONLINE)).one()


def load(row: Registration) -> Registration:
    query = select(Registration).where(Registration.id == row.id).options(joinedload(Registration.event))
    return db.session.scalars(query.execution_options(populate_existing=True)).one()
