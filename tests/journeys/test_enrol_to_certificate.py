"""The whole job: Carol, whom nobody knows, enrols in a training, pays it, attends it, and ends with a certificate that a
stranger can check."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from pypdfium2 import PdfDocument
from sqlalchemy import select

from models.base import now
from models.events import Event, Slot
from services.transaction import writing
from tests.journeys.conftest import Windows
from tests.journeys.desk import receive
from tests.journeys.mailbox import attachments, digits, open_mail, plain

pytestmark = pytest.mark.journey

SLUG = "annex-1-in-practice"
TITLE = "Annex 1 in practice: a contamination control strategy"
CAROL = "carol@kelvin-home.example"


def test_carol_enrols_pays_attends_and_is_certified(windows: Windows, stage: object, tmp_path: Path) -> None:
    carol = windows.open()
    enrol(carol)
    order = carol.url
    reference = order_asks_for_a_transfer(carol, tmp_path)
    receive(windows.open("fay"), reference, "€713.90")
    place_is_confirmed(carol, order)

    move_into_the_past(SLUG)
    mark_one_by_one(windows.open("emil"), slot=0)
    alice = windows.open("alice")
    for slot in (1, 2):
        mark_the_rest_at_once(alice, slot)
    close(alice)

    document = take_certificate(carol, tmp_path)
    address = scan(document)
    anybody_can_check(windows.open(), address, document)


def enrol(page: Page) -> None:
    """From the catalogue to the mailed code."""
    page.goto("/events")
    page.get_by_role("link", name=TITLE).click()
    page.locator("aside").get_by_role("link", name="Enrol").click()
    page.get_by_label("First name").fill("Carol")
    page.get_by_label("Last name").fill("Nguyễn")
    page.get_by_label("E-mail").fill(CAROL)
    page.get_by_label("I accept the").check()
    page.get_by_role("button", name="Mail me the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")
    draft = page.url
    open_mail(page, CAROL, "confirms your registration")
    code = digits(page)
    page.goto(draft)
    page.get_by_label("The six digits").fill(code)
    page.get_by_role("button", name="Hold my place, with an obligation to pay").click()
    page.wait_for_url(re.compile(r"/orders/"))


def order_asks_for_a_transfer(page: Page, folder: Path) -> str:
    """What to pay, how, and by when; the structured reference."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pay €713.90 by")
    reference = page.locator(".reference").first.inner_text().strip()
    assert re.fullmatch(r"\+\+\+\d{3}/\d{4}/\d{5}\+\+\+", reference)
    page.locator(".qr").screenshot(path=folder / "qr.png")
    code = zxingcpp.read_barcode(Image.open(folder / "qr.png"))
    assert code, "the payment code cannot be scanned from the screen"
    lines = code.text.split("\n")
    assert lines[:2] == ["BCD", "002"]
    assert "EUR713.90" in lines
    assert re.sub(r"\D", "", reference) in {re.sub(r"\D", "", line) for line in lines}
    open_mail(page, CAROL, "Pay €713.90 to keep your place")
    assert reference in plain(page)
    return reference


def place_is_confirmed(page: Page, order: str) -> None:
    open_mail(page, CAROL, "Paid, and your place is confirmed")
    expect(attachments(page)).to_contain_text(".ics")
    page.goto(order)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have a place on")


def move_into_the_past(slug: str) -> None:
    """As many whole days back as it takes for the event to have ended yesterday."""
    with writing() as session:
        event = session.scalar(select(Event).where(Event.slug == slug))
        assert event
        back = timedelta(days=(event.ends_at - now()).days + 2)
        for slot in session.scalars(select(Slot).where(Slot.event_id == event.id)):
            slot.starts_at, slot.ends_at = slot.starts_at - back, slot.ends_at - back
        event.starts_at, event.ends_at = event.starts_at - back, event.ends_at - back
        if event.decides_at:
            event.decides_at -= back


def open_list(page: Page, slot: int) -> None:
    """The attendance list of one half-day, from the desk."""
    page.goto(f"/organise/events/{SLUG}/attendance")
    page.locator("main").get_by_role("link", name=re.compile("^Open")).nth(slot).click()
    expect(page.locator("[data-marks][data-ready]")).to_be_visible()  # a tap before that is a plain form


def mark_one_by_one(page: Page, slot: int) -> None:
    """Emil taps once for each person, and comes back to a list that kept it."""
    open_list(page, slot)
    there = page.locator("[data-count=there]")
    taps = page.locator(".one-tap:visible")
    people = taps.count()
    assert people == 12
    for left in range(people, 0, -1):
        taps.first.click()
        expect(there).to_have_text(str(people - left + 1))
    expect(page.locator("#waits")).to_be_hidden()
    page.reload()
    expect(there).to_have_text(str(people))


def mark_the_rest_at_once(page: Page, slot: int) -> None:
    """Alice taps Carol, then marks whoever has no mark."""
    open_list(page, slot)
    page.get_by_role("button", name=re.compile(r"^Present\s*, Carol Nguyễn$")).first.click()
    expect(page.locator("[data-count=there]")).to_have_text("1")
    page.get_by_role("button", name="without a mark present").click()
    expect(page.locator("[data-count=there]")).to_have_text("12")


def close(page: Page) -> None:
    """Close the event and watch the worker issue the certificates."""
    page.goto(f"/organise/events/{SLUG}/close")
    expect(page.get_by_role("heading", name="Close it, with 12 certificates?")).to_be_visible()
    page.get_by_role("button", name="Close the event").click()
    page.wait_for_url(re.compile(r"/organise/jobs/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("12 certificates are issued", timeout=60_000)


def take_certificate(page: Page, folder: Path) -> Path:
    """Carol follows the link of her mail and takes the PDF."""
    open_mail(page, CAROL, "Your certificate")
    letter = page.frame_locator("iframe")
    letter.get_by_role("link", name=re.compile("certificate", re.I)).first.click()
    page.wait_for_url(re.compile(r"/certificates/"))
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("PDF")).first.click()
    kept = folder / "certificate.pdf"
    coming.value.save_as(kept)
    return kept


def scan(document: Path) -> str:
    """What the code on the paper says, read from the paper."""
    with PdfDocument(document) as pdf:
        assert len(pdf) == 1
        picture = pdf[0].render(scale=200 / 72).to_pil()
    code = zxingcpp.read_barcode(picture)
    assert code, "the code on the certificate cannot be scanned"
    return str(code.text)


def anybody_can_check(page: Page, address: str, document: Path) -> None:
    """Somebody without an account opens the scanned address, and compares the file they were sent."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Valid")
    sheet = page.get_by_role("article")
    for words in ("Carol Nguyễn", TITLE, "10.5 hours"):
        expect(sheet).to_contain_text(words)
    fingerprint = page.locator(".fingerprint").inner_text().replace(" ", "").replace("\n", "")
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint)
    page.get_by_label("Have you got the PDF?").set_input_files(document)
    expect(page.get_by_role("status")).to_contain_text("This is the file that was issued")
