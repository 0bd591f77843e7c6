"""Booking for a team: one order, one price, all of it or nothing of it; each is told what is theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models.base import db, now
from models.events import Approval, Event, EventKind, Quota
from models.orders import Order, OrderLine
from models.outbox import OutboxMessage
from models.people import EmailAddress, Person, address_key
from models.registrations import Registration, Status, Transition
from services.letters import compose
from services.order_access import access_to
from services.orders import balance, load_order, set_purchase_order
from services.placeholders import AlreadyNamed, name_place
from services.readers import reader_of_organisation
from services.registration_pages import registration_desk
from services.registrations import AlreadyRegistered, PriceChanged, accept_offer, cancel, expire
from services.soundness import violations
from services.substitutions import Colleague
from services.team_lists import TeamWish, candidates
from services.team_orders import (
    LinesUnclear,
    ListChanged,
    NobodyAdded,
    NobodyToEnrol,
    NotEnoughPlaces,
    NotYourOrganisation,
    TeamTooLarge,
    order_for_team,
    preview,
)
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.test_cancel_registration import receive
from tests.services.test_register import enrol, taken

THREE = "Nadia Haddad <nadia@orvane.example>\nClaes;Otto;otto.claes@orvane.example\nZoé Petit"


def booked(cast: Cast, event: Event, **wish: Any) -> Order:
    """What Dora's list becomes."""
    order = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(**{"people": THREE, **wish}), locale="en").order
    found = load_order(order.code)
    assert found is not None
    return found


def statuses(order: Order) -> list[Status]:
    query = select(Registration.status).where(Registration.order_id == order.id).order_by(Registration.id)
    return [Status(status) for status in db.session.scalars(query)]


def posted() -> list[tuple[str, str]]:
    rows = db.session.execute(select(OutboxMessage.template, OutboxMessage.recipient).order_by(OutboxMessage.id))
    return [(template, recipient) for template, recipient in rows]


def test_it_works(cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    order = booked(cast, event, unnamed=2, purchase_order="PO-77")
    assert [row.name for row in order.registrations] == ["Nadia Haddad", "Otto Claes", "Zoé Petit", "", ""]
    assert statuses(order) == [Status.AWAITING_PAYMENT] * 5
    assert {line.net_cents for line in order.lines} == {42000}  # Lysara's price, whoever comes
    assert balance(order).owed_cents == 5 * 50820
    assert (order.buyer_id, order.payer_organisation_id, order.purchase_order) == (
        cast.dora.id,
        cast.lysara.id,
        "PO-77",
    )
    assert order.billing["name"] == "Lysara Biologics SA"
    assert [row.person_id is None for row in order.registrations] == [False, False, True, True, True]
    assert taken(event) == 5
    assert posted() == [
        ("team_order", "dora@lysara.example"),
        ("team_place", "nadia@orvane.example"),
        ("team_place", "otto.claes@orvane.example"),
    ]
    assert set(db.session.scalars(select(Transition.reason))) == {"registered_by_organisation"}
    assert violations() == []


def test_all_or_nothing(cast: Cast) -> None:
    event = make_event(capacity=2)
    with pytest.raises(NotEnoughPlaces) as refused:
        booked(cast, event)
    assert (refused.value.free, refused.value.asked) == (2, 3)
    assert db.session.scalars(select(Order.id)).all() == []
    assert db.session.scalar(select(Person.id).where(Person.family_name == "Haddad")) is None
    assert taken(event) == 0


def test_take_what_is_free_and_let_the_rest_wait(cast: Cast) -> None:
    event = make_event(capacity=2, public_cents=10000, member_cents=None)
    order = booked(cast, event, may_wait=True)
    first, _, last = order.registrations
    assert statuses(order) == [Status.AWAITING_PAYMENT, Status.AWAITING_PAYMENT, Status.WAITLISTED]
    assert balance(order).owed_cents == 2 * 12100
    receive(order.code, 12100, "bank-1", cast.fay)
    assert statuses(order) == [Status.CONFIRMED, Status.AWAITING_PAYMENT, Status.WAITLISTED]
    receive(order.code, 12100, "bank-2", cast.fay)
    cancel(first.public_id, actor=cast.dora)
    assert statuses(order) == [Status.CANCELLED, Status.CONFIRMED, Status.OFFERED]
    accept_offer(last.public_id, actor=cast.dora)
    assert statuses(order) == [Status.CANCELLED, Status.CONFIRMED, Status.CONFIRMED]  # its money was there
    assert violations() == []


def test_each_registration_is_released_by_its_own_deadline(cast: Cast) -> None:
    event = make_event(capacity=3)
    order = booked(cast, event)
    first = order.registrations[0]
    with writing() as session:
        session.get_one(Registration, first.id).hold_until = now()
    assert expire(first.public_id, now())
    assert statuses(order) == [Status.EXPIRED, Status.AWAITING_PAYMENT, Status.AWAITING_PAYMENT]
    assert posted()[-2:] == [
        ("registration_expired", "nadia@orvane.example"),
        ("registration_expired", "dora@lysara.example"),
    ]


def test_whoever_has_a_place_or_stands_there_twice_is_left_out(cast: Cast) -> None:
    event = make_event()
    enrol(cast.bob, event)
    order = booked(cast, event, people=f"Bob Lambert <bob@lysara.example>\n{THREE}\nN. Haddad <NADIA@orvane.example>")
    assert [row.name for row in order.registrations] == ["Nadia Haddad", "Otto Claes", "Zoé Petit"]


def test_whether_a_stranger_is_registered_is_not_said_before_and_costs_nothing_after(cast: Cast) -> None:
    """Carol is nobody of Lysara's and has a place of her own; Emil is nobody of Lysara's and has none."""
    event = make_event(public_cents=59000, member_cents=42000)
    enrol(cast.carol, event)
    people = "Carol Nguyen <carol@kelvin-home.example>\nEmil Vasseur <emil@vasseur.example>"
    looked = candidates(cast.lysara, event, TeamWish(people=people))
    assert [(one.is_enrolled, one.is_registered, one.conflicts) for one in looked] == [(True, False, ())] * 2
    db.session.rollback()
    answer = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(people=people, shown_people=2), locale="en")
    order = load_order(answer.order.code)
    assert order
    assert [row.name for row in order.registrations] == ["Emil Vasseur"]
    assert (answer.left_out, balance(order).owed_cents, taken(event)) == (["Carol Nguyen"], 50820, 2)
    told = posted()[-3:]
    assert told[0] == ("team_left_out", "carol@kelvin-home.example")
    letters = {row.template: compose(row).text for row in db.session.scalars(select(OutboxMessage))}
    assert "Dora Wouters of Lysara Biologics wanted to enrol you" in letters["team_left_out"]
    assert "Carol Nguyen could not be added and costs nothing. Please ask directly." in letters["team_order"]
    assert violations() == []


