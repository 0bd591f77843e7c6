"""Where money that came by transfer goes back to: the account it came from, as the bank's file told, or one given before."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from models.bank import BankLine, BankMatch
from models.base import db
from models.orders import LedgerEntry
from models.payments import Refund


@dataclass(frozen=True)
class Account:
    """An IBAN without spaces, and whose it is; both '' when nothing is known."""

    iban: str = ""
    holder: str = ""


def known_account(order_id: int) -> Account:
    """The account of an order's latest transfer, else of its latest refund."""
    paid_from = (
        select(BankLine.counterparty_iban, BankLine.counterparty)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .join(LedgerEntry, LedgerEntry.id == BankMatch.ledger_entry_id)
        .where(LedgerEntry.order_id == order_id, BankLine.counterparty_iban != "", LedgerEntry.cents > 0)
        .order_by(LedgerEntry.id.desc())
        .limit(1)
    )
    given = (
        select(Refund.iban, Refund.holder)
        .where(Refund.order_id == order_id, Refund.iban != "")
        .order_by(Refund.id.desc())
        .limit(1)
    )
    row = db.session.execute(paid_from).first() or db.session.execute(given).first()
    return Account(row[0], row[1][:120]) if row else Account()


def plain_iban(text: str) -> str:
    """An IBAN as typed, without spaces, in capitals."""
    return "".join(text.split()).upper()


def is_iban(text: str) -> bool:
    """ISO 13616: length and check digits. Not the bank's code: the registry of the library is older than some banks."""
    from stdnum import iban

    return bool(iban.is_valid(plain_iban(text), check_country=False))
