"""The attendee list: found whatever the accents, filtered, sorted, paged, chosen; every look recorded."""

from __future__ import annotations

import itertools

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db, now
from models.events import Event, EventKind, Quota, Ticket
from models.orders import Order, OrderLine
from models.outbox import AuditEntry, OutboxMessage
from models.people import Person
from models.registrations import Registration, Status, Transition
from models.vouchers import VoucherEffect
from services.registrations import register
from services.transaction import writing
from tests.blueprints.organise.desk import counted_queries, enrol
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_kept_places import counted, keep
from tests.services.test_vouchers import student_ticket, wish

number = itertools.count(1)


def fill(event: Event, buyer: Person, count: int) -> None:
    """Many confirmed registrations at once, without the rules: a long list to page through."""
    with writing() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.event_id == event.id)).first()
        assert ticket
        for index in range(count):
            order = Order(code=f"T-{next(number):08}", buyer_id=buyer.id, buyer_email="x@example.org")
            session.add(order)
            registration = Registration(
                event_id=event.id, ticket_id=ticket.id, quota_id=ticket.quota_id, order=order, status=Status.CONFIRMED,
                holds_place=True, given_name="Guest", family_name=f"Number {index:03}", email=f"g{index}@example.org",
                organisation_name="Hôpital Saint-Aubin" if index % 2 else "",
            )  # fmt: skip
            session.add(
                OrderLine(
                    order=order, registration=registration, description="x", net_cents=index * 100, vat="standard",
                    vat_rate=21, vat_cents=0, gross_cents=index * 100, why="x",
                )
            )  # fmt: skip
        session.get_one(Quota, ticket.quota_id).taken += count


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=0, member_cents=None, capacity=300)


def listed(client: FlaskClient, event: Event, query: str = "") -> str:
    return words(client.get(f"/organise/events/{event.slug}/attendees{query}"))


def test_it_works(cast: Cast, client: FlaskClient, event: Event) -> None:
    enrol(cast.carol, event)
    sign_in(client, cast.alice)
    page = listed(client, event)
    assert "Carol Nguyễn" in page
    assert "1 person has a place" in page


@pytest.mark.parametrize("query", ["nguyen", "NGUYỄN", "carol@example", "nguyen carol"])
def test_people_are_found_whatever_the_accents(cast: Cast, client: FlaskClient, event: Event, query: str) -> None:
    enrol(cast.carol, event)
    enrol(cast.bob, event)
    sign_in(client, cast.alice)
    page = listed(client, event, f"?q={query}")
    assert "Carol Nguyễn" in page
    assert "Bob Lambert" not in page


def test_filters(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1)
    enrol(cast.carol, event)
    enrol(cast.bob, event)
    sign_in(client, cast.alice)
    assert "Bob Lambert" not in listed(client, event, "?status=confirmed")
    assert "Carol Nguyễn" not in listed(client, event, "?status=waitlisted")
    assert "Bob Lambert" in listed(client, event, "?status=waiting")
    assert "Bob Lambert" in listed(client, event, "?status=nonsense")
    ticket = db.session.scalars(select(Ticket.public_id).where(Ticket.event_id == event.id)).one()
    assert "Bob Lambert" in listed(client, event, f"?ticket={ticket}")
    assert "Nobody here answers to that." in listed(client, event, "?ticket=other")


@pytest.mark.parametrize(
    "sort, first",
    [
        ("name", "Number 000"),
        ("-name", "Number 059"),
        ("price", "Number 000"),
        ("-price", "Number 059"),
        ("organisation", "Number 001"),
    ],
)
def test_sorting(cast: Cast, client: FlaskClient, event: Event, sort: str, first: str) -> None:
    fill(event, cast.bob, 60)
    sign_in(client, cast.alice)
    page = listed(client, event, f"?sort={sort}")
    assert page.index(first) == min(page.index(name) for name in (f"Number {n:03}" for n in range(60)) if name in page)


def test_pages_of_fifty_in_few_queries(cast: Cast, client: FlaskClient, event: Event) -> None:
    fill(event, cast.bob, 120)
    sign_in(client, cast.alice)
    assert "1 to 50 of 120" in listed(client, event)
    assert "101 to 120 of 120" in listed(client, event, "?page=3")
    assert "101 to 120 of 120" in listed(client, event, "?page=99")
    with counted_queries() as seen:
        listed(client, event, "?page=2&sort=name")
    [audit] = [place for place, statement in enumerate(seen) if statement.startswith("INSERT")]
    assert audit <= 8, seen  # the page is built in so many; its audit entry comes after


def test_every_look_is_recorded(cast: Cast, client: FlaskClient, event: Event) -> None:
    enrol(cast.bob, event)
    sign_in(client, cast.alice)
    listed(client, event)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "attendees.read")).one()
    assert (entry.actor_id, entry.event_id, entry.details) == (cast.alice.id, event.id, {"rows": 1})


