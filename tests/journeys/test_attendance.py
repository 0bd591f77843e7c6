"""The door in a real browser: one tap, undo, a phone that loses its connection and loses no tap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, scoped_session

from models.attendance import AttendanceMark, Presence
from models.base import db, now
from models.events import Event, Run, Slot
from models.registrations import Registration, Status
from services.attendance import presence_now
from services.transaction import writing
from tests.journeys.conftest import Windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def door(stage: scoped_session[Session]) -> Iterator[tuple[str, Slot, list[Registration]]]:
    """The list of a slot that is just beginning and has no mark; afterwards the slot is when it was before."""
    event = stage.scalars(
        select(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(Event.run == Run.GUARANTEED, Registration.status == Status.CONFIRMED, Event.starts_at > now())
        .group_by(Event.id)
        .order_by(Event.id)
    ).first()
    assert event
    slot = stage.scalars(select(Slot).where(Slot.event_id == event.id).order_by(Slot.starts_at)).first()
    assert slot
    before = slot.starts_at, slot.ends_at
    with writing():
        slot.starts_at, slot.ends_at = now() - timedelta(minutes=5), now() + timedelta(hours=3)
    people = stage.scalars(
        select(Registration).where(Registration.event_id == event.id, Registration.status == Status.CONFIRMED)
    )
    yield f"/organise/events/{event.slug}/attendance/{slot.public_id}", slot, list(people)
    with writing() as session:
        slot.starts_at, slot.ends_at = before
        session.execute(delete(AttendanceMark).where(AttendanceMark.slot_id == slot.id))


def open_list(page: Page, path: str) -> None:
    """Until its scripts have begun; a tap before that is a plain form."""
    page.goto(path)
    expect(page.locator("[data-marks][data-ready]")).to_be_visible()


def presence(slot: Slot, row: Registration) -> Presence:
    """What the program knows now; the test's own transaction would still see what it saw before."""
    slot_id, row_id = slot.public_id, row.public_id
    db.session.rollback()
    return presence_now(slot_id, row_id)


def test_one_tap_undo_and_another_mark(windows: Windows, door: tuple[str, Slot, list[Registration]]) -> None:
    path, slot, people = door
    page = windows.known("alice")
    open_list(page, path)
    bob = page.locator(f"#person-{people[0].public_id}")
    bob.get_by_role("button", name="Present", exact=False).first.click()
    expect(bob).to_contain_text("✓ in,")
    expect(page.locator("[data-count=there]")).to_have_text("1")
    assert presence(slot, people[0]) is Presence.PRESENT
    page.get_by_role("button", name="Undo").click()
    expect(bob.locator(".one-tap")).to_be_visible()
    expect(page.locator("[data-count=there]")).to_have_text("0")
    bob.locator("summary").click()
    bob.get_by_role("button", name="Excused").click()
    expect(bob).to_contain_text("– excused")
    expect(page.locator("#waits")).to_be_hidden()
    assert presence(slot, people[0]) is Presence.EXCUSED
    page.reload()
    expect(bob).to_contain_text("– excused")


def test_a_phone_without_a_connection_loses_no_tap(
    windows: Windows, door: tuple[str, Slot, list[Registration]]
) -> None:
    path, slot, people = door
    page = windows.known("alice", viewport={"width": 320, "height": 640})
    open_list(page, path)
    page.context.set_offline(True)
    for row in people[:3]:
        page.locator(f"#person-{row.public_id} .one-tap").click()
    expect(page.locator("#waits")).to_contain_text("3 marks wait on this device")
    expect(page.locator("[data-count=there]")).to_have_text("3")
    assert presence(slot, people[0]) is Presence.UNMARKED
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#waits")).to_be_hidden(timeout=20_000)
    for row in people[:3]:
        assert presence(slot, row) is Presence.PRESENT
    windows.problems.clear()  # the browser complains of each try without a connection


def test_taps_survive_the_end_of_the_page(windows: Windows, door: tuple[str, Slot, list[Registration]]) -> None:
    """The battery is empty, the tab is closed: when the list is opened again, what waited is sent."""
    path, slot, people = door
    page = windows.known("alice")
    open_list(page, path)
    page.context.set_offline(True)
    page.locator(f"#person-{people[0].public_id} .one-tap").click()
    expect(page.locator("#waits")).to_be_visible()
    second = page.context.new_page()
    page.close(run_before_unload=False)
    page.context.set_offline(False)
    open_list(second, path)
    expect(second.locator("#waits")).to_be_hidden(timeout=20_000)
    expect(second.locator(f"#person-{people[0].public_id}")).to_contain_text("✓ in,")
    assert presence(slot, people[0]) is Presence.PRESENT
    windows.problems.clear()


def test_two_phones_see_each_other(windows: Windows, door: tuple[str, Slot, list[Registration]]) -> None:
    path, _, people = door
    one, two = windows.known("alice"), windows.known("ada")
    open_list(one, path)
    open_list(two, path)
    one.locator(f"#person-{people[0].public_id} .one-tap").click()
    expect(one.locator(f"#person-{people[0].public_id}")).to_contain_text("✓ in, ")
    two.locator(f"#person-{people[1].public_id} .one-tap").click()
    expect(two.locator("[data-count=there]")).to_have_text("2")


def test_finding_a_name_whatever_its_accents(windows: Windows, door: tuple[str, Slot, list[Registration]]) -> None:
    path, _, people = door
    page = windows.known("alice")
    open_list(page, path)
    page.get_by_label("Find a name").fill(people[0].family_name.upper())
    expect(page.locator(f"#person-{people[0].public_id}")).to_be_visible()
    page.get_by_label("Find a name").fill("zzzz")
    expect(page.get_by_text("Nobody on the list has this name.")).to_be_visible()


def test_without_scripts_it_is_a_form(windows: Windows, door: tuple[str, Slot, list[Registration]]) -> None:
    path, slot, people = door
    page = windows.known("alice", java_script_enabled=False)
    page.goto(path)
    page.locator(f"#person-{people[0].public_id} .one-tap").click()
    page.wait_for_url(f"**{path}#person-{people[0].public_id}")
    assert presence(slot, people[0]) is Presence.PRESENT
    page.locator(f"#person-{people[0].public_id} summary").click()
    page.locator(f"#person-{people[0].public_id}").get_by_role("button", name="Late").click()
    assert presence(slot, people[0]) is Presence.LATE
