"""`kill -9` while a bank's file is booked, on both engines: after the restart nothing is lost and nothing counts twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app import create_app
from bench.bank_files import GROSS, fill, write_file
from bench.storm import looking, settings_for
from models.bank import BankLine, BankMatch, BankStatement, LineState
from models.base import db
from models.orders import LedgerEntry
from models.outbox import OutboxMessage
from models.registrations import Registration, Status, Transition
from services import bank_booking, bank_matching
from services.soundness import violations
from services.statements import import_statement

pytestmark = pytest.mark.engines

LINES, CHUNK = 30, 10


def take_in(file: Path) -> None:
    with file.open("rb") as content:
        import_statement(content, name=file.name, actor=None)


def held_at(module: Any, name: str, passes: int, reached: Any) -> None:
    """From now on `module.name` says that it is reached, and stands still, once it was passed so many times."""
    passed: Callable[..., Any] = getattr(module, name)
    left = [passes]

    def pass_or_stay(*args: Any, **kwargs: Any) -> Any:
        if not left[0]:
            reached.set()
            time.sleep(60)
        left[0] -= 1
        return passed(*args, **kwargs)

    setattr(module, name, pass_or_stay)


def import_and_stay(url: str, folder: Path, file: Path, module: Any, name: str, reached: Any) -> None:
    bank_matching.BOOKED_AT_ONCE = CHUNK
    held_at(module, name, 1, reached)
    app = create_app(settings_for(url, folder))
    with app.app_context():
        take_in(file)


def killed_at(url: str, folder: Path, file: Path, module: Any, name: str) -> None:
    """Import in a process of its own, and kill it when it comes to `module.name` for the second time."""
    context = multiprocessing.get_context("fork")
    reached = context.Event()
    child = context.Process(target=import_and_stay, args=(url, folder, file, module, name, reached))
    child.start()
    assert reached.wait(timeout=60), "it never came there"
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(timeout=30)
    assert child.exitcode == -signal.SIGKILL


def standing() -> dict[str, int]:
    """How far the money has come."""
    db.session.rollback()
    count, session = select(func.count()), db.session
    return {
        "statements": session.query(BankStatement).count(),
        "lines": session.query(BankLine).count(),
        "matched": session.scalar(count.where(BankLine.state == LineState.MATCHED)) or 0,
        "matches": session.query(BankMatch).count(),
        "entries": session.query(LedgerEntry).count(),
        "cents": int(session.scalar(select(func.sum(LedgerEntry.cents))) or 0),
        "confirmed": session.scalar(count.where(Registration.status == Status.CONFIRMED)) or 0,
        "steps": session.scalar(count.where(Transition.to_status == Status.CONFIRMED)) or 0,
        "mails": session.scalar(count.where(OutboxMessage.template == "payment_received")) or 0,
        "problems": len(violations()),
    }


def stands(booked: int) -> dict[str, int]:
    """What there must be when so many of the lines are booked: all of it, or nothing."""
    names = ("matched", "matches", "entries", "confirmed", "steps", "mails")
    return {"statements": 1, "lines": LINES, "cents": booked * GROSS, "problems": 0, **dict.fromkeys(names, booked)}


def test_killed_between_two_chunks_and_within_one(both_engines: str, tmp_path: Path) -> None:
    """Killed twice, in the first import and in the one that takes it up; the third ends it, and a fourth adds nothing."""
    fill(both_engines, tmp_path, LINES)
    file = tmp_path / "november.xml"
    write_file(file, LINES)
    killed_at(both_engines, tmp_path, file, bank_matching, "book_plans")
    with looking(both_engines, tmp_path):
        assert standing() == stands(CHUNK)  # in the middle: one chunk of three
    killed_at(
        both_engines, tmp_path, file, bank_booking, "settle_many_locked"
    )  # its ledger entries are written by then
    with looking(both_engines, tmp_path):
        assert standing() == stands(2 * CHUNK)
        for _ in range(2):
            take_in(file)
            assert standing() == stands(LINES)


def test_the_clock_ends_what_was_killed(both_engines: str, tmp_path: Path) -> None:
    """Nobody reads the file again: the worker takes up the lines that nothing was decided about."""
    fill(both_engines, tmp_path, LINES)
    file = tmp_path / "november.xml"
    write_file(file, LINES)
    killed_at(both_engines, tmp_path, file, bank_booking, "settle_many_locked")
    with looking(both_engines, tmp_path):
        assert standing() == stands(CHUNK)
        assert bank_matching.match_waiting() == LINES - CHUNK
        assert standing() == stands(LINES)
