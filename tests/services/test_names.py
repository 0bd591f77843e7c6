"""Words people type about themselves."""

from __future__ import annotations

import pytest

from services.names import clean, holds_web_address

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "name",
    [
        "Carol", "Nguyễn", "El Amrani", "O’Neill", "d'Ursel", "St. John", "St.John", "van der Berg", "J.R.R.", "Ph.D.",
        "فاطمة الزهراء", "مریم\u200cالسادات", "李小龍", "Ольга", "Ælfgifu", "María-José", "Dr. med. Weiß", "M.Sc.", "Jr.",
        "Team 3.2", "Smith/Jones",
    ],
)  # fmt: skip
def test_names_are_names(name: str) -> None:
    assert not holds_web_address(name)
    assert clean(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "http://evil.example", "HTTPS://EVIL.EXAMPLE/x", "www.evil.example", "evil.com", "Win at EVIL.COM now",
        "casino.ru/win", "Free money bit.ly/abc", "ｅｖｉｌ．ｃｏｍ", "evil。com", "ftp://x", "bob@lysara.be", "pay.online",
        "see example.be", "prize.top",
    ],
)  # fmt: skip
def test_web_addresses_are_seen(name: str) -> None:
    assert holds_web_address(name)


def test_clean_composes_and_strips() -> None:
    assert clean("  Ne\u0301e\u0000\u0007 Du\u202epont\u202c \n ") == "Née Dupont"
    assert clean("two\nlines") == "two lines"
    assert clean("two\r\nlines\u0000", lines=True) == "two\nlines"
    assert clean("a\u2028b") == "a b"
    assert clean("") == ""
