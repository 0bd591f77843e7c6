"""Organisers export attendee lists: from the list, in two clicks, and what comes is what was asked for."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from pypdfium2 import PdfDocument

from tests.journeys.conftest import Windows

pytestmark = pytest.mark.journey

SLUG = "iso-13485-eupen"


def expected(page: Page) -> set[str]:
    """The names of those who are expected, as the list shows them."""
    page.goto(f"/organise/events/{SLUG}/attendees?status=confirmed")
    names = set(page.locator("tbody th[scope=row]").all_inner_texts())
    assert len(names) == 9
    return names


def download(page: Page, folder: Path) -> Path:
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    kept = folder / coming.value.suggested_filename
    coming.value.save_as(kept)
    return kept


def test_two_clicks_to_a_spreadsheet(windows: Windows, tmp_path: Path) -> None:
    alice = windows.open("alice")
    names = expected(alice)
    alice.goto(f"/organise/events/{SLUG}/attendees")
    alice.get_by_role("link", name="Export list").click()
    book = load_workbook(download(alice, tmp_path))
    rows = [[str(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    text = "\n".join(" ".join(row) for row in rows)
    for name in names:
        assert name.split()[-1] in text
    assert book.worksheets[0].freeze_panes
    alice.reload()
    expect(alice.get_by_role("table")).to_contain_text("Alice")


@pytest.mark.parametrize("purpose", ["Everything", "Sign-in sheet"])
def test_csv_opens_in_a_spreadsheet(windows: Windows, tmp_path: Path, purpose: str) -> None:
    alice = windows.open("alice")
    names = expected(alice)
    alice.goto(f"/organise/events/{SLUG}/export")
    alice.get_by_label(purpose).check()
    alice.get_by_label("File").select_option("csv")
    data = download(alice, tmp_path).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert len({len(row) for row in rows if row}) == 1
    assert len([row for row in rows if row]) == 1 + len(names)


def test_the_sheet_to_sign_has_a_page_for_each_half_day(windows: Windows, tmp_path: Path) -> None:
    alice = windows.open("alice")
    names = expected(alice)
    alice.goto(f"/organise/events/{SLUG}/slots")
    slots = alice.locator("main ol.slots > li").count()
    alice.goto(f"/organise/events/{SLUG}/export")
    alice.get_by_label("Sign-in sheet").check()
    alice.get_by_label("File").select_option("pdf")
    with PdfDocument(download(alice, tmp_path)) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    assert len(pages) == slots >= 2
    for text in pages:
        for name in names:
            assert name.split()[-1] in text
