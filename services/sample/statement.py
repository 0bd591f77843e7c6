"""A bank's file for the sample season: what a Monday brings, made from the orders that wait for money now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from integrations.bank.writing import Transfer, Written, camt
from integrations.references import compact_iban
from models.bank import BankStatement
from models.base import db, now
from models.orders import Order
from models.people import Person
from services.bank_balances import money_by_order, owed_by_order

MOST = 12
OPENING = 4_218_730  # cents, when no statement was imported yet
BANKS = ("BE71096123456769", "BE43068999999501", "BE62510007547061")


def sample_statement(at: datetime | None = None) -> Iterator[str]:
    """A CAMT.053 file, piece by piece: most transfers carry their reference, one only a name, one is too small; and three
    lines that are for no order."""
    at = at or now()
    day = at.date()
    opening = db.session.scalar(select(BankStatement.closing_cents).order_by(BankStatement.id.desc()).limit(1))
    opening = OPENING if opening is None else opening
    entries = [*transfers(day), *others(day)]
    account = compact_iban(current_app.extensions["cluster"].bank["iban"])
    closing = opening + sum(entry.cents for entry in entries)
    yield from camt(Written(account, f"SAMPLE-{at:%Y%m%d-%H%M%S}", day, opening, entries, closing))


def transfers(day: date) -> Iterator[Transfer]:
    """One for each order that waits: the second forgets the reference, the third pays half."""
    for number, (code, reference, given, family, cents) in enumerate(open_orders()):
        digits = re.sub(r"\D", "", reference or "")
        yield Transfer(
            int(cents) // 2 if number == 2 else int(cents),
            day,
            f"{given} {family}",
            BANKS[number % len(BANKS)],
            "" if number == 1 else digits,
            "Thank you" if number == 1 else "",
            f"S-{code}-{int(cents)}",
        )


def open_orders() -> list[Any]:
    """Orders that ask for money, the oldest first."""
    owed, money = owed_by_order(), money_by_order()
    left = owed.c.cents - func.coalesce(money.c.cents, 0)
    query = (
        select(Order.code, Order.reference, Person.given_name, Person.family_name, left)
        .join(owed, owed.c.order_id == Order.id)
        .outerjoin(money, money.c.order_id == Order.id)
        .join(Person, Person.id == Order.buyer_id)
        .where(left > 0)
        .order_by(Order.id)
        .limit(MOST)
    )
    return list(db.session.execute(query))


def others(day: date) -> list[Transfer]:
    """What every account has: a fee of membership, costs, electricity."""
    return [
        Transfer(120_000, day, "Hesbaye Diagnostics SRL", BANKS[0], free_text="Cotisation", bank_reference=f"M-{day}"),
        Transfer(-850, day, free_text="Costs of the account", bank_reference=f"C-{day}"),
        Transfer(-23_412, day, "Énergie du Namurois", BANKS[1], free_text="Electricity", bank_reference=f"E-{day}"),
    ]
