"""What finance types, read as names, amounts, references and accounts."""

from __future__ import annotations

import pytest
from sqlalchemy import literal, select

from models.base import db
from models.search import Bare, Folded, bare, folded
from services.finance_words import Term, about, cents_of, terms_of
from tests.cast import Cast


@pytest.mark.parametrize(
    "typed, cents",
    [
        ("123,45", 12345), ("123.45", 12345), ("€ 123", 12300), ("€123", 12300), ("123 €", 12300), ("123,4", 12340),
        ("1.234,50", 123450), ("1 234,50", 123450), ("€1,234.50", 123450), ("−12,10", 1210),
        ("-12,10", 1210), ("0", 0), ("12345678", None), ("carol", None), ("1.2.3", None), ("12,345", 1234500), ("", None),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(typed: str, cents: int | None) -> None:
    assert cents_of(typed) == cents


@pytest.mark.parametrize(
    "typed, terms",
    [
        ("Nguyễn", [Term("nguyen")]),
        ("Nguyễn € 1.234,50", [Term("nguyen"), Term("", cents=123450)]),
        ("1 234,50", [Term("", cents=123450)]),
        ("123,45", [Term("123,45", cents=12345)]),
        ("+++123/4567/89012+++", [Term("", "123456789012")]),
        ("*** 123 / 4567 / 89012 ***", [Term("", "123456789012")]),
        ("123/4567/89012", [Term("", "123456789012")]),
        ("123456789012", [Term("123456789012", "123456789012")]),
        ("be68 5390 0754 7034", [Term("", "be68539007547034")]),
        ("MH-4K7Q-92X8", [Term("mh-4k7q-92x8", "mh4k7q92x8")]),
        ("CN-2026-00042", [Term("cn-2026-00042", "cn202600042", None, (2026, 42, True))]),
        ("2026/42", [Term("2026/42", "202642", None, (2026, 42, False))]),
        ("5390", [Term("5390", "5390", 539000)]),
        ("   ", []),
    ],
)
def test_a_query_is_cut_into_what_it_names(typed: str, terms: list[Term]) -> None:
    assert terms_of(typed) == terms


TOLD = [
    "Été à Gand",
    "Straße",
    "Łódź",
    "Œuvre",
    "SØREN",
    "ĐỨC",
    "+++123/4567/89012+++",
    "BE68 5390 0754 7034",
    "日本",
    "a|B",
]


@pytest.mark.parametrize("text", TOLD)
def test_the_database_folds_like_we_do(cast: Cast, text: str) -> None:
    row = db.session.execute(select(Folded(literal(text)), Bare(literal(text)))).one()
    assert tuple(row) == (folded(text), bare(text))


@pytest.mark.parametrize(
    "typed, found",
    [
        ("ete gand", True), ("GAND", True), ("ete paris", False), ("%", False), ("_t_", False), ("4567/89012", True),
        ("+++123/4567/89012+++", True), ("9012BE68", False), ("50", True), ("€ 50,00", True), ("50,01", False), ("€ 0", False),
    ],
)  # fmt: skip
def test_conditions(cast: Cast, typed: str, found: bool) -> None:
    """Signs of LIKE are signs, and the end of one text is not read on into the next."""
    texts = [literal("Été à Gand"), literal("+++123/4567/89012+++"), literal(None), literal("BE68 5390")]
    conditions = about(terms_of(typed), texts, cents=[literal(-5000), literal(0)])
    assert (db.session.scalar(select(literal(1)).where(*conditions)) is not None) is found
