"""A backup restores on either engine: every row, every key, every file."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import create_app
from models.base import db, now
from models.certificates import Certificate
from models.outbox import Job
from models.people import Person
from models.search import SearchEntry
from services import dumps, schema
from services.backups import CannotRestore, back_up, restore
from services.transaction import writing
from tests.cast import add_person_locked
from tests.conftest import make_settings

pytestmark = pytest.mark.engines
PDF = bytes(range(256)) * 3


def make_app(folder: Path, url: str) -> Flask:
    folder.mkdir(exist_ok=True)
    return create_app(make_settings(folder, url))


def fill(app: Flask) -> None:
    """Rows with every kind of value, one row that points at a later one, a key and a stored file."""
    schema.migrate()
    with writing() as session:
        merged = add_person_locked("Bób", "“Lambert”\n", "bob@lysara.example")
        kept = add_person_locked("Carol", "Nguyễn", "carol@kelvin-home.example")
        merged.merged_into_id = kept.id
        session.add(Job(kind="issue_certificates", total=3, problems=["é", "x"], leased_until=now()))
        session.add(SearchEntry(subject="event", subject_id=7, words="aseptic techniques"))
    settings = app.extensions["atrium"]
    (settings.instance / "signing.pem").write_text("a key")
    (settings.instance / "files" / "logos").mkdir(parents=True)
    (settings.instance / "files" / "logos" / "lysara.png").write_bytes(PDF)


def everything() -> dict[str, list[Any]]:
    with dumps.snapshot(db.engine) as connection:
        return {table.name: list(dumps.rows_of(connection, table)) for table in dumps.kept_tables(connection)}


def finished() -> None:
    db.session.remove()
    db.engine.dispose()


@pytest.fixture
def archive(both_engines: str, tmp_path: Path) -> Path:
    """A backup made on the one engine."""
    app = make_app(tmp_path / "first", both_engines)
    path = tmp_path / "atrium.tar.gz"
    with app.app_context():
        fill(app)
        contents = back_up(app.extensions["atrium"], path)
        assert contents.rows == 6
        assert contents.tables["person"]["rows"] == 2
        assert path.stat().st_mode & 0o077 == 0
        (tmp_path / "rows.txt").write_text(repr(everything()))
        finished()
    return path


def test_it_restores_on_the_other_engine(archive: Path, other_engine: str, tmp_path: Path) -> None:
    app = make_app(tmp_path / "second", other_engine)
    with app.app_context():
        restore(app.extensions["atrium"], archive)
        assert repr(everything()) == (tmp_path / "rows.txt").read_text()
        assert schema.present_revision() == schema.newest_revision()
        person = db.session.scalars(select(Person).where(Person.given_name == "Bób")).one()
        assert person.family_name == "“Lambert”\n"
        finished()
    assert (tmp_path / "second" / "signing.pem").read_text() == "a key"
    assert (tmp_path / "second" / "files" / "logos" / "lysara.png").read_bytes() == PDF


def test_new_rows_follow_and_are_found(archive: Path, other_engine: str, tmp_path: Path) -> None:
    """Numbers go on after the restored ones; the search index was filled."""
    app = make_app(tmp_path / "second", other_engine)
    with app.app_context():
        restore(app.extensions["atrium"], archive)
        with writing():
            dora = add_person_locked("Dora", "Wouters", "dora@lysara.example")
        assert dora.id == 3
        if db.engine.dialect.name == "sqlite":
            found = db.session.scalars(text("SELECT rowid FROM search_fts WHERE search_fts MATCH 'aseptic'")).all()
            assert len(found) == 1
        finished()


def test_it_restores_over_itself_when_forced(archive: Path, both_engines: str, tmp_path: Path) -> None:
    app = make_app(tmp_path / "first", both_engines)
    settings = app.extensions["atrium"]
    with app.app_context():
        with writing():
            add_person_locked("Eve", "Late", "eve@late.example")
        with pytest.raises(CannotRestore, match="already holds 8 rows"):
            restore(settings, archive)
        assert len(everything()["person"]) == 3
        (settings.instance / "signing.pem").write_text("another key")
        restore(settings, archive, force=True)
        assert repr(everything()) == (tmp_path / "rows.txt").read_text()
        finished()
    assert (settings.instance / "signing.pem").read_text() == "a key"
    assert (settings.instance / "signing.pem.before-restore").read_text() == "another key"


def test_a_damaged_archive_changes_nothing(archive: Path, both_engines: str, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    app = make_app(tmp_path / "first", both_engines)
    with app.app_context():
        before = everything()
        for damaged in (whole[: len(whole) // 2], whole[:-200] + b"\0" * 200, b"not a backup"):
            archive.write_bytes(damaged)
            with pytest.raises(CannotRestore):
                restore(app.extensions["atrium"], archive, force=True)
            assert everything() == before
        finished()


def test_rows_that_point_nowhere_are_refused(archive: Path, both_engines: str, tmp_path: Path) -> None:
    app = make_app(tmp_path / "first", both_engines)
    with app.app_context():
        before = everything()
        cut = without_persons(archive)
        with pytest.raises(Exception, match=r"point nowhere|violates foreign key"):
            restore(app.extensions["atrium"], cut, force=True)
        assert everything() == before
        with pytest.raises(Exception, match=r"FOREIGN KEY|foreign key"), writing() as session:
            session.add(Certificate(registration_id=99, year=2026, serial=1, snapshot="{}", sha256="0"))
        finished()


def without_persons(archive: Path) -> Path:
    """The archive with its persons taken out and its manifest made to agree."""
    cut = archive.with_name("cut.tar.gz")
    with tarfile.open(archive) as old, tarfile.open(cut, "w:gz") as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            content = file.read()
            if member.name == "tables/person.jsonl":
                content = b""
            if member.name == "manifest.json":
                manifest = json.loads(content)
                manifest["tables"]["person"]["rows"] = 0
                content = json.dumps(manifest).encode()
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return cut
