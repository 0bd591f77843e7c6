"""Every page, looked at as the checklist of docs/look.md asks: axe in light and dark, order of headings, three widths."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.conftest import Windows
from tests.journeys.sights import ALL, PAID, Sight, address_of

pytestmark = pytest.mark.browser

AXE = Axe().axe_script
STANDARDS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
WIDTHS = (1440, 768, 320)
SKELETON = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  headings: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((each) => [Number(each.localName[1]), each.textContent.trim()]),
})"""
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > room + 1)
    .map((each) => `${each.localName}.${each.className} ${each.textContent.trim().slice(0, 40)}`);
}"""
FOCUS = """() => {
  const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
  return {
    words: (each.textContent || each.getAttribute("aria-label") || each.name || "").trim(),
    kind: each.className + " " + each.localName,
    seen: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none",
    inside: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
  };
}"""


def violations(page: Page, **run_only: Any) -> list[str]:
    """What axe finds on the page as it is now, in words."""
    options = json.dumps({"resultTypes": ["violations"], "runOnly": run_only})
    found = page.evaluate(f"axe.run(document, {options})")["violations"]
    return [
        f"{rule['id']}: {rule['help']}\n" + "\n".join(f"    {node['html'][:160]} {node['failureSummary']}" for node in rule["nodes"])
        for rule in found
    ]  # fmt: skip


@pytest.mark.parametrize("sight", ALL, ids=lambda sight: sight.name)
def test_page(sight: Sight, windows: Windows, stage: object) -> None:
    page = windows.known(sight.who) if sight.first else windows.looking(sight.who)  # what is done may leave cookies
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1440, "height": 900})
    answer = page.goto(address_of(sight))
    assert answer
    assert answer.status == sight.status
    if sight.first:
        sight.first(page)
    skeleton(page)
    page.evaluate(AXE)
    found = violations(page, **STANDARDS)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(TOO_WIDE) == [], f"wider than {width} px"
    found += violations(page, type="rule", values=["target-size"])
    page.emulate_media(color_scheme="dark")
    found += violations(page, type="rule", values=["color-contrast"])
    assert not found, "\n".join(found)


def test_axe_would_see_it(windows: Windows) -> None:
    """What the other tests rely on: a picture without words, and grey on grey, are found."""
    page = windows.open()
    page.goto("/contact")
    page.evaluate("document.querySelector('main').innerHTML += '<img src=/static/favicon.svg><p class=pale>pale</p>'")
    page.evaluate("document.querySelector('.pale').style.color = '#ccc'")
    page.evaluate(AXE)
    found = " ".join(violations(page, **STANDARDS))
    assert "image-alt" in found
    assert "color-contrast" in found


def skeleton(page: Page) -> None:
    """One h1, no level left out, a language and a title that names the page."""
    seen = page.evaluate(SKELETON)
    levels = [level for level, _words in seen["headings"]]
    assert levels.count(1) == 1, seen["headings"]
    assert levels[0] == 1, seen["headings"]
    assert all(after <= before + 1 for before, after in pairwise(levels)), seen["headings"]
    assert all(words for _level, words in seen["headings"])
    assert seen["lang"] == "en"
    assert seen["title"].endswith("Mosan Health")


@pytest.mark.parametrize(
    "who, address, action",
    [
        ("", "/", "See what is on"),
        ("", f"/events/{PAID}", "Enrol"),
        ("", f"/events/{PAID}/register", "Mail me the code"),
        ("dora", f"/events/{PAID}/register", "Hold my place"),
        ("", "/sign-in", "Mail me a code"),
        ("alice", f"/organise/events/{PAID}/export", "Download"),
        ("alice", "/organise", "New event"),
    ],
)
def test_keyboard(who: str, address: str, action: str, windows: Windows, stage: object) -> None:
    """The skip link comes first and works; Tab reaches the main action, and what has the focus is always seen."""
    page = windows.looking(who)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    first = page.evaluate(FOCUS)
    assert first["words"] == "Skip to content"
    assert first["inside"]
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#main$"))
    for _tab in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUS)
        assert here["seen"], f"the focus is not seen on {here}"
        assert here["inside"], f"the focus is out of sight on {here}"
        if here["words"].startswith(action):
            return
    raise AssertionError(f"Tab does not reach “{action}”")
