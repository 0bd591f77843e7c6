"""Whatever list leaves is recorded: who took it, what for, how many lines, and its hash. And who may take which."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from integrations.sheets import Column
from models.base import db
from models.outbox import AuditEntry, Export
from services.attendee_columns import Purpose
from services.attendee_lists import (
    Format,
    export,
    formats_of,
    past_exports,
    purposes_for,
    streamed,
)
from services.attendee_rows import Table
from services.permissions import roles_of
from tests.cast import Cast, make_event
from tests.counting import queries
from tests.services.listed import FREE, asked, crowd, taken
from tests.services.post import registered


@pytest.mark.parametrize("form", Format)
def test_what_leaves_is_recorded_with_its_hash(cast: Cast, form: Format) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event)
    content = taken(asked(event, Purpose.SIGN_IN, form, actor=cast.alice, ip="192.0.2.7"))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "attendees.exported")).one()
    record = db.session.scalars(select(Export)).one()
    assert (entry.actor_id, entry.event_id, entry.ip) == (cast.alice.id, event.id, "192.0.2.7")
    assert entry.details == {"purpose": "sign_in", "format": form, "scope": "expected", "rows": 1}
    assert (record.audit_entry_id, record.event_id, record.purpose, record.rows) == (entry.id, event.id, "sign_in", 1)
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    (past,) = past_exports(event.id)
    assert (past.actor, past.purpose, past.format, past.rows, past.interrupted) == (
        "Alice Renard",
        "sign_in",
        form,
        1,
        False,
    )


def test_a_whole_list_never_leaves_before_it_is_recorded(cast: Cast) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event)
    blocks = export(asked(event)).blocks
    next(blocks)
    db.session.rollback()
    assert len(past_exports(event.id)) == 1
    blocks.close()
    db.session.rollback()
    assert [past.interrupted for past in past_exports(event.id)] == [False]


def test_a_reader_who_goes_away_is_recorded_with_what_they_got(app: Flask, cast: Cast) -> None:
    event = crowd(1_200)
    blocks = export(asked(event, actor=cast.alice)).blocks
    got = next(blocks)
    blocks.close()
    db.session.rollback()
    (past,) = past_exports(event.id)
    record = db.session.scalars(select(Export)).one()
    assert past.interrupted
    assert past.rows in (500, 1_000)
    assert record.sha256 == hashlib.sha256(got).hexdigest()
    assert db.engine.pool.checkedout() <= 1  # type: ignore[attr-defined]


def test_nothing_that_never_left_is_recorded(app: Flask, cast: Cast) -> None:
    def rows(good: int) -> Any:
        for number in range(good):
            yield (str(number),)
        raise LookupError("the database went away")

    event = make_event(**FREE)
    with pytest.raises(LookupError):
        list(streamed(app, asked(event), Table(["a"], [Column("A")], rows(0))))
    db.session.rollback()
    assert past_exports(event.id) == []
    with pytest.raises(LookupError):
        list(streamed(app, asked(event), Table(["a"], [Column("A")], rows(1_100))))
    db.session.rollback()
    assert [(past.rows, past.interrupted) for past in past_exports(event.id)] == [(1_100, True)]


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("form", Format)
def test_a_server_reads_it_when_the_request_is_over(cast: Cast, purpose: Purpose, form: Format) -> None:
    """A thread has no application context, as the server's has none by then."""
    if form not in formats_of(purpose):
        return
    event = crowd(600)
    blocks = export(asked(event, purpose, form)).blocks
    with ThreadPoolExecutor(1) as server:
        content = server.submit(b"".join, blocks).result(timeout=60)
        server.submit(blocks.close).result(timeout=60)
    db.session.rollback()
    assert [past.interrupted for past in past_exports(event.id)] == [False]
    assert db.session.scalars(select(Export)).one().sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_few_queries_whatever_the_number(cast: Cast, purpose: Purpose, form: Format) -> None:
    event = crowd(30)
    with queries() as sent:
        b"".join(export(asked(event, purpose, form, actor=cast.alice)).blocks)
    assert len(sent) <= 5


def test_who_may_take_which_list(cast: Cast) -> None:
    own, foreign = make_event(organisers=[cast.otto], trainers=[cast.emil]), make_event()
    people = {Purpose.SIGN_IN, Purpose.BADGES, Purpose.CATERING, Purpose.FULL}
    expected = {
        "carol": (set(), set()),
        "bob": (set(), set()),
        "emil": ({Purpose.SIGN_IN}, set()),
        "fay": ({Purpose.ACCOUNTING}, {Purpose.ACCOUNTING}),
        "alice": (people, people),
        "otto": (people, set()),
        "ada": (set(Purpose), set(Purpose)),
    }
    for name, lists in expected.items():
        roles = roles_of(getattr(cast, name))
        assert tuple(set(purposes_for(roles, event.id)) for event in (own, foreign)) == lists, name


def test_a_file_has_a_name_that_every_system_takes(cast: Cast) -> None:
    event = make_event(slug="été/../à-namur\r\n")
    assert export(asked(event, Purpose.SIGN_IN)).name.startswith("t-------namur-sign-in-20")
    file = export(asked(make_event(slug="äé"), form=Format.XLSX))
    assert file.name.startswith("event-full-20")
    file.blocks.close()  # the temporary file goes with it, read or not
