"""Counting what a person presses: a journey says how many clicks it may take."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


class Clicks:
    """Counts what a person presses."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def choose(self, page: Page, target: Locator, content: bytes) -> None:
        """Press the field of a file, and take the file in the window of the system."""
        with page.expect_file_chooser() as chooser:
            self.on(target)
        chooser.value.set_files({"name": "weekend.xml", "mimeType": "text/xml", "buffer": content})
