"""What several journeys do at the desk, and what they arrange behind it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from models.base import db
from models.people import Person
from services.people import person_by_address
from tests.cast import ADDRESSES

NUMBERS = iter(range(1, 1000))


def person(name: str) -> Person:
    """One of the cast, as the sample season has them."""
    found = person_by_address(ADDRESSES[name])
    db.session.rollback()
    assert found
    return found


def receive(page: Page, sought: str, amount: str) -> None:
    """Finance finds an order by what stands on the bank statement and marks the transfer received."""
    page.goto("/organise/orders")
    page.get_by_label("Find an order").fill(sought)
    page.get_by_role("button", name="Show").click()
    page.locator("tbody").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{amount} to come")
    page.get_by_label("The bank’s own reference").fill(f"statement-{next(NUMBERS)}")
    page.get_by_role("button", name="Mark as received").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing to do")


def named(words: str) -> re.Pattern[str]:
    """An accessible name that begins with these words, whatever a screen reader hears after them."""
    return re.compile(rf"^\s*{re.escape(words)}")
