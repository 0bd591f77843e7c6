"""VAT: what applies to whom, and how it is rounded."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given, strategies as st

from models.events import Modality, VatTreatment
from models.invoices import VatCategory
from services.customers import Customer, customer_at, treatment
from services.prices import vat_on
from services.vat import CATEGORIES, credit_note_sentence, mention, net_of, rate_of, taxes_of

HERE, PARIS, LONDON, VISITOR = Customer.HOME, Customer.UNION, Customer.OUTSIDE, Customer.PERSON
T, M = VatTreatment, Modality


@pytest.mark.parametrize(
    "ticket, modality, customer, expected",
    [
        (T.STANDARD, M.ONSITE, HERE, T.STANDARD),
        (T.STANDARD, M.ONLINE, HERE, T.STANDARD),
        (T.STANDARD, M.ONLINE, PARIS, T.REVERSE_CHARGE),
        (T.STANDARD, M.ONSITE, PARIS, T.STANDARD),  # who comes to Namur pays Belgian VAT
        (T.STANDARD, M.ONLINE, VISITOR, T.STANDARD),  # a private person abroad
        (T.STANDARD, M.ONLINE, LONDON, T.OUT_OF_SCOPE),  # no member state: outside the scope of Belgian VAT
        (T.STANDARD, M.ONSITE, LONDON, T.STANDARD),
        (T.EXEMPT_TRAINING, M.ONLINE, LONDON, T.EXEMPT_TRAINING),
        (T.EXEMPT_TRAINING, M.ONLINE, PARIS, T.EXEMPT_TRAINING),
        (T.OUT_OF_SCOPE, M.ONLINE, PARIS, T.OUT_OF_SCOPE),
    ],
)
def test_which_vat_applies(ticket: str, modality: str, customer: Customer, expected: VatTreatment) -> None:
    assert treatment(ticket, modality, customer) is expected


@pytest.mark.parametrize(
    "country, number, is_business, expected",
    [
        ("BE", "BE0101357179", True, Customer.HOME),
        ("BE", "", True, Customer.HOME),  # a body with an enterprise number alone
        ("FR", "FR40303265045", True, Customer.UNION),
        ("GR", "EL094259216", True, Customer.UNION),  # Greece writes EL where ISO writes GR
        ("FR", "", True, Customer.HOME),  # without a number nobody knows that it owes VAT at home
        ("FR", "BE0101357179", True, Customer.HOME),  # registered here
        ("GB", "GB980780684", True, Customer.OUTSIDE),
        ("US", "", True, Customer.OUTSIDE),
        ("FR", "FR40303265045", False, Customer.PERSON),
        ("US", "", False, Customer.PERSON),
    ],
)
def test_who_the_customer_is(country: str, number: str, is_business: bool, expected: Customer) -> None:
    assert customer_at(country, number, is_business=is_business) is expected


def test_every_treatment_has_a_category_and_a_rate() -> None:
    assert {vat: (CATEGORIES[vat], rate_of(vat)) for vat in VatTreatment} == {
        T.STANDARD: ("S", 21),
        T.EXEMPT_TRAINING: ("E", 0),
        T.REVERSE_CHARGE: ("AE", 0),
        T.OUT_OF_SCOPE: ("O", 0),
    }


@pytest.mark.parametrize("locale, words", [("fr", "Autoliquidation"), ("nl", "Btw verlegd"), ("en", "Reverse charge")])
def test_the_legal_words_are_those_of_the_language(app: Flask, locale: str, words: str) -> None:
    assert mention(VatCategory.REVERSE_CHARGE, locale).startswith(words)
    assert "44" in mention(VatCategory.EXEMPT, locale)
    assert mention(VatCategory.OUT_OF_SCOPE, locale)
    assert mention(VatCategory.STANDARD, locale) == ""
    assert credit_note_sentence(locale)


cents = st.integers(0, 2_000_000)
row = st.tuples(cents, st.sampled_from([(VatCategory.STANDARD, 21), (VatCategory.EXEMPT, 0)]))


@given(st.lists(row, min_size=1, max_size=60))
def test_vat_is_rounded_once_per_rate(rows: list[tuple[int, tuple[VatCategory, int]]]) -> None:
    found = taxes_of((category, rate, net) for net, (category, rate) in rows)
    assert len(found) == len({key for _, key in rows})
    for tax in found:
        assert tax.base_cents == sum(net for net, key in rows if key == (tax.category, tax.rate))
        assert 2 * abs(100 * tax.vat_cents - tax.base_cents * tax.rate) <= 100  # half a cent at most
    by_line = sum(vat_on(net, rate) for net, (_, rate) in rows)
    assert abs(by_line - sum(tax.vat_cents for tax in found)) <= len(rows)


@given(cents, st.sampled_from([0, 6, 21]))
def test_a_gross_amount_gives_its_net_back(net: int, rate: int) -> None:
    assert net_of(net + vat_on(net, rate), rate) == net


def test_half_a_cent_goes_up() -> None:
    assert vat_on(50, 21) == 11  # 10.5
    assert net_of(1, 21) == 1
    assert net_of(0, 21) == 0
