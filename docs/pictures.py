"""Takes the six pictures of the documentation from a running demo: `python docs/pictures.py http://127.0.0.1:8000`.

Needs what requirements-dev.txt installs and a Chromium (Debian's, or the one that CHROMIUM names). It signs in as the cast
and enrols Dora in one training, as a reader of the README would; it changes nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
TRAINING, ANOTHER = "annex-1-in-practice", "iso-13485-eupen"


def window(
    browser: Browser, address: str, who: str = "", *, width: int = 1280, height: int = 860, **options: object
) -> Page:
    """A window that reads English; `who` of the cast comes in with one click."""
    size = {"width": width, "height": height}
    context = browser.new_context(base_url=address, locale="en-GB", viewport=size, **options)  # type: ignore[arg-type]
    page = context.new_page()
    if who:
        page.goto("/sign-in")
        page.locator(f"button[name=who][value={who}]").click()
        page.wait_for_url(re.compile("/me"))
    return page


def take(page: Page, address: str, name: str) -> None:
    """Open `address`, in English whatever the account reads, and keep what the window shows."""
    page.goto(f"{address}{'&' if '?' in address else '?'}lang=en")
    page.screenshot(path=HERE / f"{name}.png")


def unpaid_order(page: Page) -> str:
    """The path of Dora's order: she enrols, at the member price, unless she has before."""
    page.goto(f"/events/{ANOTHER}/register?lang=en")
    hold = page.get_by_role("button", name="Hold my place")
    if hold.count():
        hold.click()
        page.wait_for_url(re.compile("/orders/"))
    return re.sub(r"^\w+://[^/]+|\?.*$", "", page.url)


def certificate(page: Page) -> str:
    """The path of Bob's latest certificate."""
    page.goto("/me")
    return str(page.locator("main a[href*='/certificates/']").first.get_attribute("href"))


def main(address: str) -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        take(window(browser, address), f"/events/{TRAINING}", "event")
        take(window(browser, address), "/events", "catalogue")
        dora = window(browser, address, "dora", height=980)
        take(dora, unpaid_order(dora), "order")
        take(window(browser, address, "alice"), f"/organise/events/{TRAINING}", "desk")
        proof = certificate(window(browser, address, "bob"))
        take(window(browser, address, height=1240), proof, "certificate")
        phone = window(browser, address, width=390, height=844, color_scheme="dark", device_scale_factor=2)
        take(phone, f"/events/{TRAINING}", "phone-dark")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1].rstrip("/"))
