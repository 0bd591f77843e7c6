"""Structured communications and IBANs: what is printed, and what people and banks make of it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from integrations import references

pytestmark = pytest.mark.pure

NUMBERS = st.integers(0, references.LARGEST)


@pytest.mark.parametrize(
    "number, written",
    [
        (108_068_171, "+++010/8068/17183+++"),  # the example of the Belgian banks
        (123_456_789, "+++012/3456/78939+++"),
        (0, "+++000/0000/00097+++"),  # remainder 0 is written 97
        (97, "+++000/0000/09797+++"),
        (1, "+++000/0000/00101+++"),
        (9_999_999_999, "+++999/9999/99948+++"),
    ],
)
def test_a_number_as_printed(number: int, written: str) -> None:
    assert references.structured_communication(number) == written


@given(NUMBERS)
def test_the_check_digits_are_the_number_modulo_97(number: int) -> None:
    digits = references.structured_communication(number).replace("/", "").strip("+")
    assert int(digits[:10]) == number
    assert int(digits[10:]) == (number % 97 or 97)


@pytest.mark.parametrize("number", [-1, 10_000_000_000])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="holds 0 to 9999999999"):
        references.structured_communication(number)


@given(
    NUMBERS,
    st.sampled_from(["+++{}/{}/{}+++", "***{}/{}/{}***", "{}{}{}", "{} {} {}", "+++ {} / {} / {} +++", "{}.{}.{}"]),
)
def test_people_and_banks_write_it_in_their_ways(number: int, manner: str) -> None:
    written = references.structured_communication(number)
    text = f"Payment: {manner.format(*written.strip('+').split('/'))}, thank you"
    assert references.structured_communications(text) == [written]
    assert references.number_of(text) == number


@given(NUMBERS, st.integers(0, 11), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed(number: int, place: int, by: int) -> None:
    digits = [int(digit) for digit in references.structured_communication(number) if digit.isdigit()]
    digits[place] = (digits[place] + by) % 10
    assert references.structured_communications("".join(map(str, digits))) == []


def test_several_in_one_text_each_once_and_longer_numbers_are_none() -> None:
    text = "010806817183 and +++012/3456/78939+++, again 010/8068/17183; invoice 9010806817183, phone 0475123456"
    assert references.structured_communications(text) == ["+++010/8068/17183+++", "+++012/3456/78939+++"]


@pytest.mark.parametrize("text", ["", "hello", "+++010/8068/17184+++", "010806817183 012345678939"])
def test_what_is_not_one_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not one structured communication"):
        references.number_of(text)


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    references.structured_communications(text)


@pytest.mark.parametrize("typed", ["BE71 0961 2345 6769", "be71096123456769", " BE71.0961.2345-6769 "])
def test_an_iban_in_groups_of_four(typed: str) -> None:
    assert references.formatted_iban(typed) == "BE71 0961 2345 6769"
    assert references.compact_iban(typed) == "BE71096123456769"


def test_the_bank_need_not_be_known_and_other_countries_count() -> None:
    assert references.formatted_iban("BE68539007547034") == "BE68 5390 0754 7034"
    assert references.formatted_iban("NL91ABNA0417164300") == "NL91 ABNA 0417 1643 00"


@pytest.mark.parametrize("typed", ["BE71096123456760", "BE7109612345676", "", "XX00", "hello"])
def test_a_wrong_iban_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not an IBAN"):
        references.formatted_iban(typed)
