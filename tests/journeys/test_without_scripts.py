"""The same acts in a browser that runs no scripts. (Marking attendance: test_attendance.py.)"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.cast import ADDRESSES
from tests.journeys.conftest import Windows
from tests.journeys.mailbox import digits, open_mail

pytestmark = pytest.mark.browser

NINA = "nina.claes@elsewhere.example"


@pytest.fixture
def plain(windows: Windows) -> Page:
    """A window that runs no scripts."""
    return windows.open(java_script_enabled=False)


def test_a_guest_registers(plain: Page) -> None:
    plain.goto("/events/the-ai-act-in-one-hour")
    plain.locator("aside").get_by_role("link", name="Register").click()
    plain.get_by_label("First name").fill("Nina")
    plain.get_by_label("Last name").fill("Claes")
    plain.get_by_label("E-mail").fill("nina.claes@elsewhere")
    plain.get_by_role("button", name="Mail me the code").click()
    expect(plain).to_have_title(re.compile("^Error:"))
    expect(plain.get_by_label("First name")).to_have_value("Nina")
    plain.get_by_label("E-mail").fill(NINA)
    plain.get_by_label("I accept the").check()
    plain.get_by_role("button", name="Mail me the code").click()
    draft = plain.url
    open_mail(plain, NINA, "confirms your registration")
    code = digits(plain)
    plain.goto(draft)
    plain.get_by_label("The six digits").fill(code)
    plain.get_by_role("button", name="Confirm my place").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("You have a place on")


def test_signing_in_and_out(plain: Page) -> None:
    plain.goto("/sign-in")
    plain.get_by_label("E-mail").fill(ADDRESSES["fay"])
    plain.get_by_role("button", name="Mail me a code").click()
    open_mail(plain, ADDRESSES["fay"], "is your code")
    code = digits(plain)
    plain.goto("/sign-in/code")
    plain.get_by_label("six digits").fill(code)
    plain.get_by_role("button", name="Sign in").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Hello Fay")
    plain.get_by_role("button", name="Sign out").click()
    plain.goto("/me")
    expect(plain).to_have_url(re.compile("/sign-in"))


def test_exporting_a_list(windows: Windows, tmp_path: Path) -> None:
    alice = windows.open("alice", java_script_enabled=False)
    alice.goto("/organise/events/iso-13485-eupen/export")
    with alice.expect_download() as coming:
        alice.get_by_role("button", name="Download").click()
    kept = tmp_path / "list.xlsx"
    coming.value.save_as(kept)
    assert load_workbook(kept).worksheets[0].max_row > 9


def test_the_theme_is_kept(plain: Page) -> None:
    plain.goto("/events")
    plain.get_by_role("button", name="Dark").click()
    expect(plain.locator("html")).to_have_attribute("data-bs-theme", "dark")
    plain.goto("/programmes")
    expect(plain.locator("html")).to_have_attribute("data-bs-theme", "dark")
