"""What a file may be: said by its content, never by its name."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings, strategies as st

from services.kept_files import LARGEST, OFFICE, FileEmpty, FileKindRefused, FileTooLarge, safe_name, type_of


def office(*parts: str) -> bytes:
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        for part in ("[Content_Types].xml", *parts):
            archive.writestr(part, "<x/>")
    return held.getvalue()


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        ("Liège, µ".encode(), "text/plain"),
        (office("word/document.xml"), OFFICE + "wordprocessingml.document"),
        (office("xl/workbook.xml"), OFFICE + "spreadsheetml.sheet"),
    ],
)
def test_it_works(content: bytes, kind: str) -> None:
    assert type_of(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00",
        b"\x7fELF",
        b"GIF89a\x00",
        b"PK\x03\x04broken",
        office("evil.txt"),
        office("word/document.xml", "word/vbaProject.bin"),
    ],
)
def test_other_kinds_and_macros_are_refused(content: bytes) -> None:
    with pytest.raises(FileKindRefused):
        type_of(content)


def test_five_megabytes_and_not_one_byte_more() -> None:
    assert type_of(b"a" * LARGEST) == "text/plain"
    with pytest.raises(FileTooLarge):
        type_of(b"a" * (LARGEST + 1))
    with pytest.raises(FileEmpty):
        type_of(b"")


@pytest.mark.parametrize(
    "name, safe",
    [
        ("CV.PDF", "CV.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\bob\\cv.exe", "cv.pdf"),
        ("..", "file.pdf"),
        ('a"b<c>\r\nd.pdf', "a b c d.pdf"),
        ("Lettre d’été.docx", "Lettre d’été.pdf"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf") == safe


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_every_name_is_one_safe_file(name: str) -> None:
    safe = safe_name(name, "image/png")
    assert safe.endswith(".png")
    assert 5 <= len(safe) <= 120
    assert not set(safe) & set('/\\<>:"|?*\r\n\0')
    assert not safe.startswith(".")
