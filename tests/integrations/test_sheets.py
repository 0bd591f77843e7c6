"""Sheets, read back by other programs: nothing lost, nothing run, and no more memory than one block."""

# ruff: noqa: DTZ001 – the cells of a sheet hold the time of the wall clock, without a zone

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import example, given, settings, strategies as st

from config import ROOT
from integrations import sheets
from integrations.sheets import Column, Kind

pytestmark = pytest.mark.pure

BRUSSELS = ZoneInfo("Europe/Brussels")

COLUMNS = (
    Column("Name"),
    Column("Phone"),
    Column("Price", Kind.MONEY),
    Column("Registered", Kind.DATETIME, zone=BRUSSELS),
    Column("Born", Kind.DATE),
    Column("Places", Kind.NUMBER),
    Column("Member", Kind.BOOL),
)
CAROL = (
    "Carol; “Delvaux”", "+32 475 12 34 56", 50_820, datetime(2026, 7, 1, 7, 5, tzinfo=UTC), date(1990, 2, 28), 2, True,
)  # fmt: skip
NOBODY = (None,) * 7

# What a spreadsheet takes for a formula, however it is dressed.
DANGEROUS = [
    "=1+1", "+32 475 12 34 56", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|calc", "＝1+1", "＋1", "－1", "＠x",
    '=HYPERLINK("http://x.example";"y")', "=cmd|' /C calc'!A0", " =1+1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\x00=1",
]  # fmt: skip

FORMULA_STARTS = tuple("=+-@\t\r\n|＝＋－＠")


def written(columns: Any, rows: Any, **options: Any) -> bytes:
    return b"".join(sheets.csv_stream(columns, rows, **options))


def csv_rows(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def workbook(columns: Any, rows: Any, **options: Any) -> Any:
    with sheets.xlsx_file(columns, rows, **options) as file:
        return openpyxl.load_workbook(io.BytesIO(file.read()))


def xlsx_text(text: str) -> Any:
    return workbook([Column("A")], [(text,)]).active["A2"]


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_csv_as_a_belgian_spreadsheet_opens_it() -> None:
    data = written(COLUMNS, [CAROL, NOBODY])
    assert csv_rows(data) == [
        ["Name", "Phone", "Price", "Registered", "Born", "Places", "Member"],
        ["Carol; “Delvaux”", "'+32 475 12 34 56", "508,20", "2026-07-01 09:05", "1990-02-28", "2", "yes"],
        [""] * 7,
    ]
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    assert '"Carol; “Delvaux”"'.encode() in data


@pytest.mark.parametrize(
    "kind, value, cell",
    [
        (Kind.MONEY, 5, "0,05"),
        (Kind.MONEY, -1_050, "-10,50"),
        (Kind.MONEY, 0, "0,00"),
        (Kind.NUMBER, -5, "-5"),
        (Kind.NUMBER, Decimal("7.5"), "7,5"),
        (Kind.NUMBER, 0.25, "0,25"),
        (Kind.NUMBER, float("nan"), ""),
        (Kind.BOOL, False, "non"),
        (Kind.DATE, datetime(2026, 11, 24, 23, 30), "2026-11-24"),
        (Kind.DATETIME, datetime(2026, 11, 24, 9, 0), "2026-11-24 09:00"),
        (Kind.TEXT, 12, "12"),
        (Kind.TEXT, "", ""),
    ],
)
def test_csv_cells_by_kind(kind: Kind, value: object, cell: str) -> None:
    columns = [Column("A", kind), Column("B")]
    assert csv_rows(written(columns, [(value, "x")], yes_no=("oui", "non")))[1] == [cell, "x"]


def test_a_quote_and_a_line_end_stay_in_their_cell() -> None:
    text = 'say "hi"; then\r\ngo\n'
    assert csv_rows(written([Column("A"), Column("B")], [(text, "b")]))[1] == [text, "b"]
    assert b'"say ""hi""; then' in written([Column("A")], [(text,)])


@pytest.mark.parametrize("text", DANGEROUS)
def test_csv_defuses_a_formula_and_keeps_every_character(text: str) -> None:
    cell = csv_rows(written([Column("A"), Column("B")], [(text, "x")]))[1][0]
    assert cell == "'" + text.replace("\x00", "")


@pytest.mark.parametrize("text", ["Alice", "1+1", "a=b", "'quoted", "32 475", "(=1)", "é", "", " spaced "])
def test_csv_leaves_a_harmless_text_alone(text: str) -> None:
    assert csv_rows(written([Column("A"), Column("B")], [(text, "x")]))[1][0] == text


def test_a_title_and_a_word_for_yes_are_defused_too() -> None:
    columns = [Column("=1+1"), Column("B", Kind.BOOL)]
    assert csv_rows(written(columns, [("x", True)], yes_no=("+yes", "no"))) == [["'=1+1", "B"], ["x", "'+yes"]]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=20))
