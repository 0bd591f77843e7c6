"""The same file imported by several workers at once, on both engines: each line is there once, and its money counts once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from bench.bank_files import fill, write_file
from bench.storm import settings_for
from models.bank import BankLine, BankMatch, BankStatement
from models.base import db
from models.orders import LedgerEntry
from models.outbox import OutboxMessage
from models.registrations import Registration
from services.soundness import violations
from services.statements import import_statement

pytestmark = pytest.mark.engines

LINES, WORKERS = 30, 3


def worker(app: Flask, file: Path, start: threading.Barrier, errors: list[Exception]) -> None:
    with app.app_context():
        try:
            start.wait()
            with file.open("rb") as content:
                import_statement(content, name=file.name, actor=None)
        except Exception as error:
            errors.append(error)
        finally:
            db.session.remove()


def test_each_line_is_booked_once(both_engines: str, tmp_path: Path) -> None:
    fill(both_engines, tmp_path, LINES)
    file = tmp_path / "november.xml"
    write_file(file, LINES)
    app = create_app(settings_for(both_engines, tmp_path))
    errors: list[Exception] = []
    start = threading.Barrier(WORKERS)
    threads = [threading.Thread(target=worker, args=(app, file, start, errors)) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        counts = [db.session.query(table).count() for table in (BankStatement, BankLine, BankMatch, LedgerEntry)]
        confirmed = db.session.query(Registration).filter_by(status="confirmed").count()
        mails = db.session.query(OutboxMessage).filter_by(template="payment_received").count()
        problems = violations()
        db.session.remove()
        db.engine.dispose()
    assert errors == []
    assert counts == [1, LINES, LINES, LINES]
    assert (confirmed, mails, problems) == (LINES, LINES, [])
