"""The whole program as a person meets it: the real server and worker, the sample season, a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy.session import Session
from playwright.sync_api import Browser as Chromium, BrowserContext, Page, sync_playwright
from sqlalchemy import update
from sqlalchemy.orm import scoped_session

from app import create_app
from config import ROOT, Settings
from models.base import db
from models.people import Person
from services.transaction import writing
from tasks.queue import queue
from tests.conftest import postgres_url

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser_path() -> str | None:
    """Debian's Chromium, or one on the path."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """A real browser. Without one the journeys are skipped, loudly; in CI that is a failure."""
    path = browser_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine: in CI the journeys must run")
        pytest.skip("NO BROWSER: install Debian's chromium to run the journeys")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class House:
    """The running program: its address, and an application on the same database to arrange and to look."""

    url: str
    app: Flask
    keys: dict[str, Any] = field(default_factory=dict)  # cookies of the cast once they came in, for `Windows.known`
    kept: dict[str, Page] = field(default_factory=dict)  # windows that stay open, for `Windows.looking`
    problems: list[str] = field(default_factory=list)  # what consoles complain of in the test that runs


@pytest.fixture(scope="session")
def house(engine_name: str, memory_folder: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """`flask init`, `flask sample`, `flask serve` in demo mode, on the engine of this run."""
    folder = memory_folder / "house"
    folder.mkdir()
    port = free_port()
    url = f"sqlite:///{folder / 'atrium.db'}"
    if engine_name == "postgresql":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        url = postgres_url(request.getfixturevalue("postgres"), f"house_{worker}")
    settings = {
        "ATRIUM_MODE": "demo",
        "INSTANCE_PATH": str(folder),
        "PORT": str(port),
        "DATABASE_URL": url,
        "WEB_WORKERS": "1",
        "LOG_LEVEL": "WARNING",
    }
    env = {**os.environ, **settings, "FLASK_APP": "app:create_app"}
    flask = [sys.executable, "-m", "flask"]
    for command in ("init", "sample"):
        done = subprocess.run([*flask, command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    address = f"http://127.0.0.1:{port}"
    with (folder / "serve.log").open("wb") as log:
        serve = subprocess.Popen(
            [*flask, "serve"], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            wait_for(address, serve, folder)
            house = House(address, beside(env))
            read_english(house.app)
            yield house
        finally:
            serve.send_signal(signal.SIGTERM)
            serve.wait(timeout=20)


def beside(env: dict[str, str]) -> Flask:
    """An application on the database of the running one. The queue stays with the application of the other tests."""
    before = queue.app
    app = create_app(Settings.from_environment({**env, "QUEUE_URL": "memory://"}))
    if before is not None:
        queue.bind(before)
    return app


def read_english(app: Flask) -> None:
    """In the sample everybody reads a language of their own; these tests speak English."""
    with app.app_context():
        with writing() as session:
            session.execute(update(Person).values(locale="en"))
        db.session.remove()


def wait_for(address: str, serve: subprocess.Popen[Any], folder: Path) -> None:
    """Until the server answers; its log when it does not."""
    for _ in range(150):
        if serve.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"flask serve did not answer:\n{(folder / 'serve.log').read_text()[-3000:]}")


QUIET = "/healthz"


class Windows:
    """Opens browser windows that read English, each with cookies of its own. What their consoles complain of is kept."""

    def __init__(self, chromium: Chromium, house: House) -> None:
        self.chromium = chromium
        self.house = house
        self.contexts: list[BrowserContext] = []
        self.problems = house.problems
        self.problems.clear()

    def open(self, who: str = "", **options: Any) -> Page:
        """A fresh window; `who` of the cast comes in with the one click of the demo."""
        wanted = {"base_url": self.house.url, "locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        context = self.chromium.new_context(**wanted)
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        if who:
            come_in(page, who)
        return page

    def known(self, who: str = "", **options: Any) -> Page:
        """A window in which `who` came in before: the cookies are used again. For tests that only look."""
        if who and who not in self.house.keys:
            self.house.keys[who] = self.open(who).context.storage_state()
        return self.open(storage_state=self.house.keys.get(who), **options)

    def looking(self, who: str = "") -> Page:
        """The window of `who` that stays open from test to test, for tests that only look: they set its size and media
        themselves. To open and close one takes longer than to look."""
        if who not in self.house.kept:
            self.house.kept[who] = self.known(who)
            self.contexts.pop()
        return self.house.kept[who]

    def close(self) -> None:
        """Close what was opened; what stays open shows a page that does nothing meanwhile."""
        for context in self.contexts:
            context.close()
        for page in self.house.kept.values():
            if not page.url.endswith(QUIET):
                page.goto(QUIET)


def come_in(page: Page, who: str) -> None:
    """Sign in as one of the cast with one click."""
    page.goto("/sign-in")
    page.get_by_role("button", name=f"Come in as {who.capitalize()}").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture
def windows(chromium: Chromium, house: House) -> Iterator[Windows]:
    """Browser windows, closed after the test. An error in a console fails the test; an answer of 4xx alone does not."""
    opened = Windows(chromium, house)
    yield opened
    opened.close()
    assert [each for each in opened.problems if "status of 4" not in each] == []


@pytest.fixture
def page(windows: Windows) -> Page:
    """One window, signed out."""
    return windows.open()


@pytest.fixture
def stage(house: House) -> Iterator[scoped_session[Session]]:
    """The database of the running program, to arrange what only time would bring and to look behind the pages.

    Changes go through `writing()`."""
    with house.app.app_context():
        yield db.session
        db.session.remove()
