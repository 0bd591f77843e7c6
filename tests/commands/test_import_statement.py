"""flask import-statement: a summary in words, and a broken file refused with line and reason."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from services.sample.statement import sample_statement
from tests.cast import Cast, make_event
from tests.services.bank_files import bank_file, order_of, transfer
from tests.services.post import registered


def test_it_works(app: Flask, cast: Cast, tmp_path: Path) -> None:
    order = order_of(registered(cast.carol, make_event(public_cents=42000, member_cents=None)))
    file = tmp_path / "november.xml"
    file.write_bytes(bank_file(transfer(order), transfer(None, 700)).read())
    run = app.test_cli_runner().invoke(args=["import-statement", str(file)])
    assert (run.exit_code, run.output) == (0, "2 lines, 1 matched, €508.20; 1 unknown\n")
    again = app.test_cli_runner().invoke(args=["import-statement", str(file)])
    assert "Every line of this file was here already: nothing was added." in again.output


def test_a_broken_file(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "broken.xml"
    file.write_bytes(bank_file(transfer()).read().replace(b">508.20<", b">eleven<", 1))
    number = next(n for n, line in enumerate(file.read_text().splitlines(), 1) if "eleven" in line)
    run = app.test_cli_runner().invoke(args=["import-statement", str(file)])
    assert run.exit_code == 1
    assert f"Error: broken.xml: Line {number}: “eleven” is not an amount that can be taken." in run.output
    assert "Nothing of the file was taken." in run.output


def test_the_sample_has_something_of_everything(app: Flask, cast: Cast, tmp_path: Path) -> None:
    """References that match, a name that is proposed, half of an order, a line for nobody, money that left."""
    event = make_event(public_cents=42000, member_cents=None)
    for person in (cast.carol, cast.bob, cast.emil):
        registered(person, event)
    file = tmp_path / "sample.xml"
    file.write_text("".join(sample_statement()))
    written = app.test_cli_runner().invoke(args=["sample-statement"])
    assert written.output.startswith("<?xml")
    run = app.test_cli_runner().invoke(args=["import-statement", str(file)])
    assert run.output == "6 lines, 2 matched, €762.30; 1 proposal; 1 unknown; 2 set aside\n"
