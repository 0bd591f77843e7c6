"""The fields of a company that pays: its country, and its number, told at the field when the digits are wrong."""

from __future__ import annotations

from flask_babel import get_locale, gettext as _
from wtforms import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from services.customers import HOME, UNION
from services.enterprise_numbers import CompanyNumbers, NumberMalformed, clean_company_number

ELSEWHERE = ("AU", "CA", "CH", "GB", "IL", "IN", "JP", "KR", "NO", "SG", "TR", "US")


def country_choices(own: str = HOME) -> list[SelectChoice]:
    """This country first, the others by their name in the reader's language; `own`, too, wherever it is."""
    from babel import Locale

    names = Locale.parse(str(get_locale())).territories
    codes = sorted({*UNION, *ELSEWHERE, own} - {HOME}, key=lambda code: str(names.get(code, code)))
    return [SelectChoice(code, str(names.get(code, code))) for code in (HOME, *codes)]


def company_numbers(field: Field, country: str) -> CompanyNumbers:
    """The number as it is kept; a ValidationError says what is wrong with it."""
    text = str(field.data or "")
    if not text.strip():
        if country not in UNION:  # nobody here can check it, and the country decides about VAT
            return CompanyNumbers()
        raise ValidationError(_("An invoice for a company needs its enterprise or VAT number."))
    try:
        return clean_company_number(text, country)
    except NumberMalformed as error:
        raise ValidationError(number_words(text, country)) from error


def number_words(text: str, country: str) -> str:
    """What is wrong with a number, and what to do."""
    letters = "".join(char for char in text if char.isalpha())[:2].upper()
    if country == HOME and letters in ("", HOME):
        return _(
            "The digits of this number do not fit together. Compare all ten of them, such as 0101.357.179; before a VAT number write BE."
        )
    return _("This is no VAT number. Begin with the two letters of its country, and compare the digits.")
