"""Tables that leave the system: CSV as Belgian spreadsheets open it, and XLSX with real dates and numbers.

Both take typed columns and an iterable of rows, read it once, and hold one block of rows in memory.
"""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import IO, Any
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"  # int, float or Decimal
    MONEY = "money"  # integer cents, written as a number with two decimals
    DATE = "date"
    DATETIME = "datetime"  # naive local, or aware when the column names a zone
    BOOL = "bool"


_WIDTHS = {Kind.TEXT: 24, Kind.NUMBER: 10, Kind.MONEY: 12, Kind.DATE: 12, Kind.DATETIME: 17, Kind.BOOL: 9}


@dataclass(frozen=True)
class Column:
    """One column: its title, what its cells hold, its width in characters, and the zone that shows its instants.

    A row is a tuple with one value per column; None is an empty cell.
    """

    title: str
    kind: Kind = Kind.TEXT
    width: int | None = None
    zone: ZoneInfo | None = None

    @property
    def characters(self) -> int:
        """Its width, never narrower than the title and the arrow of the filter."""
        return min(self.width or max(_WIDTHS[self.kind], len(self.title) + 4), 255)

    def local(self, instant: datetime) -> datetime:
        """`instant` as the clock on the wall shows it. ValueError for an aware one when the column names no zone."""
        if instant.tzinfo is None:
            return instant
        if self.zone is None:
            raise ValueError(f"The column {self.title!r} got an instant but names no zone to show it in.")
        return instant.astimezone(self.zone).replace(tzinfo=None)


# Characters that no cell may hold: XML 1.0 forbids them, and NUL ends a cell early. Tab and line ends stay.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# What a spreadsheet may take for a formula (OWASP, CSV injection), also behind spaces that some programs trim.
_FORMULA = re.compile("[\t\r\n]|[\\s\u200b-\u200f\u2060\ufeff]*[=+\\-@|＝＋－＠]")


