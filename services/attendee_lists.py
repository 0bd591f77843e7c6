"""Attendee lists that leave the system: written as they are read, for a purpose, and always accounted for.

A list is CSV (streamed), XLSX (built in a temporary file) or, for what is printed, PDF. Whatever leaves is an audit
entry with its purpose, columns, lines and hash, in a short transaction of its own: once the file is built, and for a
stream before its last block, so that no whole list leaves unrecorded; or once its reader is gone, with what it got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from typing import IO, Any, Protocol

from flask import Flask, current_app
from sqlalchemy import func, select

from integrations.sheets import csv_stream, xlsx_file
from models.base import db, in_language, now
from models.events import Event, Modality, Quota
from models.outbox import AuditEntry, Export
from models.people import Person
from models.registrations import Registration
from services.attendee_columns import PAPER, Matter, Purpose, Scope, within
from services.attendee_rows import Table, asked_wordings, live_slots, read_table
from services.audit import record_locked
from services.dates import local_day
from services.permissions import Roles, may_mark_attendance, may_organise, may_receive_money
from services.transaction import writing

CHUNK = 64 * 1024
PAST = 20


class Blocks(Protocol):
    """The bytes of a file, once."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None: ...


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


MIME = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}


class NotOnPaper(ValueError):
    """This purpose is a table only: there is no PDF of it."""


@dataclass(frozen=True)
class Asked:
    """Which list of which event, for whom. `locale` is the language of its titles and words; `actor` None is somebody at
    the command line, and `note` says so."""

    event: Event
    purpose: Purpose
    format: Format
    locale: str
    actor: Person | None
    scope: Scope = Scope.EXPECTED
    ip: str = ""
    note: str = ""


