"""Orders at the desk: found by what a bank's statement says, and a transfer marked as received."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.events import Event
from models.orders import LedgerEntry, Order
from models.outbox import AuditEntry
from models.people import Person
from models.registrations import Registration, Status
from tests.blueprints.organise.desk import counted_queries, enrol
from tests.cast import Cast, make_event, post_form, sign_in, words


def order_of(person: Person, event: Event) -> Order:
    return db.session.get_one(Order, enrol(person, event).order_id)


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=42000, member_cents=None)  # 508.20 with VAT


def receive(client: FlaskClient, order: Order, amount: str, reference: str = "2026-00042", **changes: str) -> str:
    path = f"/organise/orders/{order.code}"
    form = {"amount": amount, "day": "2026-01-05", "reference": reference, **changes}
    return words(post_form(client, path, form, follow_redirects=True))


def status() -> str:
    return db.session.scalars(select(Registration.status)).one()


def test_it_works(cast: Cast, client: FlaskClient, event: Event) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    page = words(client.get("/organise/orders"))
    assert "€508.20 is still to come" in page
    assert order.code in page
    page = receive(client, order, "508,20")
    assert "€508.20 is marked as received. It is paid in full." in page
    assert status() == Status.CONFIRMED
    entry = db.session.scalars(select(LedgerEntry)).one()
    assert (entry.cents, entry.provider, entry.provider_reference, entry.actor_id) == (
        50820,
        "transfer",
        "2026-00042",
        cast.fay.id,
    )
    audit = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "money.received")).one()
    assert (audit.event_id, audit.details) == (event.id, {"order": order.code, "cents": 50820})
    assert "Nothing is still to come" in words(client.get("/organise/orders"))


@pytest.mark.parametrize(
    "query, found",
    [
        ("carol", True),
        ("nguyen", True),
        ("508.20", True),
        ("508,20", True),
        ("aseptic", True),
        ("77,00", False),
        ("zzz", False),
    ],
)
def test_an_order_is_found(cast: Cast, client: FlaskClient, event: Event, query: str, found: bool) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    assert (order.code in words(client.get(f"/organise/orders?q={query}"))) is found


def test_an_order_is_found_by_its_reference_however_it_is_written(
    cast: Cast, client: FlaskClient, event: Event
) -> None:
    order = order_of(cast.carol, event)
    other = order_of(cast.bob, event)
    sign_in(client, cast.fay)
    digits = "".join(char for char in order.reference or "" if char.isdigit())
    for query in (order.reference or "", digits, digits[:7], order.code, order.code.lower()):
        page = words(client.get("/organise/orders", query_string={"q": query}))
        assert order.code in page
        assert other.code not in page


def test_part_of_it(cast: Cast, client: FlaskClient, event: Event) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    assert "Part of it came: €108.20 is still to come before the place is confirmed." in receive(client, order, "400")
    assert status() == Status.AWAITING_PAYMENT
    assert "It is paid in full." in receive(client, order, "108.20", "2026-00043")
    assert status() == Status.CONFIRMED


def test_too_much(cast: Cast, client: FlaskClient, event: Event) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    assert "€1.80 came too much: that has to be paid back." in receive(client, order, "510")
    assert order.code in words(client.get("/organise/orders?show=return"))


def test_the_same_transfer_counts_once(cast: Cast, client: FlaskClient, event: Event) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    receive(client, order, "100")
    assert "This reference is booked already, so nothing was added." in receive(client, order, "100")
    assert db.session.scalars(select(LedgerEntry.cents)).all() == [10000]


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"amount": ""}, "This is still empty."),
        ({"amount": "0"}, "Write an amount above zero."),
        ({"amount": "abc"}, "This is not an amount."),
        ({"reference": ""}, "This is still empty."),
        ({"day": "2099-01-01"}, "This day is still to come."),
        ({"day": ""}, "This is still empty."),
    ],
)
def test_what_cannot_be_booked(
    cast: Cast, client: FlaskClient, event: Event, changes: dict[str, str], sentence: str
) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    form = {"amount": "508.20", "reference": "2026-00042", "note": "kept as typed", **changes}
    page = receive(client, order, **form)
    assert sentence in page
    assert db.session.scalars(select(LedgerEntry)).all() == []


@pytest.mark.parametrize(
    "typed, cents",
    [
        ("508.20", 50820),
        ("508,2", 50820),
        ("1.250,00", 125000),
        ("1,250.00", 125000),
        ("€ 75", 7500),
        ("1 250", 125000),
    ],
)
def test_amounts_as_people_write_them(cast: Cast, client: FlaskClient, event: Event, typed: str, cents: int) -> None:
    order = order_of(cast.carol, event)
    sign_in(client, cast.fay)
    receive(client, order, typed)
    assert db.session.scalars(select(LedgerEntry.cents)).all() == [cents]


def test_the_list_in_few_queries(cast: Cast, client: FlaskClient, event: Event) -> None:
    for person in (cast.bob, cast.carol, cast.dora, cast.emil):
        order_of(person, event)
    sign_in(client, cast.fay)
    client.get("/organise/orders")
    with counted_queries() as seen:
        client.get("/organise/orders?show=all")
    assert len(seen) <= 4, seen
