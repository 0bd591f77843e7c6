"""Domains and numbers, checked by their form alone."""

from __future__ import annotations

import pytest

from services.enterprise_numbers import (
    NumberMalformed,
    clean_enterprise_number,
    clean_vat_number,
    say_enterprise_number,
)
from services.public_domains import PUBLIC_DOMAINS, DomainMalformed, DomainPublic, clean_domain, is_public

pytestmark = pytest.mark.pure

ASKED = (
    "gmail.com outlook.com hotmail.com hotmail.be live.com live.be yahoo.com yahoo.fr icloud.com proton.me gmx.com "
    "gmx.net skynet.be proximus.be telenet.be voo.be"
)


@pytest.mark.parametrize("domain", ASKED.split())
def test_anybody_has_an_address_there(domain: str) -> None:
    assert is_public(domain.upper())
    assert is_public(f"mail.{domain}")
    assert not is_public(f"not{domain}")


@pytest.mark.parametrize(
    "text, domain",
    [
        (" Lysara.Example ", "lysara.example"),
        ("eve@lysara.example", "lysara.example"),
        ("lysara.example.", "lysara.example"),
        ("brüssel.example", "brüssel.example"),
        ("xn--brssel-4ya.example", "brüssel.example"),
        ("ulb.ac.be", "ulb.ac.be"),
    ],
)
def test_one_form_of_each_domain(text: str, domain: str) -> None:
    assert clean_domain(text) == domain


@pytest.mark.parametrize(
    "text", ["", "be", "a b.example", "-a.example", "a..example", "10.0.0.1", "xn--a--.example", "x" * 300]
)
def test_what_is_no_domain(text: str) -> None:
    with pytest.raises(DomainMalformed):
        clean_domain(text)


def test_shared_endings_are_public_too() -> None:
    with pytest.raises(DomainPublic):
        clean_domain("ac.be")
    assert all(domain == domain.casefold() and "." in domain for domain in PUBLIC_DOMAINS)


def test_enterprise_numbers() -> None:
    assert clean_enterprise_number("BE 0101.357.179") == clean_enterprise_number("101357179") == "0101357179"
    assert say_enterprise_number("0101357179") == "0101.357.179"
    assert say_enterprise_number(None) == ""
    with pytest.raises(NumberMalformed):
        clean_enterprise_number("0101.357.178")


@pytest.mark.parametrize(
    "text", ["BE 0101.357.179", "FR 40303265045", "LU15027442", "NL004495445B01", "GB 980 7806 84", "EL094259216"]
)
def test_vat_numbers(text: str) -> None:
    assert clean_vat_number(text) == "".join(char for char in text if char.isalnum())


@pytest.mark.parametrize("text", ["", "0101357179", "BE0101357178", "XX123", "FR"])
def test_what_is_no_vat_number(text: str) -> None:
    with pytest.raises(NumberMalformed):
        clean_vat_number(text)
