"""An invoice: issuing it, its PDF with the e-invoice inside, its UBL. A part of bench/money.py, in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.certificates import milliseconds

NUMBER = 60
PDF_LIMIT, UBL_LIMIT = 60, 5


def invoices(url: str, folder: Path) -> dict[str, Any]:
    """The figures of one engine: documents of one line, each with another number, so that nothing is remembered."""
    from sqlalchemy import select

    from app import create_app
    from bench.orders import paid_orders
    from bench.storm import settings_for
    from models.base import db, now
    from models.invoices import Invoice
    from services.invoice_desk import issue
    from services.invoice_files import pdf_of, ubl_of, whole_invoice

    codes = paid_orders(url, folder, NUMBER + 1)
    app = create_app(settings_for(url, folder))
    with app.app_context():
        took = {"issue": milliseconds(NUMBER, lambda index: issue(codes[index], None, now()))}
        ids = list(db.session.scalars(select(Invoice.public_id).order_by(Invoice.id)))
        whole = [whole_invoice(public_id) for public_id in ids]
        took["UBL"] = milliseconds(NUMBER, lambda index: ubl_of(whole[index]))
        xml = [ubl_of(invoice) for invoice in whole]
        took["PDF"] = milliseconds(NUMBER, lambda index: pdf_of(whole[index], xml[index]))
        db.session.remove()
        db.engine.dispose()
    figures = {f"{what} {name}": each[name] for what, each in took.items() for name in ("median_ms", "p95_ms")}
    return {**figures, "PDF limit ms": PDF_LIMIT, "UBL limit ms": UBL_LIMIT}
