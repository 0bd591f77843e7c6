"""Reading a pasted list: what each line says, and that no line is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from services.names import clean
from services.pasted_people import Unclear, read_people


@pytest.mark.parametrize(
    "line",
    [
        "Nadia Haddad <nadia@orvane.example>",
        '"Haddad, Nadia" <nadia@orvane.example>',
        "Haddad;Nadia;nadia@orvane.example",
        "Haddad\tNadia\tnadia@orvane.example",
        "nadia@orvane.example; Haddad; Nadia",
        "Haddad, Nadia, nadia@orvane.example",
        "Nadia Haddad nadia@orvane.example",
        "Nadia Haddad (nadia@orvane.example)",
        "Nadia Haddad <mailto:nadia@orvane.example>",
    ],
)
def test_it_works(line: str) -> None:
    (row,) = read_people(line)
    assert (row.given_name, row.family_name, row.email) == ("Nadia", "Haddad", "nadia@orvane.example")
    assert row.unclear is None


@pytest.mark.parametrize(
    "name, given, family",
    [
        ("Anne-Marie Dubois", "Anne-Marie", "Dubois"),
        ("Jan van der Berg", "Jan", "van der Berg"),
        ("DUPONT Jean Paul", "Jean Paul", "DUPONT"),
        ("Maria Garcia Lopez", "Maria", "Garcia Lopez"),
        ("Nguyễn, Carol", "Carol", "Nguyễn"),
    ],
)
def test_a_name_alone_is_enough(name: str, given: str, family: str) -> None:
    (row,) = read_people(name)
    assert (row.given_name, row.family_name, row.email, row.unclear) == (given, family, "", None)


@pytest.mark.parametrize(
    "line, why",
    [
        ("nadia@orvane.example", Unclear.NO_NAME),
        ("Nadia", Unclear.ONE_WORD),
        ("Nadia Haddad a@x.example b@x.example", Unclear.TWO_ADDRESSES),
        ("Nadia Haddad <nadia@orvane>", Unclear.BAD_ADDRESS),
        ("Nadia Haddad @", Unclear.BAD_ADDRESS),
        ("Haddad;Nadia;Ms;nadia@orvane.example", Unclear.TOO_MANY_PARTS),
        ("www.buy-this.com 123", Unclear.NOT_A_NAME),
        ("12 34", Unclear.NOT_A_NAME),
        ("N" * 130 + " Haddad", Unclear.TOO_LONG),
    ],
)
def test_what_is_unclear_says_why(line: str, why: Unclear) -> None:
    (row,) = read_people(line)
    assert row.unclear is why
    assert row.text == clean(line)


def test_a_line_of_headings_is_nobody() -> None:
    rows = read_people("Nom;Prénom;E-mail\nHaddad;Nadia;nadia@orvane.example\n\n  \nClaes;Otto;otto@orvane.example")
    assert [(row.number, row.name) for row in rows] == [(2, "Nadia Haddad"), (5, "Otto Claes")]


def test_a_mail_programs_list_on_one_line() -> None:
    rows = read_people("Nadia Haddad <nadia@x.example>; Otto Claes <otto@x.example>")
    assert [row.name for row in rows] == ["Nadia Haddad", "Otto Claes"]


def test_the_same_person_twice_is_seen() -> None:
    rows = read_people("Nadia Haddad <n@x.example>\nN. Haddad <N@X.example>\nOtto Claes\nClaes, Otto")
    assert [row.same_as for row in rows] == [None, 1, None, 3]


cells = st.sampled_from(
    ["Nadia", "van", "Haddad", "n@x.example", "<o@y.example>", ";", ",", "\t", "@", "é", "1", '"', "<", " "]
)
lines = st.one_of(st.text(max_size=60), st.lists(cells, max_size=8).map(" ".join))


@given(st.lists(lines, max_size=12))
def test_no_line_is_ever_lost(typed: list[str]) -> None:
    text = "\n".join(["Nadia Haddad <first@x.example>", *typed])  # a first line of headings is nobody
    rows = read_people(text)
    shown = " ".join(row.text for row in rows)
    for line in text.replace("\t", ";").splitlines():
        for word in clean(line).split():
            stripped = word.strip(";,")
            assert stripped in shown
    for row in rows:
        assert row.unclear is not None or (row.given_name and row.family_name)