class Pieces(Iterator[bytes]):
    """A file that was built, a piece at a time; it is closed with its last."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __next__(self) -> bytes:
        if piece := self.file.read(CHUNK):
            return piece
        self.close()
        raise StopIteration

    def close(self) -> None:
        self.file.close()


class Begun(Iterator[bytes]):
    """A stream whose first block is made at once: when it cannot be, the answer is an error and not an empty file."""

    def __init__(self, blocks: Generator[bytes, None, None]) -> None:
        self.blocks = blocks
        self.first: bytes | None = next(blocks)

    def __next__(self) -> bytes:
        if self.first is None:
            return next(self.blocks)
        first, self.first = self.first, None
        return first

    def close(self) -> None:
        self.blocks.close()


@dataclass(frozen=True)
class ExportedFile:
    """A list on its way: `blocks` gives its bytes once, and must be closed when it is not read to its end.

    `unprintable`: how many names the typefaces of a PDF lack, in whole or in part.
    """

    name: str
    mimetype: str
    blocks: Blocks
    unprintable: int = 0


def purposes_for(roles: Roles, event_id: int) -> list[Purpose]:
    """What these roles may export of this event: organisers all but the money, finance the money, trainers the names of
    their own events."""
    found: list[Purpose] = []
    if may_organise(roles, event_id):
        found += [Purpose.SIGN_IN, Purpose.BADGES, Purpose.CATERING, Purpose.FULL]
    elif may_mark_attendance(roles, event_id):
        found += [Purpose.SIGN_IN]
    if may_receive_money(roles):
        found += [Purpose.ACCOUNTING]
    return found


def may_export(roles: Roles, event_id: int) -> bool:
    """Anything at all, of this event."""
    return bool(purposes_for(roles, event_id))


def formats_of(purpose: Purpose) -> list[Format]:
    return [Format.XLSX, Format.CSV, Format.PDF] if purpose in PAPER else [Format.XLSX, Format.CSV]


def export(asked: Asked, *, at: datetime | None = None) -> ExportedFile:
    """The list asked for. The caller has checked `purposes_for`.

    Raises NotOnPaper, and for a PDF what services/attendee_papers.py raises when there is nothing to print or too much.
    """
    at = at or now()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if asked.format not in formats_of(asked.purpose):
        raise NotOnPaper(asked.purpose)
    name, kind = file_name(asked, at), MIME[asked.format]
    if asked.format is Format.PDF:
        from services.attendee_papers import print_paper

        paper = print_paper(asked.event, asked.purpose, asked.scope, asked.locale, at)
        record_export(app, asked, paper.columns, paper.people, hashlib.sha256(paper.pdf).hexdigest())
        return ExportedFile(name, kind, Pieces(BytesIO(paper.pdf)), paper.unprintable)
    slots = live_slots(asked.event.id, asked.purpose)
    asks = asked_wordings(asked.event.id, asked.purpose)
    table = read_table(asked.purpose, Matter(asked.event, slots, asked.locale, asked.scope, asks))
    if asked.format is Format.CSV:
        return ExportedFile(name, kind, Begun(streamed(app, asked, table)))
    return ExportedFile(name, kind, Pieces(built(app, asked, table, at)))


def file_name(asked: Asked, at: datetime) -> str:
    """Such as `aseptic-techniques-sign-in-2026-11-24.csv`: letters, digits and hyphens only."""
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in asked.event.slug)
    day = local_day(at, asked.event.zone).isoformat()
    return f"{slug.strip('-')[:80] or 'event'}-{asked.purpose.replace('_', '-')}-{day}.{asked.format}"


def streamed(app: Flask, asked: Asked, table: Table) -> Generator[bytes, None, None]:
    """The list as CSV, recorded before its last block; or, when the reader goes away, with the lines read so far.

    It needs no request and no session: the server reads it when the request is over.
    """
    digest, held, left, recorded = hashlib.sha256(), b"", False, False
    blocks = csv_stream(table.header, table.counted())
    try:
        for block in blocks:
            if held:
                digest.update(held)
                left = True
                yield held
            held = block
        digest.update(held)
        record_export(app, asked, table.keys, table.read, digest.hexdigest())
        recorded = True
        yield held
    finally:
        table.rows.close()
        if left and not recorded:
            record_export(app, asked, table.keys, table.read, digest.hexdigest(), interrupted=True)


def built(app: Flask, asked: Asked, table: Table, at: datetime) -> IO[bytes]:
    """The list as XLSX in a temporary file, recorded."""
    title = in_language(asked.event.titles, asked.locale)
    created = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    try:
        file = xlsx_file(table.header, table.counted(), sheet=title, created=created)
    finally:
        table.rows.close()
    try:
        digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
        record_export(app, asked, table.keys, table.read, digest.hexdigest())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


# ── the record of what left ──────────────────────────────────────────────────────────────────────────────────────────


def record_export(
    app: Flask, asked: Asked, columns: list[str], lines: int, sha256: str, *, interrupted: bool = False
) -> None:
    """Who took which list, for what, and the hash of the file (of what was sent, when it was interrupted).

    In a session of its own: the request's may be gone, and keeps what it has loaded when it is not.
    """
    details: dict[str, Any] = {"purpose": asked.purpose, "format": asked.format, "scope": asked.scope, "rows": lines}
    if interrupted:
        details["interrupted"] = True
    if asked.note:
        details["note"] = asked.note
    with app.app_context(), writing() as session:
        entry = record_locked("attendees.exported", asked.actor, event=asked.event, details=details, ip=asked.ip)
        session.add(
            Export(
                audit_entry_id=entry.id, event_id=entry.event_id, purpose=asked.purpose, format=asked.format,
                columns=columns, rows=lines, sha256=sha256,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class PastExport:
    """One list that left: when, who (None: the command line), which, how many lines, and whether all of it left."""

    at: datetime
    actor: str | None
    purpose: Purpose
    format: Format
    rows: int
    interrupted: bool


def past_exports(event_id: int, limit: int = PAST) -> list[PastExport]:
    """The event's exports, latest first."""
    query = (
        select(AuditEntry.at, Person.given_name, Person.family_name, Export.purpose, Export.format, Export.rows,
               AuditEntry.details)
        .join(AuditEntry, AuditEntry.id == Export.audit_entry_id)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(Export.event_id == event_id)
        .order_by(Export.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [
        PastExport(
            at, f"{given} {family}".strip() if family is not None else None, Purpose(purpose), Format(form), rows,
            bool(details.get("interrupted")),
        )
        for at, given, family, purpose, form, rows, details in db.session.execute(query)
    ]  # fmt: skip


@dataclass(frozen=True)
class Headcount:
    """How many registrations a scope has, and how many of them on site."""

    people: int
    on_site: int


def headcounts(event_id: int) -> dict[Scope, Headcount]:
    """For each scope, in one query."""
    sums = [
        func.count().filter(within(scope), *place)
        for scope in Scope
        for place in ((), (Quota.modality == Modality.ONSITE,))
    ]
    query = (
        select(*sums).select_from(Registration).join(Quota, Quota.id == Registration.quota_id)
        .where(Registration.event_id == event_id)
    )  # fmt: skip
    found = list(db.session.execute(query).one())
    return {scope: Headcount(*found[2 * index : 2 * index + 2]) for index, scope in enumerate(Scope)}
