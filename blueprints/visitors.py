"""What a request says about the browser behind it: its random handle, its network address, its name in words."""

from __future__ import annotations

import re
import secrets

from flask import Response, after_this_request, g, request
from flask_babel import get_locale, gettext as _

from services.entrances import Visitor

HANDLE = "browser"
HANDLE_AGE = 24 * 3600  # as long as a guest's draft waits
SHAPE = re.compile(r"[\w-]{43}")


def browser_key() -> str:
    """The random handle of this browser: a mailed code works only where it was asked for. Made at the first need."""
    kept = g.get("browser_key") or request.cookies.get(HANDLE, "")
    if SHAPE.fullmatch(kept):
        return str(kept)
    made = g.browser_key = secrets.token_urlsafe(32)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(HANDLE, made, max_age=HANDLE_AGE, httponly=True, samesite="Lax", secure=request.is_secure)
        return response

    return made


def known_browser_key() -> str:
    """The handle this browser brought, or '' – for pages that only make sense after a code was asked for."""
    kept = request.cookies.get(HANDLE, "")
    return kept if SHAPE.fullmatch(kept) else ""


def visitor() -> Visitor:
    """The browser at the door, for services."""
    return Visitor(
        browser_key=browser_key(),
        browser=request.headers.get("User-Agent", "")[:200],
        ip=request.remote_addr or "",
        locale=str(get_locale()),
    )


BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chromium", "Chromium"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
DEVICES = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_in_words(agent: str) -> str:
    """A User-Agent header as people say it: “Firefox on Windows”."""
    browser = next((words for mark, words in BROWSERS if mark in agent), "")
    device = next((words for mark, words in DEVICES if mark in agent), "")
    if browser and device:
        return _("%(browser)s on %(device)s", browser=browser, device=device)
    return browser or device or _("A browser we do not know")