def test_asking_for_registered_strangers_only_books_nothing_and_they_learn_who_asked(cast: Cast) -> None:
    event = make_event()
    enrol(cast.carol, event)
    for _ in range(2):
        with pytest.raises(NobodyAdded) as refused:
            booked(cast, event, people="Carol Nguyen <carol@kelvin-home.example>")
        assert list(refused.value.names) == ["Carol Nguyen"]
    assert [template for template, _ in posted()].count("team_left_out") == 1
    assert taken(event) == 1


def test_one_person_under_two_addresses_has_one_place(cast: Cast) -> None:
    with writing() as session:
        session.add(
            EmailAddress(person_id=cast.emil.id, address="e@v.example", key=address_key("e@v.example"), proven_at=now())
        )
    event = make_event()
    order = booked(cast, event, people="Emil Vasseur <emil@vasseur.example>\nE. Vasseur <e@v.example>")
    assert [row.name for row in order.registrations] == ["Emil Vasseur"]


def test_ticked_colleagues_come_first(cast: Cast) -> None:
    order = booked(cast, make_event(), people="Bob Lambert <bob@lysara.example>", colleagues=(cast.bob.public_id,))
    assert [row.person_id for row in order.registrations] == [cast.bob.id]
    order = booked(cast, make_event(), people="", colleagues=(cast.dora.public_id, cast.carol.public_id))
    assert [row.person_id for row in order.registrations] == [cast.dora.id]  # Carol is nobody of Lysara's


def test_what_stands_in_the_way_books_nothing(cast: Cast) -> None:
    event = make_event(organisation_cap=4)
    with pytest.raises(LinesUnclear):
        booked(cast, event, people=f"{THREE}\nNadia")
    with pytest.raises(NobodyToEnrol):
        booked(cast, event, people="  \n")
    with pytest.raises(ListChanged):
        booked(cast, event, shown_people=4)
    with pytest.raises(PriceChanged):
        booked(cast, event, shown_cents=1)
    with pytest.raises(TeamTooLarge) as refused:
        booked(cast, event, unnamed=2)
    assert refused.value.left == 4
    assert db.session.scalars(select(Order.id)).all() == []


@pytest.mark.parametrize("who", ["bob", "carol", "alice"])
def test_only_the_hr_manager_enrols(cast: Cast, who: str) -> None:
    event = make_event()
    with pytest.raises(NotYourOrganisation):
        order_for_team(getattr(cast, who), cast.lysara, event.id, TeamWish(people=THREE), locale="en")


