"""One event that thousands have found: what bench/exports.py writes down."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bench.storm import looking, prepare

FIRST = ["Élodie", "Bob", "Carol", "Đorđe", "Ngọc", "Anna-Lena", "Wim", "Zoë", "Jean-Pierre", "Łukasz", "İpek"]
LAST = ["Renard", "Lambert", "Nguyễn", "Wouters", "D’Hondt", "Øvergård", "Özdemir", "Van den Broeck", "Dubois"]
HOUSES = ["Lysara Biologics", "CHU de Liège", "UCLouvain", "", "Médiasambre & Fils", "Vasseur, Claes et associés"]
NEEDS = ["", "", "", "", "Vegetarian", "Gluten-free; please no nuts", "Wheelchair"]


def fill(url: str, folder: Path, people: int) -> None:
    """A paid event of one slot with `people` confirmed registrations, paid and marked, in an empty database; and one that
    nobody has found yet."""
    prepare(url, folder, capacity=people, people=1, events=2, cents=42000)
    with looking(url, folder):
        from models.base import db
        from services.transaction import writing

        with writing() as session:
            for table, rows in tables(people).items():
                for at in range(0, len(rows), 2_000):
                    session.execute(insert(table), rows[at : at + 2_000])
        if not url.startswith("sqlite"):
            with db.engine.connect().execution_options(writing=True, isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")


def tables(people: int) -> dict[Any, list[dict[str, Any]]]:
    """Orders, registrations, lines, receipts and marks, as rows, in the order in which they can be written."""
    chance = random.Random(20)
    found: dict[Any, list[dict[str, Any]]] = {}
    for number in range(1, people + 1):
        for kind, row in rows_of(number, chance).items():
            found.setdefault(kind, []).append(row)
    return found


def rows_of(number: int, chance: random.Random) -> dict[Any, dict[str, Any]]:
    """One person's."""
    from models.attendance import AttendanceMark
    from models.orders import LedgerEntry, Order, OrderLine
    from models.registrations import Registration

    at = datetime(2026, 9, 1, 8, tzinfo=UTC) + timedelta(seconds=97 * number)
    address = f"person{number}@house{number % 90}.example"
    code = f"MH-{number:08d}"
    return {
        Order: {
            "id": number, "code": code, "reference": f"+++{number:013d}+++", "buyer_id": 1, "buyer_email": address,
            "created_at": at,
        },
        Registration: {
            "id": number, "event_id": 1, "ticket_id": 1, "quota_id": 1, "order_id": number, "status": "confirmed",
            "holds_place": True, "given_name": chance.choice(FIRST), "family_name": chance.choice(LAST), "email": address,
            "phone": f"+32 470 {number:06d}", "organisation_name": chance.choice(HOUSES), "needs": chance.choice(NEEDS),
            "is_member": number % 3 == 0, "visible_to_guests": number % 2 == 0, "created_at": at, "updated_at": at,
        },
        OrderLine: {
            "order_id": number, "registration_id": number, "description": "A day", "net_cents": 42000, "vat": "standard",
            "vat_rate": 21, "vat_cents": 8820, "gross_cents": 50820, "why": "The price for everyone.",
        },
        LedgerEntry: {
            "order_id": number, "kind": "receipt", "provider": "transfer", "provider_reference": code, "cents": 50820,
            "booked_at": at,
        },
        AttendanceMark: {
            "client_id": code, "registration_id": number, "slot_id": 1, "presence": "present", "marked_at": at,
        },
    }  # fmt: skip
