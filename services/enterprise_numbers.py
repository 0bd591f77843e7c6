"""Enterprise and VAT numbers, checked offline by their digits; nothing is looked up."""

from __future__ import annotations

from dataclasses import dataclass


class NumberMalformed(ValueError):
    """The digits do not fit together: one is missing, too many or mistyped."""


def clean_enterprise_number(text: str) -> str:
    """`0101.357.179` or `BE 0101 357 179` → `0101357179`: the Belgian enterprise number, checked modulo 97 (royal
    decree of 24 June 2003). Raises NumberMalformed."""
    from stdnum.be import vat
    from stdnum.exceptions import ValidationError

    try:
        return str(vat.validate(text))
    except ValidationError as error:
        raise NumberMalformed(text) from error


def clean_vat_number(text: str) -> str:
    """A VAT number with its two letters, checked by the rule of its country: the Union and its neighbours.

    A Belgian one need not be the enterprise number: members of a VAT group have one of their own.
    Raises NumberMalformed.
    """
    from stdnum import get_cc_module
    from stdnum.exceptions import ValidationError

    plain = "".join(char for char in text if char.isalnum()).upper()
    module = get_cc_module("gr" if plain[:2] == "EL" else plain[:2], "vat") if plain[:2].isalpha() else None
    if module is None:
        raise NumberMalformed(text)
    try:
        number = str(module.validate(plain))
    except ValidationError as error:
        raise NumberMalformed(text) from error
    return number if number.startswith(plain[:2]) else plain[:2] + number


@dataclass(frozen=True)
class CompanyNumbers:
    """What a company is known by; '' for what it did not give."""

    vat: str = ""
    enterprise: str = ""


def clean_company_number(text: str, country: str) -> CompanyNumbers:
    """The one number that a company types: in Belgium digits alone are its enterprise number, which bodies without a VAT
    number have too; two letters before them make it the VAT number. `country` is ISO 3166-1; of a country whose numbers
    nobody can check offline it is kept as it is. Raises NumberMalformed.
    """
    from stdnum import get_cc_module

    plain = "".join(char for char in text if char.isalnum()).upper()
    if country == "BE" and plain.isdigit():
        return CompanyNumbers(enterprise=clean_enterprise_number(plain))
    if plain and get_cc_module(country.lower(), "vat") is None:
        return CompanyNumbers(vat=plain[:20])
    letters = "EL" if country == "GR" else country
    vat = clean_vat_number(plain if plain[:2].isalpha() else letters + plain)
    return CompanyNumbers(vat, vat[2:] if vat.startswith("BE") else "")


def say_company_number(vat_number: str | None, enterprise_number: str | None) -> str:
    """The VAT number, else the enterprise number, as people write it: `BE 0101.357.179`."""
    if not vat_number:
        return say_enterprise_number(enterprise_number)
    return f"{vat_number[:2]} {say_enterprise_number(vat_number[2:])}" if vat_number[:2] == "BE" else vat_number


def say_enterprise_number(number: str | None) -> str:
    """`0101357179` → `0101.357.179`, as it is printed in Belgium; '' for none."""
    return f"{number[:4]}.{number[4:7]}.{number[7:]}" if number and len(number) == 10 else number or ""
