"""What a statement is, whatever the format of its file; and why a file is refused."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

DECIMAL = re.compile(r"\+?(\d{0,18})(?:\.(\d{0,18}))?", re.ASCII)  # xs:decimal, which knows no exponent
NOTHING = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE"})  # what banks write where a reference is asked for
MOST_CENTS = 2_000_000_000  # what an integer column holds on every engine


class Reason(StrEnum):
    """Why a file is refused whole."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ZIPPED = "zipped"
    UNKNOWN_FORMAT = "unknown_format"
    NOT_WELL_FORMED = "not_well_formed"
    DOCTYPE = "doctype"
    OTHER_MESSAGE = "other_message"  # an XML file that is no CAMT.053 of a version we read
    NO_STATEMENT = "no_statement"
    CUT_OFF = "cut_off"
    NO_ACCOUNT = "no_account"
    OTHER_ACCOUNT = "other_account"
    OTHER_CURRENCY = "other_currency"
    NO_BALANCE = "no_balance"
    NO_REFERENCE = "no_reference"
    BAD_AMOUNT = "bad_amount"
    ZERO_AMOUNT = "zero_amount"
    BAD_DATE = "bad_date"
    BAD_DIRECTION = "bad_direction"
    BATCH_SUM = "batch_sum"
    WRONG_SUM = "wrong_sum"
    BAD_RECORD = "bad_record"  # CODA


class BrokenFile(ValueError):
    """The file cannot be taken: `reason`, the `line` of the file where it shows (from 1; None: the whole file), and the
    word of the file that is wrong."""

    def __init__(self, reason: Reason, line: int | None = None, found: str = "") -> None:
        super().__init__(f"line {line}: {reason} {found}".strip() if line else f"{reason} {found}".strip())
        self.reason = reason
        self.line = line
        self.found = found[:120]


@dataclass(frozen=True)
class Line:
    """One movement of the account. `cents`: in positive, out negative. `key` tells it from every other movement."""

    key: str
    position: int  # in its statement, from 1
    booked_on: date
    cents: int
    bank_reference: str
    structured: str  # digits only, or an ISO 11649 reference
    free_text: str
    counterparty: str
    counterparty_iban: str
    note: str = ""  # `batch_untold`: several transfers, of which the file does not tell the amounts


@dataclass
class Statement:
    """One statement of one account; `lines` can be read once."""

    format: str
    account: str  # IBAN
    reference: str
    currency: str
    begins_on: date | None
    ends_on: date
    opening_cents: int
    closing_cents: int
    lines: Iterator[Line] = field(default_factory=lambda: iter(()), repr=False)


@dataclass(frozen=True)
class Facts:
    """What a file says of one movement, before it has a key."""

    booked_on: date
    cents: int
    bank_reference: str = ""
    structured: str = ""
    free_text: str = ""
    counterparty: str = ""
    counterparty_iban: str = ""


class Keys:
    """Gives each movement its key. Two movements of one statement that the file cannot tell apart are the first and the
    second of their kind: neither is lost, and both are known again in another file."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.seen: Counter[bytes] = Counter()
        self.position = 0

    def line_of(self, facts: Facts, note: str = "") -> Line:
        told = "\x1f".join(
            (
                self.account,
                facts.booked_on.isoformat(),
                str(facts.cents),
                facts.bank_reference,
                facts.structured,
                facts.free_text,
                facts.counterparty_iban,
            )
        )
        kind = hashlib.blake2b(told.encode(), digest_size=16).digest()
        self.seen[kind] += 1
        self.position += 1
        key = hashlib.sha256(f"{told}\x1f{self.seen[kind]}".encode()).hexdigest()
        return Line(
            key, self.position, facts.booked_on, facts.cents, facts.bank_reference[:80], facts.structured[:40],
            facts.free_text, facts.counterparty[:200], facts.counterparty_iban[:34], note,
        )  # fmt: skip


def cents_of(amount: str | None, line: int | None) -> int:
    """An amount of a file, such as `508.20`, in cents. Raises BrokenFile unless it is ≥ 0 and has no parts of a cent."""
    found = DECIMAL.fullmatch((amount or "").strip())
    whole, parts = (found[1], found[2] or "") if found else ("", "")
    cents = int(whole + parts[:2].ljust(2, "0")) if whole or parts else -1
    if not 0 <= cents <= MOST_CENTS or parts[2:].strip("0"):
        raise BrokenFile(Reason.BAD_AMOUNT, line, amount or "")
    return cents


def euros(cents: int) -> str:
    """An amount as a file writes it: `508.20`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def check_sum(opening_cents: int, moved_cents: int, closing_cents: int, line: int | None) -> None:
    """Opening + Σ lines = closing, or BrokenFile."""
    if opening_cents + moved_cents != closing_cents:
        told = f"{euros(opening_cents)} + {euros(moved_cents)} ≠ {euros(closing_cents)}"
        raise BrokenFile(Reason.WRONG_SUM, line, told)
