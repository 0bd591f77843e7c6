"""CODA, the statement of the Belgian banks (Febelfin, “Standards bancaires CODA” 2.6), through the package febelfin-coda.

The package reads the records; here they are counted for the line of an error, given to it statement by statement, and
its sums checked once more: its own checks are assertions, which an optimised Python leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from integrations.bank.statement import MOST_CENTS, NOTHING, BrokenFile, Facts, Keys, Line, Reason, Statement, check_sum

RECORD = 128
CURRENCY = "EUR"
DETAILS = {"1": "5", "2": "67"}  # a total of the customer, of the bank: movements of their own, each told by a detail
STRUCTURED = ("100", "101", "102")  # ISO 11649 · OGM-VCS · the same, put right by the bank
Record = tuple[int, str]  # the line of the file, from 1, and its 128 characters


def read_coda(file: IO[bytes]) -> Iterator[Statement]:
    """The statements of a CODA file. Raises BrokenFile."""
    for records in blocks(file):
        found = parsed(records)
        statement = told(found, records[0][0])
        statement.lines = lines_of(statement, found, records)
        yield statement
        for _ in statement.lines:
            pass


def blocks(file: IO[bytes]) -> Iterator[list[Record]]:
    """The records from each header (0) to its trailer (9)."""
    records: list[Record] = []
    number = 0
    for number, raw in enumerate(file, 1):
        record = raw.rstrip(b"\r\n").decode("windows-1252", "replace")
        if not record.strip():
            continue
        if len(record) > RECORD or "\0" in record or (record[0] == "0") == bool(records):
            raise BrokenFile(Reason.BAD_RECORD, number, record[:20].replace("\0", " "))
        records.append((number, record.ljust(RECORD)))
        if record[0] == "9":
            yield records
            records = []
    if records:
        raise BrokenFile(Reason.CUT_OFF, number)


def parsed(records: list[Record]) -> Any:
    """The statement as the package reads it."""
    from coda import CODA

    at = records[0]

    def counted() -> Iterator[str]:
        nonlocal at
        for at in records:
            yield readable(at[1])

    try:
        return CODA(counted()).statements[0]
    except (AssertionError, ValueError, InvalidOperation, LookupError, AttributeError, TypeError) as error:
        words = str(error) if isinstance(error, ValueError) else ""
        reason = Reason.WRONG_SUM if at == records[-1] and not words else Reason.BAD_RECORD
        raise BrokenFile(reason, at[0], words or at[1][:20]) from None


def readable(record: str) -> str:
    """A record as the package (0.5.0) can take it: it knows no value day that is not known yet, and no detail of a detail
    (type 9), which we read past like one of a simple amount (type 8)."""
    if not record.startswith("21"):
        return record
    value_day = record[115:121] if record[47:53] == "000000" else record[47:53]
    return record[:47] + value_day + ("8" if record[53] == "9" else record[53]) + record[54:]


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


def lines_of(statement: Statement, found: Any, records: list[Record]) -> Iterator[Line]:
    """The movements. A total is told by its details when they add up to it; else a human shares it out."""
    keys, moved, last = Keys(statement.account), 0, records[-1][0]
    at = {record[2:10]: number for number, record in reversed(records) if record.startswith("21")}
    for move in found.moves:
        kinds = DETAILS.get(move.transaction_type, "")
        details = [detail for detail in move.moves if detail.transaction_type in kinds]
        split = bool(details) and sum(each.amount for each in details) == move.amount
        for each in details if split else [move]:
            facts = facts_of(each, found, at.get(each.sequence + each.detail_sequence, last))
            if not facts.cents:
                continue
            moved += facts.cents
            yield keys.line_of(facts, "batch_untold" if details and not split else "")
    check_sum(statement.opening_cents, moved, statement.closing_cents, last)


def facts_of(move: Any, found: Any, line: int) -> Facts:
    """What the records say of one movement."""
    amount = cents(move.amount, line)
    if not amount and move.transaction_type in "0123":
        raise BrokenFile(Reason.ZERO_AMOUNT, line, move.sequence)
    kind, words = move.communication_type, (move.communication or "").strip()
    structured = words if kind in STRUCTURED else ""
    more = [info._communication[1:].strip() for info in found.informations.get(move.bank_reference, ())
            if info.communication_type is None]  # fmt: skip
    if amount < 0 and (ours := (getattr(move, "customer_reference", None) or "").strip()).upper() not in NOTHING:
        more.append(ours)  # our own transfer: the reference we gave it
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
