"""Four workers issue the same certificates at once, on both engines: each person gets one, and the numbers have no gap."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from bench.certificates import closed_training
from bench.season import make_season
from bench.storm import settings_for
from models.base import db, now
from models.certificates import Certificate
from models.outbox import OutboxMessage
from services.certificates import issue

pytestmark = pytest.mark.engines

PEOPLE, WORKERS = 12, 4


def worker(app: Flask, rows: list[int], errors: list[Exception]) -> None:
    with app.app_context():
        try:
            for row in rows:
                issue(row, now())
        except Exception as error:
            errors.append(error)
        finally:
            db.session.remove()


def test_each_person_gets_one_and_no_number_is_left_out(both_engines: str, tmp_path: Path) -> None:
    make_season(both_engines, tmp_path, events=10)
    app = create_app(settings_for(both_engines, tmp_path))
    with app.app_context():
        rows = closed_training(PEOPLE)
    errors: list[Exception] = []
    chance = random.Random(20261123)
    orders = [chance.sample(rows, PEOPLE) for _ in range(WORKERS)]
    threads = [threading.Thread(target=worker, args=(app, order, errors)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        found = db.session.query(Certificate.registration_id, Certificate.serial, Certificate.snapshot).all()
        mails = db.session.query(OutboxMessage).filter_by(template="certificate_ready").count()
        db.session.remove()
        db.engine.dispose()
    assert errors == []
    assert sorted(row.registration_id for row in found) == sorted(rows)
    assert sorted(row.serial for row in found) == list(range(1, PEOPLE + 1))
    assert all(f"-{row.serial:05d}" in row.snapshot for row in found)
    assert mails == PEOPLE
