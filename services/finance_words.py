"""What finance types to find money: names, order codes, amounts, references, accounts, however they are written.

The words become conditions of a statement, so that a list of any length is searched by the database. A condition holds
when the word is in one of the texts (capitals and accents aside), when its letters and digits are (so that `+++`, spaces and
slashes do not matter), or when it is one of the amounts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_
from sqlalchemy.sql.functions import coalesce

from models.search import Bare, Folded, bare, folded

LONGEST, MOST = 120, 8
GAP = "[ .,\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}’']"
AMOUNT = rf"(?:\d{{1,3}}(?:{GAP}\d{{3}})+|\d{{1,7}})(?:[.,]\d{{1,2}})?"
PIECE = re.compile(
    rf"""(?P<reference> [+*]{{3}} [\d\s/.\-]+ [+*]{{3}} | (?<!\S)\d{{3}}\s*/\s*\d{{4}}\s*/\s*\d{{5}}(?!\S) )
    | (?P<account> (?<!\S)[A-Z]{{2}}\d{{2}}(?:\s?[A-Z0-9]{{4}}){{2,7}}(?:\s?[A-Z0-9]{{1,3}})?(?!\S) )
    | (?P<euros> €\s*[-−]?{AMOUNT}(?!\S) | (?<!\S)[-−]?{AMOUNT}\s*€ | (?<!\S)[-−]?\d{{1,3}}(?:{GAP}\d{{3}})+[.,]\d{{2}}(?!\S) )
    | (?P<word> \S+ )""",
    re.VERBOSE | re.IGNORECASE,
)
DOCUMENT = re.compile(r"(CN-?)?(20\d\d)[-/.]0*([1-9]\d{0,6})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Term:
    """One thing that was typed. `text` is folded, '' for an amount with its sign; `bare` is '' for what is no reference."""

    text: str
    bare: str = ""
    cents: int | None = None
    document: tuple[int, int, bool] | None = None  # year and number of a document, and whether it says credit note


def terms_of(query: str) -> list[Term]:
    """The first eight things of a query: “Nguyễn € 1.234,50” is a name and an amount."""
    found = PIECE.finditer(" ".join(query[:LONGEST].split()))
    return [term_of(piece[0].strip(), piece.lastgroup or "") for piece in list(found)[:MOST]]


def term_of(piece: str, kind: str) -> Term:
    if kind == "euros":
        return Term("", cents=cents_of(piece))
    cents, document = cents_of(piece), DOCUMENT.fullmatch(piece)
    is_amount = bool(re.search(r"[.,]\d{1,2}$", piece)) and cents is not None
    plain = "" if is_amount else bare(piece)
    named = (int(document[2]), int(document[3]), bool(document[1])) if document else None
    text = "" if kind in ("reference", "account") else folded(piece)
    return Term(text, plain if len(plain) >= 4 and re.search(r"\d", plain) else "", cents, named)


def cents_of(piece: str) -> int | None:
    """An amount as people write it (508 · 508,20 · 1.234,50 · € 123 · −12.1) in cents, its sign aside; else None."""
    plain = piece.strip("€ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}").lstrip("-−")
    if not re.fullmatch(AMOUNT, plain):
        return None
    decimals = re.search(r"[.,](\d{1,2})$", plain)
    euros = re.sub(r"\D", "", plain[: decimals.start()] if decimals else plain)
    return int(euros) * 100 + int((decimals[1] if decimals else "").ljust(2, "0"))


def about(
    terms: Sequence[Term],
    texts: Sequence[Any],
    *,
    cents: Sequence[Any] = (),
    also: Callable[[Term], Sequence[ColumnElement[bool]]] = lambda term: (),
) -> list[ColumnElement[bool]]:
    """One condition for each term, all of which must hold: in one of the `texts` (columns or other expressions), equal to
    one of the amounts in `cents`, or what `also` adds for this term."""
    told: Any = literal("")
    for text in texts:
        told = told + literal("|") + coalesce(text, "")
    return [or_(*ways(term, told, cents), *also(term)) for term in terms]


def ways(term: Term, told: Any, cents: Sequence[Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [literal(False)]
    if term.text:
        found.append(Folded(told).contains(term.text, autoescape=True))
    if term.bare:
        found.append(Bare(told).contains(term.bare, autoescape=True))
    if term.cents:
        found += [func.abs(amount) == term.cents for amount in cents]
    return found
