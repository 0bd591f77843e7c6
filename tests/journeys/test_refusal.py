"""An event whose organiser decides about each person: one is declined, with a reason that they read; one is let in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from models.events import Approval, Event, EventKind
from tests.cast import ADDRESSES, make_event
from tests.journeys.clicks import Clicks
from tests.journeys.conftest import Windows
from tests.journeys.desk import named
from tests.journeys.mailbox import open_mail, plain

pytestmark = pytest.mark.journey

REASON = "The round table is for people who sell."


def asks(page: Page, event: Event) -> str:
    """Two clicks; the address of the order."""
    clicks = Clicks()
    page.goto(f"/events/{event.slug}")
    clicks.on(page.locator("aside").get_by_role("link", name=re.compile("Ask|Register|Request")).first)
    clicks.on(page.get_by_role("button", name="Send my request"))
    page.wait_for_url(re.compile("/orders/"))
    assert clicks.count <= 2
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request is with the organiser")
    return page.url


def test_a_request_is_declined_with_its_reason_and_another_accepted(windows: Windows, stage: object) -> None:
    event = make_event(
        kind=EventKind.NETWORKING, title="Round table", slots=1, public_cents=0, member_cents=None,
        approval=Approval.ORGANISER,
    )  # fmt: skip
    bob, carol, alice = windows.open("bob"), windows.open("carol"), windows.open("alice")
    refused, taken = asks(bob, event), asks(carol, event)

    decline(alice, event)
    accept(alice, event)

    open_mail(bob, ADDRESSES["bob"], "Your request was not accepted: Round table")
    assert REASON in plain(bob)
    bob.goto(refused)
    expect(bob.get_by_role("heading", level=1)).to_have_text("The organiser could not take you")
    bob.get_by_text("How it came to this").click()
    expect(bob.locator("main")).to_contain_text(REASON)
    carol.goto(taken)
    expect(carol.get_by_role("heading", level=1)).to_contain_text("You have a place on")


def decline(page: Page, event: Event) -> None:
    """From the list: tick, Decline, say why, yes: three clicks and a sentence."""
    clicks = Clicks()
    page.goto(f"/organise/events/{event.slug}/attendees")
    clicks.on(page.get_by_role("checkbox", name=re.compile("Bob Lambert")))
    clicks.on(page.get_by_role("button", name="Decline", exact=True))
    page.get_by_label("Why").fill(REASON)
    clicks.on(page.get_by_role("button", name=named("Decline 1 request")))
    expect(page.locator("main")).to_contain_text("Round table")
    assert clicks.count <= 3


def accept(page: Page, event: Event) -> None:
    """Tick and accept: two clicks."""
    clicks = Clicks()
    page.goto(f"/organise/events/{event.slug}/attendees")
    clicks.on(page.get_by_role("checkbox", name=re.compile("Carol")))
    clicks.on(page.get_by_role("button", name="Accept", exact=True))
    assert clicks.count <= 2
