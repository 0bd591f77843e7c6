"""Statements of a bank: one reader for CAMT.053 and CODA, which refuses a broken file with the line and the reason.

    for statement in read_statements(file):
        for line in statement.lines: …

A statement's lines are read while they are asked for, so a file of any length takes the same memory; going on to the
next statement reads what is left of the one before. The sums are checked at the end of each statement: whoever writes
while reading must be able to take it back when BrokenFile is raised.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

from integrations.bank.statement import BrokenFile, Line, Reason, Statement

__all__ = ["LARGEST", "BrokenFile", "Line", "Reason", "Statement", "read_statements"]

LARGEST = 64 * 1024 * 1024
BLANK = b" \t\r\n\xef\xbb\xbf"


def read_statements(file: IO[bytes]) -> Iterator[Statement]:
    """The statements of a file that can be sought, whatever its format. Raises BrokenFile, also while lines are read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    if size > LARGEST:
        raise BrokenFile(Reason.TOO_LARGE)
    if not head.strip(BLANK):
        raise BrokenFile(Reason.EMPTY)
    if head.startswith(b"PK\x03\x04"):
        raise BrokenFile(Reason.ZIPPED)
    found = reader_of(head, file)
    first = next(found, None)
    if first is None:
        raise BrokenFile(Reason.NO_STATEMENT)
    yield first
    yield from found


def reader_of(head: bytes, file: IO[bytes]) -> Iterator[Statement]:
    """The reader of the format that the file begins with."""
    if head.replace(b"\x00", b"").strip(BLANK + b"\xff\xfe").startswith(b"<"):
        from integrations.bank.camt import read_camt

        return read_camt(file)
    first = head.splitlines()[0].rstrip()
    if first.startswith(b"0000") and len(first) in range(120, 129) and first.endswith(b"2"):
        from integrations.bank.coda import read_coda

        return read_coda(file)
    raise BrokenFile(Reason.UNKNOWN_FORMAT)
