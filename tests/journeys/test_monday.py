"""Fay's Monday: the bank's file of the weekend, read and settled in five clicks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.base import db
from models.events import Event
from models.orders import Order, PaymentStatus
from models.registrations import Registration, Status
from services.orders import balance, load_order
from services.registrations import register
from services.wishes import Wish
from tests.cast import ADDRESSES, make_event
from tests.journeys.clicks import Clicks
from tests.journeys.conftest import House, Windows
from tests.journeys.desk import named, person
from tests.services.bank_files import bank_file, transfer

pytestmark = pytest.mark.journey

BUDGET = 5
CENTS = 49_973  # 413.00 with VAT: an amount that no other order of the sample season has


def seat(event: Event, name: str) -> Order:
    who = person(name)
    wish = Wish(given_name=who.given_name, family_name=who.family_name, email=ADDRESSES[name])
    return register(who, event.id, wish, locale="en")


def status_of(order: Order) -> PaymentStatus:
    db.session.rollback()
    found = load_order(order.code)
    assert found
    return balance(found).status


def test_the_bank_in_five_clicks(windows: Windows, house: House, stage: object) -> None:
    """One transfer with its reference, two known by their payer and amount, and the fee of a member."""
    event = make_event(public_cents=41_300, member_cents=None, title="Monday at the bank")
    orders = [seat(event, name) for name in ("bob", "carol", "dora")]
    assert [status_of(order) for order in orders] == [PaymentStatus.UNPAID] * 3
    content = bank_file(
        transfer(orders[0], CENTS, name="Lysara Biologics", iban=""),
        *(transfer(cents=CENTS, name=person(name).name, iban="") for name in ("carol", "dora")),
        transfer(cents=120_000, name="Hesbaye Diagnostics SRL", free_text="Cotisation"),
        reference="Monday",
    ).read()

    fay, clicks = windows.open("fay"), Clicks()
    fay.goto("/organise/finance")
    clicks.on(fay.get_by_role("link", name="Bank", exact=True))
    clicks.choose(fay, fay.get_by_label("File of the bank"), content)
    clicks.on(fay.get_by_role("button", name="Read the file"))
    expect(fay.get_by_role("heading", level=1)).to_have_text("3 lines wait for you")
    assert status_of(orders[0]) == PaymentStatus.PAID, "its reference is enough"
    clicks.on(fay.get_by_role("button", name=named("Accept all 2 exact proposals, €999.46")))
    expect(fay.get_by_role("heading", level=1)).to_have_text("1 line waits for you")
    clicks.on(fay.get_by_role("button", name=named("Membership fee")))
    expect(fay.get_by_role("heading", level=1)).to_have_text(re.compile("^Every line has its place: €1,499.19 matched"))
    assert clicks.count <= BUDGET

    assert [status_of(order) for order in orders] == [PaymentStatus.PAID] * 3
    places = select(Registration.status).where(Registration.event_id == event.id)
    assert db.session.scalars(places).all() == [Status.CONFIRMED] * 3
    assert fay.locator("main").get_by_text("set aside").count()
