"""The write transaction: the only door through which anything is written."""

from __future__ import annotations

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from models.base import db
from models.people import Person
from services.transaction import NestedWriting, require_writing, writing


def person(given: str = "Bob") -> Person:
    return Person(given_name=given, family_name="Lambert")


def names() -> list[str]:
    found = list(db.session.scalars(select(Person.given_name).order_by(Person.id)))
    db.session.rollback()
    return found


def test_it_works(app: Flask) -> None:
    with writing() as session:
        session.add(person())
    assert names() == ["Bob"]


@pytest.mark.parametrize(
    "statement", ["INSERT INTO throttle (kind, key, at) VALUES ('a', 'b', '2026-01-01')", "DELETE FROM person"]
)
def test_a_write_outside_fails(app: Flask, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_a_flush_outside_fails(app: Flask) -> None:
    db.session.add(person())
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        db.session.commit()
    db.session.rollback()
    assert names() == []


def test_after_a_write_the_connection_reads_only_again(app: Flask) -> None:
    with writing() as session:
        session.add(person())
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        db.session.execute(update(Person).values(given_name="Eve"))
    db.session.rollback()


def test_nesting_is_refused_and_nothing_is_kept(app: Flask) -> None:
    def outer() -> None:
        with writing() as session:
            session.add(person())
            session.flush()
            with writing():
                pass

    with pytest.raises(NestedWriting):
        outer()
    assert names() == []
    with writing():
        pass  # and the door opens again


def test_unsaved_changes_are_refused(app: Flask) -> None:
    db.session.add(person())
    with pytest.raises(RuntimeError, match="unsaved changes"), writing():
        pass
    db.session.rollback()


def test_an_error_rolls_back(app: Flask) -> None:
    with pytest.raises(KeyError), writing() as session:
        session.add(person())
        session.flush()
        raise KeyError("anything")
    assert names() == []


def test_what_was_read_before_is_read_again(app: Flask) -> None:
    with writing() as session:
        session.add(person())
    mine = db.session.scalars(select(Person)).one()
    rename_elsewhere(app)
    with writing() as session:
        assert session.scalars(select(Person)).one().given_name == "Bo"
        assert mine.given_name == "Bo"


def rename_elsewhere(app: Flask) -> None:
    def run() -> None:
        with app.app_context(), writing() as session:
            session.execute(update(Person).values(given_name="Bo"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_locked_functions_ask_for_an_open_transaction(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="needs an open writing"):
        require_writing()
    with writing() as session:
        assert require_writing() is session


def test_two_writers_take_turns(app: Flask) -> None:
    """Each reads, thinks and writes: with the stock transactions of the driver one of the two would be lost."""
    with writing() as session:
        session.add(Person(given_name="0", family_name="Counter"))
    both_ready = threading.Barrier(2)

    def count_up() -> None:
        with app.app_context():
            both_ready.wait()
            for _ in range(5):
                with writing() as session:
                    row = session.scalars(select(Person).with_for_update()).one()
                    time.sleep(0.005)
                    row.given_name = str(int(row.given_name) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names() == ["10"]


def test_a_reader_does_not_wait_for_a_writer(app: Flask) -> None:
    seen: list[list[str]] = []

    def read() -> None:
        with app.app_context():
            seen.append(names())

    with writing() as session:
        session.add(person())
        session.flush()
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(timeout=5)
    assert seen == [[]]
