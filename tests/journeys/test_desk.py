"""Alice at the desk: from an empty form to a published event, and everything that can become of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from models.events import Event, EventKind
from services.registrations import register
from services.wishes import Wish
from tests.cast import ADDRESSES, BRUSSELS, make_event, morning_in
from tests.journeys.conftest import Windows
from tests.journeys.desk import person
from tests.journeys.mailbox import attachments, open_mail, plain

pytestmark = pytest.mark.journey


def seat(event: Event, *names: str) -> None:
    """These of the cast have a place."""
    for name in names:
        who = person(name)
        wish = Wish(given_name=who.given_name, family_name=who.family_name, email=ADDRESSES[name])
        register(who, event.id, wish, locale="en")


def free_evening(title: str, **changes: object) -> Event:
    return make_event(
        kind=EventKind.NETWORKING, title=title, slots=1, public_cents=0, member_cents=None, **changes  # type: ignore[arg-type]
    )  # fmt: skip


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_an_event_is_made_published_copied_postponed_and_cancelled(windows: Windows, stage: object) -> None:
    alice = windows.open("alice")
    slug = make(alice)
    publish(alice, slug)
    visitor = windows.open()
    visitor.goto(f"/events/{slug}")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Waffles and data")
    expect(visitor.locator("aside")).to_contain_text("40 places left")

    duplicate(alice, slug)
    postpone(alice, slug)
    visitor.reload()
    expect(visitor.get_by_text("This event is postponed")).to_be_visible()
    cancel(alice, slug)
    visitor.reload()
    expect(visitor.get_by_text("This event is cancelled")).to_be_visible()


def make(page: Page) -> str:
    """The form of a new event; the slug it got."""
    page.goto("/organise/events")
    page.get_by_role("link", name="New event").click()
    page.get_by_label("What it is").select_option("networking")
    page.locator("[name='texts-1-title'], [lang=en][name$=title]").first.fill("Waffles and data")
    page.get_by_label("Digital health").check()
    day = (morning_in(40)).astimezone(BRUSSELS).date()
    page.get_by_label("Day").first.fill(day.isoformat())
    page.get_by_label("From", exact=True).first.fill("18:00")
    page.get_by_label("To", exact=True).first.fill("20:30")
    page.get_by_label("Venue").fill("Le Delta")
    page.get_by_label("Town").fill("Namur")
    page.get_by_label("Places on site").fill("40")
    page.get_by_label("Price without VAT").first.fill("0")
    page.get_by_role("button", name=re.compile("^Save")).last.click()
    page.wait_for_url(re.compile(r"/organise/events/(?!new)[^/]+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Waffles and data")
    return page.url.rsplit("/", 1)[1]


def publish(page: Page, slug: str) -> None:
    page.get_by_role("link", name=re.compile("Look and publish|Complete it")).click()
    if page.url.endswith("/edit"):
        raise AssertionError(f"something is missing: {page.locator('.checklist').inner_text()}")
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_text("is published")).to_be_visible()


def duplicate(page: Page, slug: str) -> None:
    page.goto(f"/organise/events/{slug}")
    page.get_by_role("link", name="Duplicate").click()
    first_day = page.get_by_label("The first day of the new one")
    first_day.fill(morning_in(60).astimezone(BRUSSELS).date().isoformat())
    page.get_by_role("button", name="Make the draft").click()
    page.wait_for_url(re.compile(rf"/organise/events/(?!{slug}(/|$))[^/]+(/edit)?$"))
    expect(page.locator("main")).to_contain_text("Waffles and data")


def postpone(page: Page, slug: str) -> None:
    page.goto(f"/organise/events/{slug}")
    page.get_by_role("link", name="Postpone it").click()
    page.get_by_label("English").fill("The waffle iron is at the doctor’s.")
    page.get_by_role("button", name="Postpone the event").click()
    expect(page.get_by_text("The waffle iron is at the doctor’s.")).to_be_visible()


def cancel(page: Page, slug: str) -> None:
    """The title has to be typed, and rightly."""
    page.get_by_role("link", name="Cancel the event").click()
    page.get_by_label("Its title, to be sure").fill("Pancakes and data")
    page.get_by_role("button", name="Cancel the event for good").click()
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator(".problems")).to_contain_text("This is not its title")
    page.get_by_label("Its title, to be sure").fill("Waffles and data")
    page.get_by_role("button", name="Cancel the event for good").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_places_cannot_go_below_those_taken(windows: Windows, stage: object) -> None:
    event = free_evening("Table for three", capacity=3)
    seat(event, "bob", "carol")
    alice = windows.open("alice")
    alice.goto(f"/organise/events/{event.slug}/edit")
    alice.get_by_label("Places on site").fill("1")
    alice.get_by_role("button", name=re.compile("^Save")).last.click()
    expect(alice.locator(".problems")).to_contain_text("You ask for 1 places and 2 are taken already")
    expect(alice.get_by_label("Places on site")).to_have_value("1")
    alice.get_by_label("Places on site").fill("2")
    alice.get_by_role("button", name=re.compile("^Save")).last.click()
    alice.wait_for_url(re.compile(rf"/organise/events/{event.slug}$"))
    expect(alice.locator("main")).to_contain_text("2 of 2 taken")


def test_a_new_date_is_told_to_everybody(windows: Windows, stage: object) -> None:
    event = free_evening("Moving supper")
    seat(event, "bob", "dora")
    alice = windows.open("alice")
    alice.goto(f"/organise/events/{event.slug}/edit")
    later = (event.starts_at + timedelta(days=7)).astimezone(BRUSSELS).date()
    alice.get_by_label("Day").first.fill(later.isoformat())
    alice.get_by_role("button", name=re.compile("^Save")).last.click()
    alice.wait_for_url(re.compile(rf"/organise/events/{event.slug}$"))
    for name in ("bob", "dora"):
        open_mail(alice, ADDRESSES[name], "New date: Moving supper")
        assert f"{later.day} {later:%B}" in plain(alice)
        expect(attachments(alice)).to_contain_text(".ics")
