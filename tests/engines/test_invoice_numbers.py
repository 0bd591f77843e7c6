"""Four processes issue invoices at once and every fifth transaction fails after it has its number: no gap, on both engines."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.children import forking
from bench.orders import paid_orders
from bench.storm import looking, settings_for
from models.invoices import Invoice, InvoiceKind, InvoiceSeries

pytestmark = pytest.mark.engines

PROCESSES, ORDERS = 4, 12
TODAY = 20261130


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
    codes = paid_orders(both_engines, tmp_path, PROCESSES * ORDERS)
    context = forking()
    answers = context.Queue()
    processes = [
        context.Process(
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