def _clean(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if text.isprintable() else _FORBIDDEN.sub("", text)


def _like_formula(text: str) -> bool:
    # Nearly every cell begins with a letter or a digit and is spared the expression.
    return not text[:1].isalnum() and _FORMULA.match(text) is not None


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

BLOCK = 500


def csv_stream(
    header: Sequence[Column], rows: Iterable[Sequence[Any]], *, yes_no: tuple[str, str] = ("yes", "no")
) -> Iterator[bytes]:
    """The table as CSV, in blocks of 500 rows: UTF-8 with BOM, `;`, CRLF, quotes as RFC 4180 has them.

    Money and numbers have a decimal comma, since a programme that expects `;` reads 12.05 as a day in May; days are
    ISO 8601. A text that a spreadsheet could take for a formula gets a leading apostrophe and loses nothing.
    `yes_no` are the words for a BOOL, in the reader's language.
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    convert = [_csv_cell(column, yes_no) for column in header]
    written.write("\ufeff")
    writer.writerow([_guarded(column.title) for column in header])
    source = iter(rows)
    while block := list(islice(source, BLOCK)):
        writer.writerows(
            ["" if value is None else cell(value) for cell, value in zip(convert, row, strict=True)] for row in block
        )
        yield _taken(written)
    if written.tell():
        yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    block = written.getvalue().encode()
    written.seek(0)
    written.truncate()
    return block


def _csv_cell(column: Column, yes_no: tuple[str, str]) -> Callable[[Any], str]:
    match column.kind:
        case Kind.NUMBER:
            return _csv_number
        case Kind.MONEY:
            return _csv_money
        case Kind.DATE:
            return lambda day: day.isoformat() if type(day) is date else column.local(day).date().isoformat()
        case Kind.DATETIME:
            return lambda instant: column.local(instant).isoformat(" ", "minutes")
        case Kind.BOOL:
            return lambda value: _guarded(yes_no[0] if value else yes_no[1])
    return _guarded


def _guarded(value: object) -> str:
    text = _clean(value)
    return "'" + text if _like_formula(text) else text


def _csv_number(value: Any) -> str:
    return str(value).replace(".", ",") if math.isfinite(value) else ""


def _csv_money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02d}"


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

LONGEST_CELL = 32_767  # UTF-16 code units, Excel's limit

_FORMATS = {
    Kind.NUMBER: {"align": "right"},
    Kind.MONEY: {"num_format": "#,##0.00", "align": "right"},
    Kind.DATE: {"num_format": "dd/mm/yyyy", "align": "left"},
    Kind.DATETIME: {"num_format": "dd/mm/yyyy hh:mm", "align": "left"},
    Kind.BOOL: {"align": "left"},
}

# What writes one value: (row, column number, value) -> None.
_Write = Callable[[int, int, Any], object]


def xlsx_file(
    header: Sequence[Column], rows: Iterable[Sequence[Any]], *, sheet: str = "", created: datetime | None = None
) -> IO[bytes]:
    """The table as an open XLSX file, at its beginning; closing it deletes it.

    Real dates and numbers, a frozen header with filters, and headings on every printed page. A text stays a text,
    unchanged, whatever it begins with; beyond 32,767 characters it ends in “…”. Days before 1900 and numbers of more
    than 15 digits become text, because Excel cannot hold them. `created` (naive UTC) makes the bytes repeatable.
    """
    import xlsxwriter

    out = tempfile.TemporaryFile(prefix="atrium-sheet-")  # noqa: SIM115 – the caller closes it
    try:
        # A folder of our own, so that rows which fail half-way leave nothing behind.
        with tempfile.TemporaryDirectory(prefix="atrium-sheet-") as folder:
            book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": folder})
            try:
                _fill(book, header, rows, sheet_name(sheet), created)
            finally:
                book.close()
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def sheet_name(text: str) -> str:
    """`text` as a sheet's name: up to 31 characters, none of []:*?/\\, no apostrophe at an end, never empty."""
    name = re.sub(r"[\[\]:*?/\\\s]+", " ", _clean(text)).strip(" '")
    while len(name.encode("utf-16-le")) > 62:
        name = name[:-1].rstrip(" '")
    return "Sheet1" if not name or name.lower() == "history" else name


def _fill(
    book: Any, header: Sequence[Column], rows: Iterable[Sequence[Any]], name: str, created: datetime | None
) -> None:
    if created is not None:
        book.set_properties({"created": created})
    page = book.add_worksheet(name)
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    title = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    for number, column in enumerate(header):
        page.set_column(number, number, column.characters)
    for number, column in enumerate(header):
        page.write_string(0, number, _fitting(column.title), title)
    writes = [_xlsx_cell(book, page, column) for column in header]
    last = 0
    for last, row in enumerate(rows, start=1):
        for number, (write, value) in enumerate(zip(writes, row, strict=True)):
            if value is not None:
                write(last, number, value)
    if header:
        page.autofilter(0, 0, last, len(header) - 1)


def _xlsx_cell(book: Any, page: Any, column: Column) -> _Write:
    look = book.add_format(_FORMATS.get(column.kind, {}))
    text = partial(_write_text, page, book.add_format({"quote_prefix": True}))
    match column.kind:
        case Kind.NUMBER:
            return partial(_write_number, page, look, text)
        case Kind.MONEY:
            return lambda row, number, cents: page.write_number(row, number, cents / 100, look)
        case Kind.DATE | Kind.DATETIME:
            return partial(_write_time, page, look, text, column)
        case Kind.BOOL:
            return lambda row, number, value: page.write_boolean(row, number, bool(value), look)
    return text


def _write_text(page: Any, quoted: Any, row: int, number: int, value: object) -> None:
    text = _fitting(value)
    # The mark keeps a text a text even after somebody edits the cell.
    page.write_string(row, number, text, quoted if _like_formula(text) else None)


def _write_number(page: Any, look: Any, text: _Write, row: int, number: int, value: Any) -> None:
    if not math.isfinite(value):
        return
    if abs(value) < 10**15:
        page.write_number(row, number, value, look)
    else:
        text(row, number, value)


def _write_time(page: Any, look: Any, text: _Write, column: Column, row: int, number: int, value: Any) -> None:
    local = column.local(value) if isinstance(value, datetime) else value
    if column.kind is Kind.DATE and isinstance(local, datetime):
        local = local.date()
    if local.year < 1900:
        text(row, number, local.isoformat())
    else:
        page.write_datetime(row, number, local, look)


def _fitting(value: object) -> str:
    text = _clean(value)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) * 2 > LONGEST_CELL and len(units := text.encode("utf-16-le")) > LONGEST_CELL * 2:
        text = units[: (LONGEST_CELL - 1) * 2].decode("utf-16-le", "ignore") + "…"
    return text
