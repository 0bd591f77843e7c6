"""Every way in, and the way out of a browser that is elsewhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.cast import ADDRESSES
from tests.journeys.conftest import Windows
from tests.journeys.desk import named
from tests.journeys.mailbox import digits, links, open_mail

pytestmark = pytest.mark.browser


def ask(page: Page, name: str) -> None:
    """Ask for a code, and open the mail that brings it."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(ADDRESSES[name])
    page.get_by_role("button", name="Mail me a code").click()
    expect(page).to_have_url(re.compile(r"/sign-in/code$"))


def is_in(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello {name.capitalize()}")


def test_a_code(page: Page) -> None:
    ask(page, "bob")
    open_mail(page, ADDRESSES["bob"], "is your code")
    code = digits(page)
    page.goto("/sign-in/code")
    page.get_by_label("six digits").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator(".problems")).to_be_visible()
    page.get_by_label("six digits").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Sign in").click()
    is_in(page, "bob")


def test_a_link_is_used_up_by_its_button_only(page: Page, windows: Windows) -> None:
    ask(page, "dora")
    open_mail(page, ADDRESSES["dora"], "is your code")
    link = next(each for each in links(page) if "/sign-in/link/" in each)
    scanner = windows.open()
    for _look in range(2):
        assert scanner.request.get(link).status == 200
    elsewhere = windows.open()
    elsewhere.goto(link)
    elsewhere.get_by_role("button", name="Sign in").click()
    is_in(elsewhere, "dora")
    late = windows.open()
    late.goto(link)
    expect(late.get_by_role("heading", level=1)).to_have_text("This link no longer works")


def test_a_password(windows: Windows) -> None:
    page = windows.open("emil")
    page.goto("/me/password")
    page.get_by_label("New password").fill("quatre chevaux blancs")
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in")
    page.get_by_role("link", name="I have a password").click()
    page.get_by_label("E-mail").fill(ADDRESSES["emil"])
    page.get_by_label("Password").fill("quatre chevaux noirs")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("^Error:"))
    page.get_by_label("Password").fill("quatre chevaux blancs")
    page.get_by_role("button", name="Sign in").click()
    is_in(page, "emil")


def test_another_window_is_signed_out_from_here(windows: Windows) -> None:
    here, there = windows.open("carol"), windows.open("carol")
    here.goto("/me/sign-ins")
    here.get_by_role("button", name=named("Sign out all others")).click()
    expect(here.get_by_role("listitem").filter(has_text="this browser")).to_be_visible()
    there.goto("/me")
    expect(there).to_have_url(re.compile(r"/sign-in\?next="))
    here.goto("/me")
    is_in(here, "carol")


def test_the_demo_lets_the_cast_in_with_one_click(page: Page) -> None:
    page.goto("/sign-in?next=/organise")
    page.get_by_role("button", name="Come in as Alice").click()
    expect(page).to_have_url(re.compile(r"/organise$"))
