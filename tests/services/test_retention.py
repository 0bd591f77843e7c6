"""The promises of the privacy text: each thing is forgotten when its time has come, and not a day before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.base import db, now
from models.credentials import CodePurpose, OneTimeCode, Throttle
from models.events import Event, EventKind
from models.outbox import AuditEntry, Export
from models.registrations import Registration, RegistrationDraft
from services.audit import record
from services.registrations import register
from services.retention import purge_due
from services.transaction import writing
from services.wishes import Wish
from tests.cast import Cast, make_event


@pytest.fixture
def evening(cast: Cast) -> Event:
    """A free evening with Bob on it, who cannot eat nuts and shows his name."""
    event = make_event(kind=EventKind.NETWORKING, public_cents=0, member_cents=None)
    bob = Wish("Bob", "Lambert", "bob@lysara.example", needs="no nuts", visible_to_guests=True)
    register(cast.bob, event.id, bob, locale="en")
    return event


def bobs() -> tuple[str, bool]:
    needs, shown = db.session.execute(select(Registration.needs, Registration.visible_to_guests)).one()
    db.session.rollback()
    return needs, shown


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_needs_are_forgotten_thirty_days_after_the_event(evening: Event) -> None:
    purge_due(evening.ends_at + timedelta(days=29))
    assert bobs()[0] == "no nuts"
    assert purge_due(evening.ends_at + timedelta(days=31))["needs"] == 1
    assert bobs()[0] == ""


def test_guest_lists_close_the_day_after(evening: Event) -> None:
    purge_due(evening.ends_at + timedelta(hours=20))
    assert bobs()[1]
    assert purge_due(evening.ends_at + timedelta(hours=30))["guest lists"] == 1
    assert not bobs()[1]


def test_drafts_are_forgotten_a_day_after_they_expired(evening: Event) -> None:
    with writing() as session:
        expires = now() + timedelta(hours=24)
        draft = RegistrationDraft(
            event_id=evening.id, browser_hash="0", key="x@y.example", answers={}, expires_at=expires
        )
        session.add(draft)
    assert purge_due(expires + timedelta(hours=23))["drafts"] == 0
    assert purge_due(expires + timedelta(hours=25))["drafts"] == 1
    assert count(RegistrationDraft) == 0


def test_codes_and_throttles_go_too(cast: Cast) -> None:
    with writing() as session:
        session.add(Throttle(kind="mail", key="x@y.example"))
        session.add(
            OneTimeCode(
                purpose=CodePurpose.SIGN_IN, address="x@y.example", key="x@y.example", browser_hash="0", code_hash="0",
                link_hash="0", expires_at=now(),
            )
        )  # fmt: skip
    assert purge_due(now() + timedelta(hours=12))["codes"] == 0
    done = purge_due(now() + timedelta(days=3))
    assert (done["codes"], done["throttles"]) == (1, 1)


def test_the_log_is_kept_for_a_year(cast: Cast, evening: Event) -> None:
    entry = record("attendees.exported", cast.alice, event=evening)
    with writing() as session:
        values = {"purpose": "catering", "format": "csv", "columns": ["name"], "rows": 1, "sha256": "0"}
        session.add(Export(audit_entry_id=entry.id, event_id=evening.id, **values))
    purge_due(now() + timedelta(days=364))
    assert count(Export) == 1
    purge_due(now() + timedelta(days=366))
    assert (count(Export), count(AuditEntry)) == (0, 0)
