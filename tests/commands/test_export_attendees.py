"""flask export-attendees: the same lists as at the desk, to standard output or to a file, and as well accounted for."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pypdf
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from models.base import db
from models.events import Event
from models.outbox import AuditEntry, Export
from tests.cast import Cast, make_event
from tests.services.post import registered


@pytest.fixture
def event(cast: Cast) -> Event:
    made = make_event(public_cents=0, member_cents=None)
    registered(cast.carol, made, needs="Vegetarian")
    return made


def typed(app: Flask, *words: str, code: int = 0) -> Result:
    result = app.test_cli_runner().invoke(args=["export-attendees", *words])
    db.session.rollback()
    assert result.exit_code == code, result.output
    return result


def exports() -> list[Export]:
    return list(db.session.scalars(select(Export)))


def test_it_works(app: Flask, event: Event) -> None:
    result = typed(app, event.slug, "--purpose", "full", "--language", "en")
    content = result.stdout_bytes.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";"))
    assert [(row["Last name"], row["Needs"]) for row in rows] == [("Nguyễn", "Vegetarian")]
    assert "\r\n" in content
    assert result.stderr == ""


def test_a_spreadsheet_comes_whole_through_standard_output(app: Flask, event: Event) -> None:
    result = typed(app, event.slug, "--format", "xlsx", "--purpose", "sign_in")
    assert openpyxl.load_workbook(io.BytesIO(result.stdout_bytes)).active.max_row == 2


def test_a_file_for_its_owner_only(app: Flask, event: Event, tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    path.write_text("older")
    result = typed(app, event.slug, "--format", "pdf", "--purpose", "sign_in", "--output", str(path))
    assert result.stdout_bytes == b""
    assert "Carol Nguyễn" in pypdf.PdfReader(path).pages[0].extract_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.pdf"]


def test_it_is_recorded(app: Flask, event: Event) -> None:
    typed(app, event.slug, "--purpose", "catering")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "attendees.exported")).one()
    assert (entry.actor_id, entry.event_id) == (None, event.id)
    assert entry.details["note"] == "command line"
    assert [(export.purpose, export.rows) for export in exports()] == [("catering", 3)]


def test_whose_and_in_which_language(app: Flask, cast: Cast, event: Event) -> None:
    full = make_event(public_cents=42000, member_cents=None)
    registered(cast.bob, full)
    assert b"Bob" not in typed(app, full.slug, "--purpose", "sign_in").stdout_bytes
    assert b"Bob" in typed(app, full.slug, "--purpose", "sign_in", "--who", "live").stdout_bytes
    french = typed(app, full.slug, "--purpose", "sign_in", "--language", "fr").stdout_bytes.decode()
    assert "9\N{NO-BREAK SPACE}h" in french
    assert french == typed(app, full.slug, "--purpose", "sign_in").stdout_bytes.decode()  # the cluster's first language


@pytest.mark.parametrize(
    "words, says",
    [
        (["nothing-here", "--purpose", "full"], "there is no event nothing-here"),
        (["SLUG"], "--purpose"),
        (["SLUG", "--purpose", "secrets"], "secrets"),
        (["SLUG", "--purpose", "full", "--format", "docx"], "docx"),
        (["SLUG", "--purpose", "full", "--format", "pdf"], "there is no PDF of full"),
        (["SLUG", "--purpose", "full", "--language", "de"], "de is none of"),
        (["SLUG", "--purpose", "full", "--output", "FOLDER/none/list.csv"], "cannot be written"),
        (["SLUG", "--purpose", "full", "--output", "FOLDER"], "is a directory"),
    ],
)
def test_a_wrong_word_ends_with_two_and_says_why(
    app: Flask, event: Event, tmp_path: Path, words: list[str], says: str
) -> None:
    spoken = [word.replace("SLUG", event.slug).replace("FOLDER", str(tmp_path)) for word in words]
    result = typed(app, *spoken, code=2)
    assert says in result.stderr
    assert result.stdout_bytes == b""
    assert exports() == []


def test_a_refused_paper_leaves_no_file(app: Flask, tmp_path: Path) -> None:
    empty = make_event(public_cents=0, member_cents=None)
    path = tmp_path / "badges.pdf"
    result = typed(app, empty.slug, "--purpose", "badges", "--format", "pdf", "--output", str(path), code=2)
    assert "no badge to print" in result.stderr
    assert list(tmp_path.iterdir()) == []
