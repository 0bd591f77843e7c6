"""What templates print is escaped as markupsafe does it, whatever it is and wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import lazy_gettext
from hypothesis import given, settings, strategies as st
from markupsafe import Markup, escape

from blueprints.escaping import escaped

HOSTILE = "<script>alert('x')</script> & \"more\""


class Drawing:
    def __html__(self) -> str:
        return "<svg/>"


@pytest.mark.parametrize(
    "value",
    ["", "Le Delta, Namur", HOSTILE, Markup("<b>7</b>"), 7, -1, 2.5, True, None, Drawing(), ["<", 1], "«\xa0é\xa0»"],
)
def test_it_works(value: Any) -> None:
    assert escaped(value) == str(escape(value))


@settings(max_examples=200)
@given(st.text())
def test_any_text(text: str) -> None:
    assert escaped(text) == str(escape(text))


@pytest.mark.parametrize(
    "template",
    [
        "{{ words }}",
        "{% for one in [words] %}{{ one }}{% endfor %}",
        "{% macro say(it) %}{{ it }}{% endmacro %}{{ say(words) }}",
        "{% set said %}{{ words }}{% endset %}{{ said }}",
        "{% if true %}{{ words | trim }}{% endif %}",
        "{{ '' ~ words }}",
        "{% filter trim %}{{ words }}{% endfilter %}",
    ],
)
def test_wherever_a_template_prints(app: Flask, template: str) -> None:
    """Once, and once only."""
    with app.test_request_context():
        assert render_template_string(template, words=HOSTILE) == str(escape(HOSTILE))
        assert render_template_string(template, words=Markup("<b>bold</b>")) == "<b>bold</b>"


def test_a_sentence_that_is_translated_late(app: Flask) -> None:
    with app.test_request_context():
        words = lazy_gettext("Where & when")
        assert render_template_string("{{ words }}", words=words) == str(escape(words))


def test_mails_in_plain_text_are_not_escaped(app: Flask) -> None:
    with app.test_request_context():
        template = "{% autoescape false %}{{ words }}{% endautoescape %}"
        assert render_template_string(template, words=HOSTILE) == HOSTILE
