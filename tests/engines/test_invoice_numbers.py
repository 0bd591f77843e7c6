"""Four processes issue invoices at once and every fifth transaction fails after it has its number: no gap, on both engines."""

from __future__ import annotations

import multiprocessing
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.storm import looking, prepare, settings_for
from models.invoices import Invoice, InvoiceKind, InvoiceSeries

pytestmark = pytest.mark.engines

PROCESSES, ORDERS = 4, 12
TODAY = 20261130


def orders_for_all(url: str, folder: Path) -> list[str]:
    """The codes of orders of one place each, confirmed and not yet invoiced."""
    from models.events import Event, Quota, Ticket
    from models.orders import Order, OrderLine
    from models.people import Person
    from models.registrations import Registration
    from services.transaction import writing

    prepare(url, folder, capacity=200, people=1, cents=8485)
    codes = [f"MH-TEST-{number:04d}" for number in range(PROCESSES * ORDERS)]
    with looking(url, folder), writing() as session:
        event, quota, ticket, person = (session.query(model).one() for model in (Event, Quota, Ticket, Person))
        for code in codes:
            order = Order(code=code, buyer_id=person.id, buyer_email="x@example.org", locale="fr")
            row = Registration(
                event_id=event.id, ticket_id=ticket.id, quota_id=quota.id, status="confirmed", given_name="Anaïs",
                family_name=code, email=f"{code}@example.org", order=order, holds_place=True,
            )  # fmt: skip
            line = OrderLine(
                order=order, registration=row, description="Storm", net_cents=8485, vat="standard", vat_rate=21,
                vat_cents=1782, gross_cents=10267, why="",
            )  # fmt: skip
            session.add_all([order, row, line])
    return codes


def issue_all(url: str, folder: str, codes: list[str], seed: int, answers: Any) -> None:
    """Issue the invoice of each order; one in five attempts fails between its number and the commit, and is tried again."""
    from app import create_app
    from models.base import db, now
    from services.invoicing import issue_locked
    from services.orders import lock_order_locked
    from services.transaction import writing

    chance = random.Random(seed)
    app, failed = create_app(settings_for(url, Path(folder))), 0
    with app.app_context():
        for code in codes:
            done = False
            while not done:
                try:
                    with writing():
                        issue_locked(lock_order_locked(code), now() + timedelta(days=chance.randint(-2, 2)), actor=None)
                        if chance.random() < 0.2:
                            raise ConnectionError("the process loses its database")
                    done = True
                except ConnectionError:
                    failed += 1
        db.session.remove()
        db.engine.dispose()
    answers.put(failed)


def test_no_number_is_left_out(both_engines: str, tmp_path: Path) -> None:
    codes = orders_for_all(both_engines, tmp_path)
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    processes = [
        spawn.Process(
            target=issue_all,
            args=(both_engines, str(tmp_path), codes[place::PROCESSES], TODAY + place, answers),
        )
        for place in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    failed = sum(answers.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    with looking(both_engines, tmp_path) as session:
        found = list(session.scalars(select(Invoice).order_by(Invoice.number)))
        last = session.scalars(select(InvoiceSeries.last).where(InvoiceSeries.kind == InvoiceKind.INVOICE)).one()
    assert failed >= len(codes) // 10  # the failures were real
    assert [invoice.number for invoice in found] == list(range(1, len(codes) + 1))
    assert last == len(codes)
    assert [invoice.issued_on for invoice in found] == sorted(invoice.issued_on for invoice in found)
    assert len({invoice.order_id for invoice in found}) == len(codes)
