"""Two people of finance at once, on both engines: one yes, one file for the bank, and never more back than came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from models.base import db, now
from models.orders import LedgerEntry
from models.outbox import AuditEntry
from models.payments import Refund, RefundFile
from models.people import Person
from services import schema
from services.orders import receive_money
from services.people import person_by_address
from services.refund_files import NothingToPay, make_file
from services.refunds import (
    MoreThanReceived,
    MovedMeanwhile,
    Wanted,
    approve,
    carry_out,
    request,
)
from services.transaction import writing
from tests.cast import ADDRESSES, add_cast_locked
from tests.conftest import make_settings
from tests.engines.together import at_once
from tests.services.billed import ordered

pytestmark = pytest.mark.engines

IBAN, AT_ONCE = "BE68539007547034", 4


def a_house(url: str, folder: Path) -> tuple[Flask, str]:
    """The cast, and Carol's order of €508.20 paid by transfer: its code."""
    app = create_app(make_settings(folder, url))
    with app.app_context():
        schema.migrate()
        with writing() as session:
            cast = add_cast_locked(session)
        code = ordered(cast.carol).code
        receive_money(code, 50820, provider="transfer", provider_reference="in", booked_at=now(), actor=None)
        db.session.remove()
    return app, code


def who(name: str) -> Person:
    found = person_by_address(ADDRESSES[name])
    assert found is not None
    db.session.rollback()
    return found


def refusals(app: Flask, act: Callable[[], object], refused: type[Exception]) -> tuple[int, list[Exception]]:
    """The same act from several threads: how many were refused, and whatever else went wrong."""
    _answers, errors = at_once(app, AT_ONCE, lambda _barrier: act())
    return sum(isinstance(each, refused) for each in errors), [each for each in errors if not isinstance(each, refused)]


def test_one_yes_one_file_and_never_more_than_came(both_engines: str, tmp_path: Path) -> None:
    app, code = a_house(both_engines, tmp_path)
    wanted = Wanted(20000, "ill", IBAN, "Carol")
    assert refusals(app, lambda: request(code, wanted, actor=who("fay")), MoreThanReceived) == (AT_ONCE - 2, [])
    with app.app_context():
        assert db.session.scalar(select(func.sum(Refund.cents))) == 40000
        (large,) = request(code, Wanted(10820, "ill", IBAN, "Carol"), actor=who("fay"))
        for public_id in db.session.scalars(select(Refund.public_id).where(Refund.cents == 20000)).all():
            carry_out(public_id)
        assert large.needs_approval  # together with what went before
    assert refusals(app, lambda: approve(large.public_id, actor=who("ada")), MovedMeanwhile) == (AT_ONCE - 1, [])
    with app.app_context():
        carry_out(large.public_id)
    assert refusals(app, lambda: make_file(actor=who("fay")), NothingToPay) == (AT_ONCE - 1, [])
    with app.app_context():
        assert db.session.scalars(select(RefundFile.cents)).all() == [50820]
        assert set(db.session.scalars(select(Refund.file_id))) == {db.session.scalar(select(RefundFile.id))}
        assert db.session.scalar(select(func.count()).where(AuditEntry.action == "refund.approved")) == 1
        assert db.session.scalar(select(func.sum(LedgerEntry.cents))) == 50820  # nothing left yet
        db.session.remove()
        db.engine.dispose()
