"""Reading a pasted list of people. Pure: every line that holds anything comes back as a row, understood or not.

Understood, in any mixture:

    Nadia Haddad <nadia@orvane.example>            as mail programs write it; "Haddad, Nadia" <…> too
    Haddad;Nadia;nadia@orvane.example              family, given, address; semicolons, tabs or commas, in any order of
                                                   name and address; a line of headings is left out
    Nadia Haddad nadia@orvane.example              a name and an address
    Nadia Haddad                                   a name only: the address is added later
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from models.people import address_key
from services.names import clean, holds_web_address

MOST_LINES = 200
ADDRESS = re.compile(r"[^\s<>;,\"'()\[\]]+@[^\s<>;,\"'()\[\]]+")
PLAIN_ADDRESS = re.compile(r"[^@]{1,64}@(?:[\w-]+\.)+\w{2,}", re.UNICODE)
HEADINGS = frozenset(
    {"name", "names", "family name", "last name", "surname", "given name", "first name", "e-mail", "email", "mail",
     "address", "e-mail address", "nom", "nom de famille", "prénom", "courriel", "adresse", "adresse e-mail", "naam",
     "achternaam", "familienaam", "voornaam", "e-mailadres"}
)  # fmt: skip
PARTICLES = frozenset(
    {
        "van",
        "von",
        "de",
        "der",
        "den",
        "du",
        "des",
        "la",
        "le",
        "di",
        "da",
        "dos",
        "del",
        "ter",
        "ten",
        "el",
        "al",
        "’t",
    }
)


class Unclear(StrEnum):
    """Why a line was not understood."""

    NO_NAME = "no_name"  # an address without a name
    ONE_WORD = "one_word"  # a single word: first or last name?
    TWO_ADDRESSES = "two_addresses"
    BAD_ADDRESS = "bad_address"
    TOO_MANY_PARTS = "too_many_parts"
    NOT_A_NAME = "not_a_name"  # a web address, or no letter
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Pasted:
    """One line: its number (from 1), as it was typed, and what was read in it. `email` may be ''."""

    number: int
    text: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    unclear: Unclear | None = None
    same_as: int | None = None  # the line before that names the same person

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


def read_people(text: str) -> list[Pasted]:
    """A row for each line that is not empty, in its order. A first line of headings is left out."""
    lines = [(number, clean(line)) for number, line in enumerate(split_lines(text), 1)]
    filled = [(number, line) for number, line in lines if line]
    if filled and is_heading(filled[0][1]):
        filled = filled[1:]
    return marked_repeats(read_line(number, line) for number, line in filled)


def split_lines(text: str) -> list[str]:
    """Lines; tabs (a spreadsheet's columns) count as semicolons, and a mail program's list on one line as many."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", ";").split("\n")
    return [part for line in lines for part in (re.split(r"(?<=>)\s*[;,]\s*", line) if line.count("<") > 1 else [line])]


def is_heading(line: str) -> bool:
    cells = [cell.strip().casefold() for cell in re.split(r"[;,]", line)]
    return len(cells) > 1 and all(cell in HEADINGS for cell in cells if cell)


def read_line(number: int, line: str) -> Pasted:
    """What one line says."""
    row = Pasted(number, line)
    bare = line.replace("mailto:", "")
    found = ADDRESS.findall(bare)
    if len({address_key(each) for each in found}) > 1:
        return replace(row, unclear=Unclear.TWO_ADDRESSES)
    email = found[0].strip(".") if found else ""
    if email and not PLAIN_ADDRESS.fullmatch(email):
        return replace(row, unclear=Unclear.BAD_ADDRESS)
    rest = ADDRESS.sub("", bare)
    if "@" in rest:
        return replace(row, unclear=Unclear.BAD_ADDRESS)
    return named(replace(row, email=email), rest)


def named(row: Pasted, rest: str) -> Pasted:
    """The name in what is left of a line without its address."""
    rest = rest.replace("<>", " ")
    rest = rest.translate(dict.fromkeys(map(ord, '<>"()[]'), " ")).strip(" ;,")
    cells = [" ".join(cell.split()) for cell in re.split(r"[;,]", rest)]
    cells = [cell for cell in cells if cell]
    if len(cells) > 2:
        return replace(row, unclear=Unclear.TOO_MANY_PARTS)
    if not cells:
        return replace(row, unclear=Unclear.NO_NAME)
    given, family = (cells[1], cells[0]) if len(cells) == 2 else split_name(cells[0])
    if not family or not given:
        return replace(row, unclear=Unclear.ONE_WORD)
    return checked(replace(row, given_name=given, family_name=family))


def split_name(name: str) -> tuple[str, str]:
    """Given and family name: one written in capitals is the family name, a particle begins it, else the first word is
    the given name. ('', '') for a single word."""
    words = name.split()
    if len(words) < 2:
        return "", ""
    capitals = [word for word in words if len(word) > 1 and word.isupper()]
    if capitals and len(capitals) < len(words):
        family = capitals
        given = [word for word in words if word not in capitals]
        return " ".join(given), " ".join(family)
    start = next((place for place, word in enumerate(words) if place and word.casefold() in PARTICLES), 1)
    return " ".join(words[:start]), " ".join(words[start:])


def checked(row: Pasted) -> Pasted:
    """The row, or unclear when its name cannot be one or does not fit."""
    if max(len(row.given_name), len(row.family_name)) > 120 or len(row.email) > 254:
        return replace(row, unclear=Unclear.TOO_LONG)
    for part in (row.given_name, row.family_name):
        if holds_web_address(part) or not any(letter.isalpha() for letter in part):
            return replace(row, unclear=Unclear.NOT_A_NAME)
    return row


def marked_repeats(rows: Iterable[Pasted]) -> list[Pasted]:
    """Each later line that names somebody again says which line did so first: by address, without one by name."""
    first: dict[str, int] = {}
    found = []
    for row in rows:
        key = address_key(row.email) or " ".join(sorted(row.name.casefold().split()))
        if row.unclear is None and key in first:
            row = replace(row, same_as=first[key])
        elif row.unclear is None:
            first[key] = row.number
        found.append(row)
    return found
