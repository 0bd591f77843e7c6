"""Writes CODA 2 files, record by record as Febelfin lays them out (“Standards bancaires CODA” 2.6). A real one comes from a bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

OURS = "BE68539007547034"
DAY = date(2026, 11, 27)


@dataclass(frozen=True)
class Move:
    """One record 21 with those that belong to it. `kind` is the type of the transaction code; `details` are of 5 to 9."""

    cents: int
    kind: str = "0"
    name: str = ""
    iban: str = ""
    words: str = ""  # free communication, up to 149 characters
    structured: str = ""  # its type and what it holds, such as 101010806817183
    bank_reference: str = ""
    own_reference: str = ""  # whoever sent the transfer gave it this
    information: str = ""  # record 31, in words
    value_day: str = DAY.strftime("%d%m%y")
    details: Sequence[Move] = ()


@dataclass(frozen=True)
class Statement:
    moves: Sequence[Move] = ()
    opening: int = 100_000
    account: str = OURS
    currency: str = "EUR"
    structure: str = "2"  # 0: twelve digits, 2: a Belgian IBAN, 3: a foreign one
    number: str = "117"
    free: Sequence[str] = field(default_factory=tuple)  # records 4
    last: bool = True


def coda(*statements: Statement) -> bytes:
    """The whole file."""
    return "".join(f"{record}\r\n" for each in statements for record in records(each)).encode("windows-1252")


def records(statement: Statement) -> list[str]:
    body = [opening(statement)]
    for number, move in enumerate(statement.moves, 1):
        body += moved(move, number)
    closing = statement.opening + sum(move.cents for move in statement.moves)
    account = told_account(statement)
    end = f"8{statement.number}{account}{amount(closing)}{day()}".ljust(128)
    came = sum(move.cents for move in statement.moves if move.cents > 0)
    left = -sum(move.cents for move in statement.moves if move.cents < 0)
    total = f"{len(body) + 1:06}{left * 10:015}{came * 10:015}"
    trailer = f"9{'':15}{total}".ljust(127) + ("2" if statement.last else "1")
    free = [f"4 {n:04}0000{'':22}{words:80}".ljust(127) + "0" for n, words in enumerate(statement.free, 1)]
    return [header(), *body, end, *free, trailer]


def header() -> str:
    return f"00000{day()}53905{'':8}{'FILE1':10}{'MOSAN CLUSTER':26}{'GEBABEBB':11}00403449823 00000{'':39}2"


def opening(statement: Statement) -> str:
    told = f"1{statement.structure}{statement.number}{told_account(statement)}{amount(statement.opening)}{day()}"
    return f"{told}{'MOSAN CLUSTER':26}{'CURRENT ACCOUNT':35}001"


def told_account(statement: Statement) -> str:
    if statement.structure == "0":
        return f"{statement.account:12} {statement.currency}0BE".ljust(37)
    return f"{statement.account:34}{statement.currency}"


def moved(move: Move, number: int) -> list[str]:
    found, detail = record_of(move, number, 0), 0
    if move.information:
        detail += 1
        told = f"31{number:04}{detail:04}{move.bank_reference:21}{move.kind}01500000{move.information:73}"
        found.append(told.ljust(128))
    for each in move.details:
        detail += 1
        found += record_of(each, number, detail)
    return found


def record_of(move: Move, number: int, detail: int) -> list[str]:
    """Records 21, 22 and 23: only those that are needed, each saying whether another follows."""
    told = f"1{move.structured}" if move.structured else f"0{move.words}"
    told = told.ljust(150)
    key = f"{number:04}{detail:04}"
    third = bool(move.name or move.iban or told[107:].strip())
    second = third or bool(told[54:107].strip() or move.own_reference)
    first = (
        f"21{key}{move.bank_reference:21}{amount(move.cents)}{move.value_day}{move.kind}0150000"
        f"{told[:54]}{day()}{117:03}0{int(second)} 0"
    )
    found = [first]
    if second:
        found.append(f"22{key}{told[54:107]}{move.own_reference:35}{'':11}{'':3}{'':5}{'':8}{int(third)} 0")
    if third:
        found.append(f"23{key}{f'{move.iban:34}EUR' if move.iban else '':37}{move.name:35}{told[107:150]}0 0")
    return found


def amount(cents: int) -> str:
    """Sign, twelve digits and three decimals."""
    return f"{int(cents < 0)}{abs(cents) * 10:015}"


def day() -> str:
    return DAY.strftime("%d%m%y")