def test_csv_gives_back_any_text(rows: list[tuple[str, str]]) -> None:
    """Any text comes back whole or behind one apostrophe, and no cell begins as a formula does."""
    found = csv_rows(written([Column("A"), Column("B")], rows))[1:]
    assert len(found) == len(rows)
    for got, sent in zip(found, rows, strict=True):
        for cell, text in zip(got, sent, strict=True):
            kept = allowed(text)
            assert cell in (kept, "'" + kept)
            assert not cell.startswith(FORMULA_STARTS)


def allowed(text: str) -> str:
    """`text` without what XML 1.0 and half characters forbid."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n\r"
        or (letter >= " " and not 0xD800 <= ord(letter) <= 0xDFFF and ord(letter) not in (0xFFFE, 0xFFFF))
    )


def test_csv_comes_in_blocks_while_rows_are_read() -> None:
    read = 0

    def rows() -> Iterator[tuple[str]]:
        nonlocal read
        for read in range(1, 5_001):
            yield (f"Person {read}",)

    stream = sheets.csv_stream([Column("Name")], rows())
    assert next(stream).count(b"\r\n") == 501
    assert read == 500
    assert sum(block.count(b"\r\n") for block in stream) == 4_500


def test_an_empty_table_has_its_header() -> None:
    assert csv_rows(written(COLUMNS, [])) == [[column.title for column in COLUMNS]]
    assert [cell.value for cell in workbook(COLUMNS, []).active[1]] == [column.title for column in COLUMNS]


@pytest.mark.parametrize("write", [written, workbook])
def test_a_row_of_the_wrong_length_and_an_instant_without_zone_are_refused(write: Any) -> None:
    with pytest.raises(ValueError, match="zip"):
        write([Column("A"), Column("B")], [("a",)])
    with pytest.raises(ValueError, match="'When' got an instant but names no zone"):
        write([Column("When", Kind.DATETIME)], [(datetime(2026, 1, 1, tzinfo=UTC),)])


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_xlsx_holds_real_dates_and_numbers() -> None:
    page = workbook(COLUMNS, [CAROL, NOBODY], sheet="Attendees").active
    cells = page[2]
    assert [cell.value for cell in cells] == [
        "Carol; “Delvaux”", "+32 475 12 34 56", 508.2, datetime(2026, 7, 1, 9, 5), datetime(1990, 2, 28), 2, True,
    ]  # fmt: skip
    assert [cell.data_type for cell in cells] == ["s", "s", "n", "d", "d", "n", "b"]
    assert [cells[column].number_format for column in (2, 3, 4)] == ["#,##0.00", "dd/mm/yyyy hh:mm", "dd/mm/yyyy"]
    assert all(cell.value is None for cell in page[3])


def test_xlsx_is_ready_to_read_and_to_print() -> None:
    page = workbook(COLUMNS, [CAROL] * 4, sheet="Attendees").active
    assert page.title == "Attendees"
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:G5"
    assert page.print_title_rows == "$1:$1"
    assert (page.page_setup.orientation, page.page_setup.fitToHeight) == ("landscape", 0)
    assert page["A1"].font.b
    assert 24 <= page.column_dimensions["A"].width < 26


def test_a_column_is_never_narrower_than_its_title() -> None:
    assert Column("Dietary requirements", Kind.BOOL).characters == 24
    assert Column("A", width=40).characters == 40
    assert Column("x" * 300).characters == 255


@pytest.mark.parametrize("text", DANGEROUS)
def test_xlsx_keeps_a_formula_as_the_text_it_is(text: str) -> None:
    cell = xlsx_text(text)
    assert cell.data_type == "s"
    assert cell.value == text.replace("\x00", "").replace("\r", "\n")
    assert cell.quotePrefix


def test_a_harmless_text_carries_no_mark() -> None:
    assert not xlsx_text("Alice").quotePrefix


def test_an_address_stays_a_text() -> None:
    cell = xlsx_text("https://x.example/")
    assert (cell.value, cell.hyperlink) == ("https://x.example/", None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=15))
@example(["_x0041_", "a\r\nb\rc", "\x01\x1f\ud800\uffff", "  spaced  ", "<&>]]>"])
def test_xlsx_gives_back_any_text(texts: list[str]) -> None:
    page = workbook([Column("A"), Column("B")], [(text, "end") for text in texts]).active
    for row, text in enumerate(texts, start=2):
        cell = page.cell(row, 1)
        assert (unescaped(cell.value) or "") == allowed(text).replace("\r\n", "\n").replace("\r", "\n")
        assert cell.data_type in "sn"
        assert page.cell(row, 2).value == "end"


def unescaped(value: Any) -> Any:
    """What Excel shows: `_x005F_` is a written underscore (ECMA-376, ST_Xstring); openpyxl leaves it as it stands."""
    return value.replace("_x005F_", "_") if isinstance(value, str) else value


@pytest.mark.parametrize(
    "text, units", [("x" * 40_000, 32_767), ("é" * 32_767, 32_767), ("😀" * 20_000, 32_767), ("x😀" * 12_000, 32_767)]
)
def test_a_cell_too_long_for_excel_is_shortened_and_says_so(text: str, units: int) -> None:
    value = xlsx_text(text).value
    assert units - 2 <= len(value.encode("utf-16-le")) // 2 <= units
    if value != text:
        assert value.endswith("…")
        assert text.startswith(value[:-1])


@pytest.mark.parametrize(
    "kind, value, cell",
    [
        (Kind.NUMBER, 1234567890123456, "1234567890123456"),
        (Kind.NUMBER, Decimal("7.25"), 7.25),
        (Kind.NUMBER, float("inf"), None),
        (Kind.DATE, date(1899, 12, 31), "1899-12-31"),
        (Kind.DATE, datetime(2026, 11, 24, 23, 30, tzinfo=UTC), datetime(2026, 11, 25)),
        (Kind.MONEY, -5, -0.05),
        (Kind.BOOL, False, False),
        (Kind.TEXT, 12, "12"),
    ],
)
def test_xlsx_cells_by_kind(kind: Kind, value: object, cell: object) -> None:
    found = workbook([Column("A", kind, zone=BRUSSELS), Column("B")], [(value, "x")]).active["A2"].value
    assert found == cell
    assert type(found) is type(cell)


@pytest.mark.parametrize(
    "name, kept",
    [
        ("Attendees", "Attendees"),
        ("GMP: basics [1/2]?", "GMP basics 1 2"),
        ("", "Sheet1"),
        ("  ''  ", "Sheet1"),
        ("History", "Sheet1"),
        ("x" * 40, "x" * 31),
        ("😀" * 20, "😀" * 15),
        ("'quoted'", "quoted"),
    ],
)
def test_a_sheet_has_a_name_that_excel_accepts(name: str, kept: str) -> None:
    assert sheets.sheet_name(name) == kept
    assert workbook([Column("A")], [], sheet=name).active.title == kept


@given(st.text())
def test_any_text_makes_a_sheet_name(name: str) -> None:
    kept = sheets.sheet_name(name)
    assert 1 <= len(kept.encode("utf-16-le")) // 2 <= 31
    assert not set(kept) & set("[]:*?/\\")


def test_the_same_table_of_the_same_day_is_the_same_bytes() -> None:
    def file() -> bytes:
        with sheets.xlsx_file(COLUMNS, [CAROL], created=datetime(2026, 11, 24)) as open_file:
            return open_file.read()

    assert file() == file()
    assert zipfile.ZipFile(io.BytesIO(file())).testzip() is None


def test_rows_that_fail_half_way_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield ("Alice",)
        raise LookupError("the database went away")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(LookupError, match="went away"):
        sheets.xlsx_file([Column("A")], rows())
    assert list(tmp_path.iterdir()) == []


MEMORY = """
import resource, sys
from integrations.sheets import Column, csv_stream, xlsx_file
columns = [Column(f"Column {number}") for number in range(15)]
def rows(count):
    for number in range(count):
        yield tuple(f"{number} {column} some words to fill the cell" for column in range(15))
def table(count):
    if sys.argv[1] == "csv":
        for block in csv_stream(columns, rows(count)):
            pass
    else:
        xlsx_file(columns, rows(count)).close()
table(1_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table(10_000)
sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""


@pytest.mark.skipif(not hasattr(resource, "getrusage"), reason="needs the system's own count")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_ten_times_the_rows_take_no_more_memory(form: str) -> None:
    """10,000 rows × 15 are 6 MB of text; the peak, in KiB, must not follow."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, form], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 2_000


def test_local_time_follows_the_autumn_change() -> None:
    column = Column("When", Kind.DATETIME, zone=BRUSSELS)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    cells = [row[0] for row in csv_rows(written([column], [(first,), (first + timedelta(hours=1),)]))[1:]]
    assert cells == ["2026-10-25 02:30", "2026-10-25 02:30"]
