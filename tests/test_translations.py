"""Every sentence of the source has its French and its Dutch, with the same variables; and what runs is what was translated."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from config import ROOT

pytestmark = pytest.mark.pure
LANGUAGES = ("fr", "nl")
parse_mapping: Any = parse_mapping_cfg
KEYWORDS: dict[str, Any] = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_pgettext": ((1, "c"), 2)}
VARIABLE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|%%")

FRENCH_MISTAKES = {
    "no space that holds before ; ? »": re.compile(r"(?<![\u00a0\u202f])[;?»]"),
    "no space that holds before a colon": re.compile(r"(?<!\u00a0):(?=\s|$)"),
    "no space that holds after «": re.compile(r"«(?!\u00a0)"),
    "a straight quotation mark or apostrophe, three dots": re.compile(r"['\"]|\.\.\."),
    "an exclamation mark": re.compile("!"),
    "a hyphen for a dash": re.compile(r"\s-\s"),
}

DUTCH_MISTAKES = {
    "a space before ; : ? or inside “ ”": re.compile(r"\s[;:?”]|“\s"),
    "a straight quotation mark or apostrophe, French ones, three dots": re.compile(r"['\"«»]|\.\.\."),
    "an exclamation mark": re.compile("!"),
    "a hyphen for a dash": re.compile(r"\s-\s"),
    "no space that holds before a percent sign": re.compile(r"(?<!\u00a0)%%"),
    "the familiar form; the reader is “u”": re.compile(r"\b(je|jij|jou|jouw|jullie)\b", re.IGNORECASE),
}

Key = tuple[str, str | None]  # the (singular) sentence and its context


@cache
def sentences() -> dict[Key, str]:
    """Every sentence of the source, and where it stands first."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping(file)
    found: dict[Key, str] = {}
    for name, line, message, _, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        singular = message[0] if isinstance(message, tuple) else message
        if singular:
            found.setdefault((singular, context), f"{name}:{line}")
    return found


@cache
def catalogue(language: str) -> Any:
    with (ROOT / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def translated(language: str) -> dict[Key, Any]:
    return {(first(message.id), message.context): message for message in catalogue(language) if message.id}


def first(text: Any) -> str:
    return str(text[0] if isinstance(text, tuple | list) else text)


def all_of(text: Any) -> list[str]:
    return [str(part) for part in text] if isinstance(text, tuple | list) else [str(text)]


def test_sentences_are_found() -> None:
    assert len(sentences()) > 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    known = translated(language)
    missing = [
        f"{where}: {key[0][:90]}"
        for key, where in sentences().items()
        if key not in known or known[key].fuzzy or not all(all_of(known[key].string))
    ]
    assert not missing, f"{len(missing)} without {language}:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_is_no_longer_said(language: str) -> None:
    left = [key[0][:90] for key in translated(language) if key not in sentences()]
    assert not left, "\n".join(left)


@pytest.mark.parametrize("language", LANGUAGES)
def test_variables_are_the_same(language: str) -> None:
    """A plural may leave its number out (“one place”), but names no variable that the source has not."""
    wrong = []
    for message in translated(language).values():
        wanted = {name for text in all_of(message.id) for name in VARIABLE.findall(text)}
        for text in all_of(message.string):
            given = set(VARIABLE.findall(text))
            if given - wanted or (not message.pluralizable and wanted - given):
                wrong.append(f"{first(message.id)[:60]} → {text[:60]}: {sorted(given ^ wanted)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_runs_is_what_was_translated(language: str) -> None:
    """The compiled file is the text file's: `bin/translations compile`."""
    compiled = ROOT / "translations" / language / "LC_MESSAGES" / "messages.mo"
    fresh = io.BytesIO()
    write_mo(fresh, catalogue(language))
    fresh.seek(0)
    with compiled.open("rb") as file:
        kept = {(first(message.id), message.context): message.string for message in read_mo(file) if message.id}
    wanted = {(first(message.id), message.context): message.string for message in read_mo(fresh) if message.id}
    assert kept == wanted


@pytest.mark.parametrize("mistake", FRENCH_MISTAKES)
def test_french_is_set_as_french(mistake: str) -> None:
    pattern = FRENCH_MISTAKES[mistake]
    wrong = [text for message in translated("fr").values() for text in all_of(message.string) if pattern.search(text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("mistake", DUTCH_MISTAKES)
def test_dutch_is_set_as_dutch(mistake: str) -> None:
    pattern = DUTCH_MISTAKES[mistake]
    wrong = [text for message in translated("nl").values() for text in all_of(message.string) if pattern.search(text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_plural_has_all_its_forms(language: str) -> None:
    forms = catalogue(language).num_plurals
    wrong = [first(m.id) for m in translated(language).values() if m.pluralizable and len(all_of(m.string)) != forms]
    assert not wrong, "\n".join(wrong)
