"""A full event: who waits is told their number, and gets the place that somebody gives back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from models.events import EventKind
from tests.cast import ADDRESSES, make_event
from tests.journeys.clicks import Clicks
from tests.journeys.conftest import Windows
from tests.journeys.desk import named, receive
from tests.journeys.mailbox import open_mail

pytestmark = pytest.mark.journey


def register(page: Page, slug: str, button: str) -> str:
    """Two clicks; the address of the order."""
    page.goto(f"/events/{slug}")
    clicks = Clicks()
    clicks.on(page.locator("aside").get_by_role("link", name=re.compile("Register|Join the waiting list")))
    clicks.on(page.get_by_role("button", name=button))
    assert clicks.count <= 2
    page.wait_for_url(re.compile("/orders/"))
    return page.url


def give_back(page: Page) -> None:
    """Cancel from the order page."""
    page.get_by_role("link", name=named("Cancel")).click()
    page.get_by_role("button", name="Cancel the registration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This registration is cancelled")


def says(page: Page, words: str) -> None:
    page.wait_for_load_state()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def test_a_free_place_goes_to_the_next_in_line(windows: Windows, stage: object) -> None:
    event = make_event(
        kind=EventKind.NETWORKING, title="Supper for one", slots=1, capacity=1, public_cents=0, member_cents=None
    )
    carol, bob = windows.open("carol"), windows.open("bob")
    register(carol, event.slug, "Confirm my place")
    order = register(bob, event.slug, "Join the waiting list")
    says(bob, "You are number 1 on the waiting list")
    open_mail(bob, ADDRESSES["bob"], "You are on the waiting list: Supper for one")

    give_back(carol)

    open_mail(bob, ADDRESSES["bob"], "Supper for one")
    open_mail(bob, ADDRESSES["bob"], "Your place on")
    bob.goto(order)
    says(bob, "You have a place on")


def test_a_paid_place_is_offered_then_taken_then_paid(windows: Windows, stage: object) -> None:
    event = make_event(
        kind=EventKind.NETWORKING, title="Dinner for one", slots=1, capacity=1, public_cents=100_00, member_cents=None
    )
    carol, bob = windows.open("carol"), windows.open("bob")
    register(carol, event.slug, "Hold my place")
    order = register(bob, event.slug, "Join the waiting list")
    says(bob, "You are number 1 on the waiting list")

    give_back(carol)

    open_mail(bob, ADDRESSES["bob"], "A place is free for you: Dinner for one")
    bob.goto(order)
    says(bob, "A place is yours until")
    with bob.expect_navigation():
        bob.get_by_role("button", name="Take the place").click()
    says(bob, "Pay €121.00 by")
    receive(windows.open("fay"), bob.locator(".reference").first.inner_text().strip(), "€121.00")
    says(bob, "You have a place on")
    open_mail(bob, ADDRESSES["bob"], "Paid, and your place is confirmed: Dinner for one")
