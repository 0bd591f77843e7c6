"""Bank files for tests: statements of the cluster's account with the transfers a test names."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import IO

from flask import current_app

from integrations.bank.writing import Transfer, Written, camt
from integrations.references import compact_iban
from models.base import db, now
from models.orders import Order
from models.people import Person
from models.registrations import Registration
from services.statements import Imported, import_statement

CAROLS_BANK = "BE71096123456769"


def transfer(order: Order | None = None, cents: int = 50820, **changes: object) -> Transfer:
    """Carol pays `cents`, with the structured reference of `order` when one is given."""
    digits = re.sub(r"\D", "", order.reference or "") if order else ""
    values = {"name": "Carol Nguyễn", "iban": CAROLS_BANK, "structured": digits, **changes}
    return Transfer(cents, now().date(), **values)  # type: ignore[arg-type]


def bank_file(
    *entries: Transfer | list[Transfer], reference: str = "2026/117", opening: int = 0, day: date | None = None
) -> IO[bytes]:
    account = compact_iban(current_app.extensions["cluster"].bank["iban"])
    moved = sum(part.cents for each in entries for part in (each if isinstance(each, list) else [each]))
    statement = Written(account, reference, day or now().date(), opening, entries, opening + moved)
    return io.BytesIO("".join(camt(statement)).encode())


def imported(*entries: Transfer | list[Transfer], actor: Person | None = None, **changes: object) -> Imported:
    found = import_statement(bank_file(*entries, **changes), name="november.xml", actor=actor)  # type: ignore[arg-type]
    db.session.rollback()
    return found


def order_of(registration: Registration) -> Order:
    return db.session.get_one(Order, registration.order_id)
