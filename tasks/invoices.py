"""The papers of invoices are made after the commit that issued them, and e-invoices handed over; the clock finds what was left."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from models.base import db
from models.invoices import Invoice, Transmission
from tasks.queue import queue

ISSUED, QUEUED = "invoices issued", "e-invoices queued"


@queue.task()
def make_papers(public_ids: list[str]) -> None:
    """Make and keep the PDF and the UBL of these documents."""
    from services.invoice_files import ensure_files  # what prints documents is loaded by the worker, not by the web

    for public_id in public_ids:
        ensure_files(public_id)


@queue.task()
def transmit_queued() -> None:
    """Hand the queued e-invoices to the transmitter."""
    from services.einvoicing import transmit_due

    transmit_due()


def finish_papers() -> int:
    """Make what a lost task left undone, and hand over what waits; how many papers were made. The clock calls it."""
    from services.einvoicing import transmit_due
    from services.invoice_files import ensure_files, without_files

    missing = without_files()
    for public_id in missing:
        ensure_files(public_id)
    transmit_due()
    return len(missing)


@event.listens_for(db.session, "after_flush")
def collect(session: Session, context: Any) -> None:
    issued = [row.public_id for row in session.new if isinstance(row, Invoice)]
    session.info.setdefault(ISSUED, []).extend(issued)
    if any(isinstance(row, Transmission) and row.channel != "email" for row in (*session.new, *session.dirty)):
        session.info[QUEUED] = True


@event.listens_for(db.session, "after_commit")
def wake(session: Session) -> None:
    """Begin at once; with the `memory://` queue of the tests nothing begins by itself."""
    if session.in_nested_transaction():
        return
    issued, queued = session.info.pop(ISSUED, []), session.info.pop(QUEUED, False)
    if queue.immediate:
        return
    if issued:
        make_papers(issued)
    if queued:
        transmit_queued()


@event.listens_for(db.session, "after_soft_rollback")
def forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested and not session.in_nested_transaction():
        session.info.pop(ISSUED, None)
        session.info.pop(QUEUED, None)
