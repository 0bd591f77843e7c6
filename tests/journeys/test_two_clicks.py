"""Bob's organisation is a member: from the event page to a place, at the member price, in two clicks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from models.base import db
from models.events import Event
from models.registrations import LIVE, Registration
from tests.cast import ADDRESSES
from tests.journeys.conftest import Windows
from tests.journeys.desk import person
from tests.journeys.mailbox import attachments, open_mail

pytestmark = pytest.mark.journey

SLUG = "from-bench-to-bedside"
TITLE = "Members’ evening: from bench to bedside"


def places_of(name: str) -> int:
    """How many live registrations one of the cast has on the event."""
    db.session.rollback()
    query = select(func.count(Registration.id)).join(Event, Event.id == Registration.event_id)
    return db.session.scalar(
        query.where(
            Event.slug == SLUG, Registration.person_id == person(name).id, Registration.status.in_(LIVE)
        )
    ) or 0  # fmt: skip


def event_page(page: Page) -> None:
    page.goto(f"/events/{SLUG}")
    expect(page.locator("aside .price")).to_contain_text("because Lysara Biologics is a member")


def test_two_clicks_to_a_confirmed_place(windows: Windows, stage: object) -> None:
    bob = windows.open("bob")
    event_page(bob)
    expect(bob.locator("aside .price strong")).to_have_text("Free")

    bob.locator("aside").get_by_role("link", name="Register").click()
    bob.get_by_role("button", name="Confirm my place").click()

    expect(bob.get_by_role("heading", level=1)).to_contain_text("You have a place on")
    order = bob.url
    assert places_of("bob") == 1

    bob.reload()
    expect(bob.get_by_role("heading", level=1)).to_contain_text("You have a place on")
    bob.go_back()
    bob.goto(f"/events/{SLUG}/register")
    assert bob.url == order, "who has a place is shown it, not the form"
    assert places_of("bob") == 1

    calendar_file(bob)
    bob.goto("/me")
    assert bob.locator("main").get_by_role("link", name=TITLE).count() == 1
    open_mail(bob, ADDRESSES["bob"], TITLE)
    expect(attachments(bob)).to_contain_text(".ics")


def calendar_file(page: Page) -> None:
    """The link beside the place brings a calendar with one entry."""
    href = page.get_by_role("link", name="Add to your calendar").get_attribute("href")
    answer = page.request.get(str(href))
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.text().count("BEGIN:VEVENT") == 1
    assert "bench to bedside" in re.sub(r"\r\n ", "", answer.text())


def test_a_double_click_registers_once(windows: Windows, stage: object) -> None:
    dora = windows.open("dora")
    dora.goto(f"/events/{SLUG}/register")
    dora.get_by_role("button", name="Confirm my place").dblclick()
    expect(dora.get_by_role("heading", level=1)).to_contain_text("You have a place on")
    assert places_of("dora") == 1


def test_two_tabs_register_once(windows: Windows, stage: object) -> None:
    """Both tabs hold the form; the second is shown the place that the first has taken."""
    first = windows.open("emil")
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto(f"/events/{SLUG}/register")
    for tab in (first, second):
        tab.locator("main button.action").click()
        expect(tab).to_have_url(re.compile("/orders/"))
    assert first.url == second.url
    assert places_of("emil") == 1