def test_one_registration_says_how_it_came_to_this(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    registration = enrol(cast.carol, event)
    sign_in(client, cast.alice)
    page = words(client.get(f"/organise/events/{event.slug}/attendees/{registration.public_id}"))
    for expected in ("Carol Nguyễn", "Awaiting payment", "registered on the page", "Registration received", "€121.00"):
        assert expected in page
    assert db.session.scalars(select(AuditEntry.action)).all() == ["registration.read"]


def test_cancelling_for_somebody(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1)
    carol, bob = enrol(cast.carol, event), enrol(cast.bob, event)
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees/{carol.public_id}"
    assert post_form(client, f"{path}/cancel", {"reason": "She phoned."}).location == path
    states = dict(db.session.execute(select(Registration.public_id, Registration.status)).all())
    assert states == {carol.public_id: "cancelled", bob.public_id: "confirmed"}
    assert "She phoned." in words(client.get(path))
    last = db.session.scalars(select(Transition).where(Transition.reason == "She phoned.")).one()
    assert last.actor_id == cast.alice.id


def test_correcting_a_name(cast: Cast, client: FlaskClient, event: Event) -> None:
    registration = enrol(cast.carol, event)
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees/{registration.public_id}/name"
    response = post_form(client, path, {"given_name": "", "family_name": "Nguyen-Claes"})
    assert response.status_code == 422
    assert "Nguyen-Claes" in response.get_data(as_text=True)
    post_form(client, path, {"given_name": "Carole", "family_name": "Nguyen-Claes"})
    assert "Carole Nguyen-Claes" in listed(client, event)


def test_a_registration_of_another_event_is_not_found(cast: Cast, client: FlaskClient, event: Event) -> None:
    other = make_event(kind=EventKind.NETWORKING, public_cents=0, member_cents=None)
    registration = enrol(cast.carol, other)
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees"
    assert client.get(f"{path}/{registration.public_id}").status_code == 404
    for act in ("write", "cancel", "cancel_now"):
        enrol_here = post_form(
            client,
            f"{path}/chosen",
            {"chosen": registration.public_id, "act": act},
            page=f"/organise/events/{event.slug}/walk-in",
        )
        assert enrol_here.location == path
    assert db.session.scalars(select(Registration.status)).all() == ["confirmed"]


def test_the_chosen_are_written_to_or_cancelled(cast: Cast, client: FlaskClient, event: Event) -> None:
    people = [enrol(person, event) for person in (cast.bob, cast.carol, cast.dora)]
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees"
    chosen = [person.public_id for person in people[:2]]
    page = post_form(client, f"{path}/chosen", {"chosen": chosen, "act": "write"}, page=path)
    assert "bob@example.org; carol@example.org" in page.get_data(as_text=True)
    assert "dora@" not in page.get_data(as_text=True)
    page = post_form(client, f"{path}/chosen", {"chosen": chosen, "act": "cancel"}, page=path)
    assert "Cancel 2 registrations?" in words(page)
    assert set(db.session.scalars(select(Registration.status))) == {"confirmed"}
    post_form(client, f"{path}/chosen", {"chosen": chosen, "act": "cancel_now"}, page=path)
    states = dict(db.session.execute(select(Registration.email, Registration.status)).all())
    assert states == {"bob@example.org": "cancelled", "carol@example.org": "cancelled", "dora@example.org": "confirmed"}


def test_nobody_chosen(cast: Cast, client: FlaskClient, event: Event) -> None:
    enrol(cast.bob, event)
    sign_in(client, cast.alice)
    path = f"/organise/events/{event.slug}/attendees"
    response = post_form(client, f"{path}/chosen", {"act": "cancel"}, page=path, follow_redirects=True)
    assert "Nobody is chosen." in words(response)


def walk_in(client: FlaskClient, event: Event, **changes: str) -> str:
    """Send the walk-in form; returns what the answer says."""
    ticket = db.session.scalars(select(Ticket.public_id).where(Ticket.event_id == event.id)).first()
    data = {"given_name": "Zoé", "family_name": "Piette", "email": "zoe@example.org", "ticket": ticket, "locale": "fr"}
    path = f"/organise/events/{event.slug}/walk-in"
    return words(post_form(client, path, {**data, **changes}, follow_redirects=True))


def test_a_walk_in(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.alice)
    assert "Zoé Piette is on the list." in walk_in(client, event)
    registration = db.session.scalars(select(Registration)).one()
    assert (registration.status, registration.source) == ("confirmed", "walk_in")
    assert db.session.scalars(select(OutboxMessage.locale)).all() == ["fr"]
    assert "This address has a registration here already." in walk_in(client, event)


def test_a_walk_in_without_an_address(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.alice)
    assert "Zoé Piette is on the list." in walk_in(client, event, email="")
    paid = make_event(public_cents=5000, member_cents=None)
    assert "A paid place needs an address" in walk_in(client, paid, email="")


def test_a_walk_in_on_a_full_event(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1, starts_at=now())
    sign_in(client, cast.alice)
    walk_in(client, event, email="one@example.org")
    assert "No place is free." in walk_in(client, event)


def test_a_walk_in_takes_the_place_kept_for_a_code(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=5000, member_cents=None, capacity=1, starts_at=now())
    keep(event, effect=VoucherEffect.FIXED, value=0)
    sign_in(client, cast.alice)
    assert "1 is kept for a code." in words(client.get(f"/organise/events/{event.slug}/walk-in"))
    assert "Choose a code that keeps one" in walk_in(client, event)
    assert "Zoé Piette is on the list." in walk_in(client, event, voucher="PRESS", email="")  # free: needs no address
    assert counted(event) == [(1, 0)]
    assert "No place is free." in walk_in(client, event, voucher="PRESS", email="two@example.org")


def test_what_a_student_says_stands_under_the_name_and_the_tickets_on_the_overview(
    cast: Cast, client: FlaskClient
) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    student_ticket(event)
    with writing() as session:
        session.scalars(select(Ticket).where(Ticket.audience == "students")).one().sale_closes_at = event.starts_at
    register(cast.carol, event.id, wish(cast.carol, studies="Pharmacy, Liège"), locale="en")
    sign_in(client, cast.alice)
    assert "Carol Nguyễn As a student: Pharmacy, Liège" in listed(client, event)
    overview = words(client.get(f"/organise/events/{event.slug}"))
    assert "Everyone: €420 Everyone · On site" in overview
    assert "Students: Free Students · On site · until " in overview
