"""The fixed words of documents: complete for their template, in the document's language, agreeing with its noun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import Babel, get_locale

from integrations import documents
from services.document_words import CERTIFICATE_KINDS, badge_words, certificate_words, sign_in_words
from tests.integrations import paper

pytestmark = pytest.mark.pure


@pytest.fixture
def reader_of_english(tmp_path: Path) -> Iterator[Flask]:
    """An application whose reader reads English, with a few French words of its own."""
    catalogue = Catalog("fr")
    for context, english, french in (
        ("certificate of attendance", "Issued on", "Délivrée le"),
        ("certificate of achievement", "Issued on", "Délivré le"),
        ("certificate", "{issuer} certifies that", "{issuer} atteste que"),
        ("attendance sheet", "Half-day", "Demi-journée"),
    ):
        catalogue.add(english, french, context=context)
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    app = Flask(__name__)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(tmp_path)
    Babel(app, locale_selector=lambda: "en")
    with app.test_request_context():
        yield app


@pytest.mark.parametrize("locale", ["en", "fr", "nl"])
def test_every_template_finds_its_words(reader_of_english: Flask, locale: str) -> None:
    for kind in CERTIFICATE_KINDS:
        assert set(certificate_words(locale, kind)) == set(documents.WORDS["certificate"])
    assert set(sign_in_words(locale)) == set(documents.WORDS["sign-in-sheet"])
    assert set(badge_words(locale)) == set(documents.WORDS["badge-sheet"])


def test_no_two_kinds_of_certificate_claim_the_same(reader_of_english: Flask) -> None:
    claims = [certificate_words("en", kind) for kind in CERTIFICATE_KINDS]
    for key in ("title", "did", "outcomes"):
        assert len({words[key] for words in claims}) == 3
    assert certificate_words("en")["did"] == "attended the training"


def test_words_follow_the_document_and_not_its_reader(reader_of_english: Flask) -> None:
    assert certificate_words("fr")["issued"] == "Délivrée le"
    assert certificate_words("fr", "achievement")["issued"] == "Délivré le"
    assert certificate_words("fr")["certifies"] == "{issuer} atteste que"
    assert sign_in_words("fr")["half-day"] == "Demi-journée"
    assert str(get_locale()) == "en"
    assert certificate_words("en")["issued"] == "Issued on"


def test_a_kind_that_does_not_exist_is_refused(reader_of_english: Flask) -> None:
    with pytest.raises(ValueError, match="no certificate of 'merit'"):
        certificate_words("en", "merit")


def test_a_certificate_with_these_words_can_be_printed(reader_of_english: Flask) -> None:
    data = paper.certificate(words=certificate_words("fr"), lang="fr")
    assert documents.render("certificate", data, issued_epoch=paper.ISSUED).startswith(b"%PDF-")
