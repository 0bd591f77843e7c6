"""Amounts in three languages."""

import pytest

from services.money import say_money

NBSP, THIN = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    "cents, en, fr, nl",
    [
        (50820, "€508.20", f"508,20{NBSP}€", f"€{NBSP}508,20"),
        (215000, "€2,150.00", f"2{THIN}150,00{NBSP}€", f"€{NBSP}2.150,00"),
        (5, "€0.05", f"0,05{NBSP}€", f"€{NBSP}0,05"),
        (-2000, "−€20.00", f"−20,00{NBSP}€", f"−€{NBSP}20,00"),
    ],
)
def test_amounts(cents: int, en: str, fr: str, nl: str) -> None:
    assert [say_money(cents, locale) for locale in ("en", "fr", "nl")] == [en, fr, nl]


def test_a_round_amount_may_leave_out_its_cents() -> None:
    assert say_money(42000, "en", short=True) == "€420"
    assert say_money(42050, "en", short=True) == "€420.50"
