"""The accounting export: one line for each movement of money."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from models.base import db, now
from models.outbox import AuditEntry
from services.accounting import accounting_file
from tests.cast import Cast, post_form, sign_in
from tests.services.billed import as_company, invoices, ordered, pay, team_ordered


def table(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))


def test_a_line_says_what_the_books_need(cast: Cast) -> None:
    as_company(cast)
    order = team_ordered(cast)
    pay(order, 60500, "BNK/1")
    pay(ordered(cast.carol), 20000, "BNK/2")
    today = now().date()
    with force_locale("en"):
        body, rows = accounting_file(today - timedelta(days=1), today + timedelta(days=1))
    first, second = table(body)
    assert rows == 2
    assert (first["Order"], first["Customer"], first["VAT number"]) == (
        order.code,
        "Lysara Biologics SA",
        "BE0101357179",
    )
    assert (first["Net"], first["VAT"], first["Amount"], first["VAT codes"]) == ("500,00", "105,00", "605,00", "S21")
    assert first["Documents"] == invoices(order)[0].label
    assert first["Structured communication"].strip("'") == order.reference
    assert (second["Net"], second["VAT"], second["Amount"]) == ("165,29", "34,71", "200,00")
    assert second["Documents"] == ""


def test_only_the_days_asked_for(cast: Cast) -> None:
    pay(ordered(cast.carol), 50820)
    last = now().date() - timedelta(days=2)
    assert accounting_file(last - timedelta(days=30), last)[1] == 0


def test_finance_takes_it_and_that_is_recorded(cast: Cast, client: FlaskClient) -> None:
    pay(ordered(cast.carol), 50820)
    sign_in(client, cast.fay)
    day = now().date()
    form = {"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=1))}
    answer = post_form(client, "/organise/finance/accounting", form, page="/organise/finance/vat")
    assert len(table(answer.data)) == 1
    assert answer.headers["Cache-Control"] == "no-store"
    entry = db.session.query(AuditEntry).filter_by(action="finance.exported").one()
    assert entry.details == {"what": "accounting", "rows": 1}


def test_the_command(app: Flask, cast: Cast) -> None:
    pay(ordered(cast.carol), 50820)
    day = now().date()
    db.session.rollback()
    run = app.test_cli_runner().invoke
    result = run(
        args=["export-accounting", "--from", str(day - timedelta(days=1)), "--to", str(day + timedelta(days=1))]
    )
    assert result.exit_code == 0
    assert "508,20" in result.output
    assert "1 lines" in result.output
    assert run(args=["export-accounting", "--from", "2026-02-01", "--to", "2026-01-01"]).exit_code == 2