def test_where_the_organiser_decides_nobody_holds_a_place(cast: Cast) -> None:
    event = make_event(approval=Approval.ORGANISER, capacity=1)
    order = booked(cast, event)
    assert statuses(order) == [Status.PENDING_APPROVAL] * 3
    assert balance(order).owed_cents == 0


def test_a_free_event_confirms_at_once_and_the_buyer_gets_the_calendar(cast: Cast) -> None:
    event = make_event(kind=EventKind.NETWORKING, public_cents=0, member_cents=None)
    order = booked(cast, event, colleagues=(cast.dora.public_id,))
    assert set(statuses(order)) == {Status.CONFIRMED}
    assert ("registration_confirmed", "dora@lysara.example") in posted()


def test_the_preview_says_what_would_happen(cast: Cast) -> None:
    first = make_event(title="At the same time")
    enrol(cast.bob, first)
    event = make_event(capacity=2)
    text = "Bob Lambert <bob@lysara.example>\nNadia Haddad\nNadia Haddad\nNadia"
    desk = registration_desk(event.slug, cast.dora, now(), reader=reader_of_organisation(cast.dora, cast.lysara, now()))
    assert desk is not None
    assert desk.price is not None
    found = preview(desk.event, cast.lysara, desk.price, TeamWish(people=text, unnamed=1))
    bob, nadia, again, unclear = found.people
    assert bob.conflicts[0]["en"] == "At the same time"
    assert (bob.is_colleague, nadia.is_colleague, again.read.same_as) == (True, False, 2)
    assert unclear.read.unclear
    assert (found.count, found.placed, found.total_cents) == (3, 2, 2 * 30250)


def test_naming_a_place_later(cast: Cast) -> None:
    order = booked(cast, make_event(), people="", unnamed=2)
    place, other = order.registrations
    colleague = Colleague("Bob", "Lambert", "bob@lysara.example")
    named = name_place(place.public_id, colleague, actor=cast.dora)
    assert (named.person_id, named.name) == (cast.bob.id, "Bob Lambert")
    assert posted()[-1] == ("team_place", "bob@lysara.example")
    with pytest.raises(AlreadyNamed):
        name_place(place.public_id, colleague, actor=cast.dora)
    with pytest.raises(AlreadyRegistered):
        name_place(other.public_id, colleague, actor=cast.dora)


def test_the_purchase_order_may_come_later(cast: Cast) -> None:
    order = booked(cast, make_event())
    set_purchase_order(order.code, " PO-12 ")
    assert db.session.scalar(select(Order.purchase_order)) == "PO-12"


def test_each_sees_their_own_and_the_hr_managers_see_all(cast: Cast) -> None:
    order = booked(cast, make_event(), colleagues=(cast.bob.public_id,))
    mine = next(row for row in order.registrations if row.person_id == cast.bob.id)
    theirs = next(row for row in order.registrations if row.person_id != cast.bob.id)
    bob = access_to(order, cast.bob, has_key=False, has_proven=False)
    assert (bob.sees, bob.changes, bob.whole, bob.reaches(mine), bob.reaches(theirs)) == (
        True,
        True,
        False,
        True,
        False,
    )
    dora = access_to(order, cast.dora, has_key=False, has_proven=False)
    assert (dora.whole, dora.changes) == (True, True)
    assert not access_to(order, cast.carol, has_key=False, has_proven=False).sees


def test_the_mails_of_a_team(cast: Cast) -> None:
    order = booked(cast, make_event(public_cents=10000, member_cents=None), unnamed=1)
    summary, nadia = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()[:2]
    letter = compose(summary)
    for words in ("Hello Dora", "Nadia Haddad: place held until it is paid", "to be named", "€484.00", "+++", "key="):
        assert words in letter.text
    letter = compose(nadia)
    assert "Dora Wouters has enrolled you for this event." in letter.text
    for secret in ("€", "+++", "key="):
        assert secret not in letter.text
    assert f"/orders/{order.code}" in letter.text


def test_one_mail_when_money_covers_many(cast: Cast) -> None:
    order = booked(cast, make_event(public_cents=10000, member_cents=None))
    receive(order.code, 3 * 12100, "bank-1", cast.fay)
    assert [each for each in posted() if each[1] == "dora@lysara.example"] == [
        ("team_order", "dora@lysara.example"),
        ("team_paid", "dora@lysara.example"),
        ("invoice_issued", "dora@lysara.example"),
    ]


def test_prices_are_frozen_on_every_line(cast: Cast) -> None:
    order = booked(cast, make_event())
    assert len(set(db.session.scalars(select(OrderLine.why)))) == 1
    assert "Lysara Biologics was a member" in order.lines[0].why
    assert db.session.scalar(select(Quota.taken)) == 3
