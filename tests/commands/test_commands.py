"""The commands as they are typed: what they print, what they leave, how they refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text

from app import create_app
from config import ROOT, Cluster
from models.areas import Area
from models.base import db
from models.outbox import Delivery, OutboxMessage
from models.people import Person, Role, StaffRole
from services import schema
from services.checks import findings, wrong_numbers
from services.transaction import writing
from tests.cast import add_person_locked
from tests.conftest import make_settings

Run = Callable[..., Result]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Flask]:
    """An application that nobody set up yet, on SQLite."""
    app = create_app(make_settings(tmp_path, f"sqlite:///{tmp_path / 'atrium.db'}"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def run(installation: Flask) -> Run:
    """Types a `flask` command."""

    def typed(*words: str, code: int = 0, **options: Any) -> Result:
        result = installation.test_cli_runner().invoke(args=list(words), **options)
        assert result.exit_code == code, result.output
        return result

    return typed


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_init_creates_the_database_and_repeats_calmly(installation: Flask, run: Run) -> None:
    assert "Database created (revision" in run("init").output
    assert "is up to date" in run("init").output
    with installation.app_context():
        assert count(Area) == 4


def test_a_database_of_a_newer_version_is_left_alone(installation: Flask, run: Run) -> None:
    run("init")
    with installation.app_context(), db.engine.connect().execution_options(writing=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    assert "revision 9999, which this version does not know" in run("upgrade", code=1).output


NEXT_RELEASE = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "next", "{newest}"


def upgrade() -> None:
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("nickname", sa.String(40), nullable=False, server_default="none"))
"""


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Installs a version with one more migration."""

    def install() -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(schema.FOLDER, folder)
        (folder / "versions" / "next.py").write_text(NEXT_RELEASE.format(newest=schema.newest_revision()))
        monkeypatch.setattr(schema, "FOLDER", folder)

    return install


def nicknames() -> list[str]:
    return list(db.session.scalars(text("SELECT nickname FROM person")))


def test_upgrade_backs_up_first(installation: Flask, run: Run, next_release: Callable[[], None]) -> None:
    run("init")
    with installation.app_context():
        before = schema.newest_revision()
        with writing():
            add_person_locked("Bob", "Lambert", "bob@lysara.example")
        next_release()
    output = run("upgrade").output
    assert f"Database upgraded from {before} to next; the backup is " in output
    with installation.app_context():
        assert nicknames() == ["none"]
    [backup] = (installation.extensions["atrium"].instance / "backups").glob("*-before-next.tar.gz")
    assert (
        "Restored the backup of" in run("restore", "--force", str(backup)).output
    )  # of the older version, then upgraded
    with installation.app_context():
        assert nicknames() == ["none"]
        assert schema.present_revision() == "next"
    assert "is up to date (revision next)" in run("upgrade").output


def test_backup_and_restore(installation: Flask, run: Run, tmp_path: Path) -> None:
    run("init")
    with installation.app_context(), writing():
        add_person_locked("Bob", "Lambert", "bob@lysara.example")
    file = tmp_path / "out" / "atrium.tar.gz"
    assert "6 rows" in run("backup", str(file)).output
    with installation.app_context(), writing() as session:
        session.execute(text("UPDATE person SET given_name = 'Eve'"))
    assert "already holds 6 rows; --force" in run("restore", str(file), code=1).output
    run("restore", "--force", str(file))
    with installation.app_context():
        assert db.session.scalars(select(Person.given_name)).all() == ["Bob"]


def test_a_backup_has_the_right_name(run: Run, tmp_path: Path) -> None:
    run("init")
    assert "should end with .tar.gz" in run("backup", str(tmp_path / "atrium.db"), code=2).output


def test_restoring_something_else_is_refused(run: Run, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "letter.tar.gz").write_bytes(b"Dear Alice")
    assert "is not a backup, or it is damaged" in run("restore", str(tmp_path / "letter.tar.gz"), code=1).output


def test_create_admin(installation: Flask, run: Run) -> None:
    run("init")
    output = run("create-admin", "ada@mosan.example", "--given", "Ada", "--family", "Peeters").output
    assert "Ada Peeters is administrator. Sign in at http://localhost/sign-in" in output
    run("create-admin", "ADA@mosan.example")
    with installation.app_context():
        assert db.session.scalars(select(StaffRole.role)).all() == [Role.ADMIN]
        assert count(Person) == 1


def test_create_admin_asks_for_the_name(run: Run) -> None:
    run("init")
    assert "Ada Peeters is" in run("create-admin", "ada@mosan.example", input="Ada\nPeeters\n").output
    assert "Invalid value for EMAIL" in run("create-admin", "ada", code=2).output


def test_check_before_anything_was_done(run: Run) -> None:
    output = run("check", code=1).output
    assert "The database has no tables yet." in output
    assert "Mails are written to a folder" in output
    assert "change before anybody is let in" in output


def test_check_of_an_installation_that_is_ready(installation: Flask, run: Run, tmp_path: Path) -> None:
    run("init")
    run("create-admin", "ada@mosan.example", "--given", "Ada", "--family", "Peeters")
    own = tmp_path / "cluster.toml"
    own.write_text((ROOT / "sample" / "cluster.toml").read_text())
    ready = make_settings(
        tmp_path,
        f"sqlite:///{tmp_path / 'atrium.db'}",
        secret_key="k" * 40,
        public_url="https://atrium.example",
        trusted_proxies=1,
        mail_url="smtp+starttls://mail.example",
        queue_url=f"sqlite:///{tmp_path / 'queue.db'}",
        cluster_file=own,
    )
    with installation.app_context():
        found = findings(ready, installation.extensions["cluster"])
        assert [finding.says for finding in found if finding.blocks] == []
        assert any("1 staff sign in with one factor" in finding.says for finding in found)
        with writing() as session:
            mail = {"template": "event_reminder", "recipient": "x@y.example", "locale": "en"}
            session.add(OutboxMessage(delivery=Delivery.DEAD, **mail))
        assert any(
            "1 mails could not be delivered" in f.says for f in findings(ready, installation.extensions["cluster"])
        )


def test_a_worker_needs_a_queue(run: Run) -> None:
    assert "memory://" in run("worker", code=1).output


def test_production_names_what_is_missing(tmp_path: Path) -> None:
    kept = ("PATH", "HOME", "LANG")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"INSTANCE_PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "check"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        done.stderr == "Error: production needs these settings: SECRET_KEY, PUBLIC_URL, MAIL_URL (a trial: bin/demo)\n"
    )


@pytest.mark.parametrize(
    "part, number, says",
    [
        ("enterprise_number", "0123456748", "enterprise_number of the cluster is '0123456748'"),
        ("vat_number", "BE0123456748", "vat_number of the cluster is 'BE0123456748'"),
        ("bank", {"iban": "BE68 5390 0754 7035"}, "no IBAN has these digits"),
    ],
)
def test_a_wrong_number_of_the_cluster_is_found(installation: Flask, part: str, number: object, says: str) -> None:
    data = installation.extensions["cluster"].data
    assert list(wrong_numbers(Cluster(data))) == []
    (found,) = wrong_numbers(Cluster({**data, part: number}))
    assert says in found.says
    assert found.blocks
