"""Dora books six colleagues: the same few clicks whatever the headcount; and a colleague takes a place over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clicks import Clicks
from tests.journeys.conftest import Windows
from tests.journeys.mailbox import open_mail, plain

pytestmark = pytest.mark.journey

SLUG = "mdr-and-ivdr-namur"
SIX = """Nadia Haddad <nadia.haddad@lysara.example>
Peeters;Wim;wim.peeters@lysara.example
Dubois, Anne-Marie, am.dubois@lysara.example
Jan van der Berg <jan@lysara.example>
Zoé Petit
Ludo CLAES <ludo.claes@lysara.example>"""
BUDGET = 6


def test_six_people_in_six_clicks(windows: Windows, stage: object) -> None:
    dora, clicks = windows.open("dora"), Clicks()
    dora.goto(f"/events/{SLUG}")
    clicks.on(dora.get_by_role("link", name="Enrol several colleagues"))
    dora.get_by_label("Your colleagues, one on each line").fill(SIX)
    clicks.on(dora.get_by_role("button", name=re.compile("^Look it over")).last)
    expect(dora.get_by_role("heading", level=1)).to_have_text("Enrol 6 colleagues?")
    expect(dora.locator("ul.people li")).to_have_count(6)
    clicks.on(dora.get_by_role("button", name=re.compile("^Order 6 places")))
    dora.wait_for_url(re.compile(r"/orders/"))
    assert clicks.count <= BUDGET

    expect(dora.get_by_role("heading", level=1)).to_contain_text("Pay €")
    expect(dora.locator("section[aria-labelledby=who] ul.people > li")).to_have_count(6)
    open_mail(dora, "nadia.haddad@lysara.example", "Your place on")
    assert "€" not in plain(dora)
    open_mail(dora, "dora@lysara.example", "places for your colleagues")
    assert "Zoé Petit: has a place" in plain(dora)  # Lysara has a payment term: its invoice is paid later


def test_without_scripts_and_with_a_colleague(windows: Windows, stage: object) -> None:
    dora = windows.known("dora", java_script_enabled=False)
    dora.goto(f"/events/{SLUG}/register/team")
    dora.get_by_label("Your colleagues, one on each line").fill("Otto Somers <otto.somers@lysara.example>\nNadia")
    dora.get_by_role("button", name=re.compile("^Look it over")).last.click()
    expect(dora.locator("main")).to_contain_text("There is one word only.")
    dora.get_by_label("Your colleagues, one on each line").fill("Otto Somers <otto.somers@lysara.example>")
    dora.get_by_role("button", name=re.compile("^Look it over")).last.click()
    dora.get_by_role("button", name=re.compile("^(Order 1 place|Take|Put them)")).click()
    order = dora.url
    pass_on(dora)
    assert dora.url == order
    expect(dora.locator("main")).to_contain_text("Karel Nys")
    dora.get_by_text("How it came to this").first.click()
    expect(dora.locator("main")).to_contain_text("comes instead of a colleague")


def pass_on(page: Page) -> None:
    """Send a colleague: two clicks from the order."""
    clicks = Clicks()
    clicks.on(page.get_by_role("link", name=re.compile("^Send a colleague")).first)
    page.get_by_label("First name").fill("Karel")
    page.get_by_label("Last name").fill("Nys")
    page.get_by_label("E-mail").fill("karel.nys@lysara.example")
    clicks.on(page.get_by_role("button", name="Send this colleague"))
    assert clicks.count <= 2
