"""A stranger pays by card: declined first, then by Bancontact, at the payment page of the simulator, and comes back to a sure place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from services.registrations import register
from tests.cast import make_event
from tests.journeys.clicks import Clicks
from tests.journeys.conftest import Windows
from tests.journeys.desk import person
from tests.journeys.test_pages import AXE, STANDARDS, TOO_WIDE, violations
from tests.services.post import wish_of

pytestmark = pytest.mark.journey


def test_a_place_is_paid_by_card(windows: Windows, stage: object) -> None:
    carol = person("carol")
    code = register(carol, make_event(title="Isotopes by day").id, wish_of(carol), locale="en").code
    page = windows.open("carol")
    clicks = Clicks()
    page.goto(f"/orders/{code}")
    clicks.on(page.get_by_role("button", name="by card"))
    page.wait_for_url(re.compile("/pay/cs_test_"))
    assert_simulation(page, code)

    page.get_by_role("button", name="A card that is declined").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_role("link", name="Leave without paying").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pay €508.20 by")

    page.get_by_role("button", name="by card").click()
    clicks.on(page.get_by_role("button", name="Pay by Bancontact"))
    page.wait_for_url(re.compile("paid=yes"))
    assert clicks.count == 2
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have a place on")
    expect(page.locator("main")).to_contain_text("We have your payment.")

    page.go_back()  # to the payment page: it is paid, and nobody can pay there twice
    expect(page.get_by_role("status")).to_have_text("This is paid already.")
    page.get_by_role("link", name="Back to the order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have a place on")


def assert_simulation(page: Page, code: str) -> None:
    """It says what it is, and is as easy to read and to use as a page of ours."""
    expect(page.locator("body")).to_contain_text("No card is charged, no money moves.")
    expect(page.locator("main")).to_contain_text(code)
    page.evaluate(AXE)
    found = violations(page, **STANDARDS)
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate(TOO_WIDE) == []
    found += violations(page, type="rule", values=["target-size"])
    page.emulate_media(color_scheme="dark")
    assert found + violations(page, type="rule", values=["color-contrast"]) == []
