"""Amounts in words: integer cents in, typographic text out."""

from __future__ import annotations

from functools import lru_cache

NBSP = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
MARKS = {"en": (",", ".", "€{0}"), "fr": (THIN, ",", f"{{0}}{NBSP}€"), "nl": (".", ",", f"€{NBSP}{{0}}")}
"""Per language: what groups thousands, the decimal mark, and where the sign stands."""


@lru_cache(maxsize=4096)
def say_money(cents: int, locale: str, short: bool = False) -> str:
    """An amount in euros: “€508.20”, “508,20 €”, “€ 508,20”; `short` leaves out the cents of a round amount."""
    group, decimal, pattern = MARKS.get(locale[:2], MARKS["en"])
    euros, rest = divmod(abs(cents), 100)
    amount = f"{euros:,}".replace(",", group)
    if rest or not short:
        amount += f"{decimal}{rest:02}"
    return (MINUS if cents < 0 else "") + pattern.format(amount)
