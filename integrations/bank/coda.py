"""CODA, the statement of the Belgian banks (Febelfin, “Standards bancaires CODA” 2.6), through the package febelfin-coda.

The package reads the records; here they are counted for the line of an error, given to it statement by statement, and
its sums checked once more: its own checks are assertions, which an optimised Python leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from integrations.bank.statement import MOST_CENTS, BrokenFile, Facts, Keys, Line, Reason, Statement, check_sum

RECORD = 128
CURRENCY = "EUR"
BATCHES = frozenset("12")  # totals of the customer, of the bank: their details are movements of their own


def read_coda(file: IO[bytes]) -> Iterator[Statement]:
    """The statements of a CODA file. Raises BrokenFile."""
    for first, records in blocks(file):
        found = parsed(first, records)
        statement = told(found, first)
        statement.lines = lines_of(statement, found, first + len(records) - 1)
        yield statement
        for _ in statement.lines:
            pass


def blocks(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The records from each header (0) to its trailer (9), and the number of the first line."""
    records: list[str] = []
    begins = number = 0
    for number, raw in enumerate(file, 1):
        record = raw.rstrip(b"\r\n").decode("windows-1252", "replace")
        if not record.strip():
            continue
        if len(record) > RECORD or (not records and record[0] != "0") or (records and record[0] == "0"):
            raise BrokenFile(Reason.BAD_RECORD, number, record[:20])
        begins = begins if records else number
        records.append(record.ljust(RECORD))
        if record[0] == "9":
            yield begins, records
            records = []
    if records:
        raise BrokenFile(Reason.CUT_OFF, number)


def parsed(first: int, records: list[str]) -> Any:
    """The statement as the package reads it."""
    from coda import CODA

    at = first

    def counted() -> Iterator[str]:
        nonlocal at
        for number, record in enumerate(records, first):
            at = number
            yield record

    try:
        return CODA(counted()).statements[0]
    except (AssertionError, ValueError, InvalidOperation, LookupError, AttributeError, TypeError) as error:
        words = str(error) if isinstance(error, ValueError) else ""
        reason = Reason.WRONG_SUM if at == first + len(records) - 1 and not words else Reason.BAD_RECORD
        raise BrokenFile(reason, at, words or records[at - first][:20]) from None


def told(found: Any, line: int) -> Statement:
    """Account, balances and days of a statement."""
    if found.old_balance is None or found.new_balance is None or found.new_balance_date is None:
        raise BrokenFile(Reason.NO_BALANCE, line)
    if (found.account_currency or "").strip() != CURRENCY:
        raise BrokenFile(Reason.OTHER_CURRENCY, line, found.account_currency or "")
    account = found.account.strip()
    return Statement(
        "coda", belgian_iban(account) if re.fullmatch(r"\d{12}", account) else account,
        f"{found.new_balance_date.year}/{found.new_sequence}", CURRENCY, found.old_balance_date, found.new_balance_date,
        cents(found.old_balance, line), cents(found.new_balance, line),
    )  # fmt: skip


def lines_of(statement: Statement, found: Any, last: int) -> Iterator[Line]:
    """The movements; a total with its details is told by its details when they add up to it."""
    keys, moved = Keys(statement.account), 0
    for move in found.moves:
        details = [detail for detail in move.moves if detail.transaction_type in "56"]
        split = move.transaction_type in BATCHES and sum(each.amount for each in details) == move.amount
        for each in details if split and details else [move]:
            facts = facts_of(each, found, last)
            moved += facts.cents
            yield keys.line_of(facts)
    check_sum(statement.opening_cents, moved, statement.closing_cents, last)


def facts_of(move: Any, found: Any, line: int) -> Facts:
    """What the records say of one movement."""
    amount = cents(move.amount, line)
    if not amount:
        raise BrokenFile(Reason.ZERO_AMOUNT, line, move.sequence)
    kind, words = move.communication_type, (move.communication or "").strip()
    structured = words if kind in ("100", "101", "102") else ""
    more = [info._communication[1:].strip() for info in found.informations.get(move.bank_reference, ())
            if info.communication_type is None]  # fmt: skip
    iban = re.match(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", (move.counterparty_account or "").strip())
    return Facts(
        move.entry_date, amount, move.bank_reference.strip(), re.sub(r"[\s+*/]", "", structured),
        " ".join(" ".join([*([] if structured else [words]), *more]).split()), (move.counterparty_name or "").strip(),
        iban[0] if iban else "",
    )  # fmt: skip


def cents(amount: Decimal, line: int) -> int:
    """The package's amount in cents: CODA writes thousandths."""
    whole = int(amount * 100)
    if whole != amount * 100 or abs(whole) > MOST_CENTS:
        raise BrokenFile(Reason.BAD_AMOUNT, line, str(amount))
    return whole


def belgian_iban(account: str) -> str:
    """The IBAN of a Belgian account number of twelve digits (ISO 13616; B = 11, E = 14)."""
    return f"BE{98 - int(account + '111400') % 97:02}{account}"
