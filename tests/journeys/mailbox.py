"""The demo's mailbox, read the way a person reads it: on its pages."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

PATIENCE = 80  # looks, a quarter of a second apart: the worker sends within one or two


def open_mail(page: Page, address: str, about: str) -> None:
    """Show the newest mail to `address` whose subject holds `about`; waits for the worker to send it."""
    for _look in range(PATIENCE):
        page.goto("/mailbox")
        letters = page.get_by_role("listitem").filter(has_text=address).filter(has_text=about)
        if letters.count():
            letters.first.get_by_role("link").click()
            return
        page.wait_for_timeout(250)
    raise AssertionError(
        f"no mail to {address} about “{about}”; the mailbox holds:\n{page.locator('main').inner_text()}"
    )


def digits(page: Page) -> str:
    """The six digits of the mail shown, as its page tells them."""
    return page.locator(".mail-code").inner_text().strip()


def links(page: Page) -> list[str]:
    """The addresses in the plain text of the mail shown."""
    return re.findall(r"https?://\S+", page.locator(".mail-text").inner_text(timeout=5_000) or plain(page))


def plain(page: Page) -> str:
    """The plain text of the mail shown, folded or not."""
    return str(page.locator(".mail-text").text_content())


def attachments(page: Page) -> Locator:
    """The line of the mail shown that names its attachments."""
    return page.locator(".opening").get_by_text("Attached:")
