"""Attendee lists for tests: taken whole, and read back by other programs."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import openpyxl
from sqlalchemy import insert

from bench.crowd import rows_of as rows_of_person
from models.base import db
from models.events import Event
from models.orders import Order, OrderLine
from models.registrations import Registration
from services.attendee_columns import Purpose
from services.attendee_lists import Asked, Format, export
from services.transaction import writing
from tests.cast import make_event

FREE: dict[str, Any] = {"public_cents": 0, "member_cents": None}


def asked(event: Event, purpose: Purpose = Purpose.FULL, form: Format = Format.CSV, **changes: Any) -> Asked:
    return Asked(**{"event": event, "purpose": purpose, "format": form, "locale": "en", "actor": None, **changes})


def taken(wanted: Asked) -> bytes:
    """The whole file; the test's session then sees what was recorded."""
    content = b"".join(export(wanted).blocks)
    db.session.rollback()
    return content


def lines(content: bytes) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def table(event: Event, purpose: Purpose = Purpose.FULL, **changes: Any) -> list[dict[str, str]]:
    return lines(taken(asked(event, purpose, **changes)))


def sheet(event: Event, purpose: Purpose = Purpose.FULL) -> Any:
    return openpyxl.load_workbook(io.BytesIO(taken(asked(event, purpose, Format.XLSX)))).active


def crowd(people: int) -> Event:
    """An event with so many confirmed registrations, written as rows."""
    event = make_event(capacity=20_000)
    chance = random.Random(1)
    with writing() as session:
        for number in range(1, people + 1):
            for kind, row in rows_of_person(number, chance).items():
                if kind in (Order, Registration, OrderLine):
                    session.execute(insert(kind), [{**row, **({"event_id": event.id} if "event_id" in row else {})}])
    return event
