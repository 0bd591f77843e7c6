"""Statements of the bank: a file is read into lines whole or not at all, and each line is matched with its order.

The lines of a file are written in one transaction; what fits an order is booked afterwards, in transactions of the orders.
A killed import is run again: lines that are there stay, and those that nothing was decided about are taken up.
"""

from __future__ import annotations

import gc
import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import IO

from flask import current_app
from sqlalchemy import select

from integrations.bank import BrokenFile as BrokenFile, Line, Reason, Statement, read_statements
from integrations.references import compact_iban
from models.bank import BankLine, BankStatement
from models.base import now
from models.people import Person
from services.audit import record_locked
from services.bank_matching import match_waiting
from services.many_rows import insert_many_locked, insert_new
from services.transaction import require_writing, writing

CHUNK, OBJECTS = 1_000, 50_000


@dataclass(frozen=True)
class Imported:
    """What a file brought: the public ids of its statements, how many lines it has and how many were not there yet."""

    statements: tuple[str, ...]
    lines: int
    new: int


def import_statement(
    file: IO[bytes], *, name: str, actor: Person | None, at: datetime | None = None, ip: str = ""
) -> Imported:
    """Read a bank's file, keep its lines, and match them. The same file again, or one that overlaps, adds only what is new.

    Raises BrokenFile, also for the account of somebody else; then nothing is kept.
    """
    at = at or now()
    with few_collections():
        found = keep(file, name, actor, at, ip)
        match_waiting(at)
    return found


def keep(file: IO[bytes], name: str, actor: Person | None, at: datetime, ip: str) -> Imported:
    """Read the file and keep its lines, in one transaction."""
    digest = digest_of(file)
    found: list[str] = []
    lines = new = 0
    with writing():
        for statement in read_statements(file):
            refuse_other_account(statement)
            row = statement_locked(statement, name, digest, actor, at)
            read, added = lines_locked(row.id, statement.lines)
            found.append(row.public_id)
            lines, new = lines + read, new + added
        details = {"file": name[:200], "sha256": digest, "lines": lines, "new": new}
        record_locked("statement.imported", actor, subject_kind="bank_statement", details=details, ip=ip)
    return Imported(tuple(dict.fromkeys(found)), lines, new)


@contextmanager
def few_collections() -> Iterator[None]:
    """Python looks for garbage after every 700 new objects, which is a sixth of the time of a large file; here after as many
    as a chunk makes. Two imports at once may leave the larger number behind: it does no harm."""
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def digest_of(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(io.DEFAULT_BUFFER_SIZE * 8):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def refuse_other_account(statement: Statement) -> None:
    ours = compact_iban(current_app.extensions["cluster"].bank["iban"])
    if statement.account.replace(" ", "").upper() != ours:
        raise BrokenFile(Reason.OTHER_ACCOUNT, None, statement.account)


def statement_locked(statement: Statement, name: str, digest: str, actor: Person | None, at: datetime) -> BankStatement:
    """The row of a statement, new or known. Banks begin again with their numbers: another day's statement of the same
    reference gets its day behind it."""
    session = require_writing()
    for reference in (statement.reference, f"{statement.reference} ({statement.ends_on.isoformat()})"):
        values = {
            "account": statement.account,
            "reference": reference,
            "format": statement.format,
            "file_name": name[-200:],
            "file_sha256": digest,
            "currency": statement.currency,
            "begins_on": statement.begins_on,
            "ends_on": statement.ends_on,
            "opening_cents": statement.opening_cents,
            "closing_cents": statement.closing_cents,
            "imported_by_id": actor.id if actor else None,
            "imported_at": at,
        }
        session.execute(insert_new(BankStatement, "account", "reference").values(values))
        query = select(BankStatement).where(
            BankStatement.account == statement.account, BankStatement.reference == reference
        )
        row = session.scalars(query).one()
        if (row.ends_on, row.closing_cents) == (statement.ends_on, statement.closing_cents):
            break
    return row


def lines_locked(statement_id: int, lines: Iterable[Line]) -> tuple[int, int]:
    """Write the lines that are not there yet: how many were read, and how many written."""
    read = added = 0
    for chunk in chunks(lines):
        rows = [{**vars(line), "statement_id": statement_id} for line in chunk]
        read += len(rows)
        added += len(insert_many_locked(BankLine, rows, unless="key"))
    return read, added


def chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    source = iter(lines)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
