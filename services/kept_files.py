"""Files that answer a question: what they may be, and where they wait until their form is done.

A file is what its first bytes say, never what its name or the browser says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from sqlalchemy import delete, select

from models.base import db, now
from models.questions import KeptFile
from services.entrances import HOUR, Visitor
from services.names import clean
from services.throttles import allow, count_locked, network_key
from services.transaction import require_writing, writing

LARGEST = 5 * 1024 * 1024
KEPT = timedelta(hours=24)
FILES_PER_NETWORK = 120  # in an hour
OFFICE = "application/vnd.openxmlformats-officedocument."
ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    OFFICE + "wordprocessingml.document": "docx",
    OFFICE + "spreadsheetml.sheet": "xlsx",
    "text/plain": "txt",
}
OFFICE_PARTS = {"word/document.xml": "wordprocessingml.document", "xl/workbook.xml": "spreadsheetml.sheet"}
NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*%]+')


class FileRefused(ValueError):
    """A file that no answer may be; each subclass says why."""


class FileTooLarge(FileRefused):
    """More than LARGEST bytes."""


class FileEmpty(FileRefused):
    """Not one byte."""


class FileKindRefused(FileRefused):
    """None of the kinds in ENDINGS, or an office file with macros."""


@dataclass(frozen=True)
class Waiting:
    """A kept file as a form shows it."""

    public_id: str
    name: str


def type_of(content: bytes) -> str:
    """The media type of a file by its content. Raises FileTooLarge, FileEmpty or FileKindRefused."""
    if len(content) > LARGEST:
        raise FileTooLarge
    if not content:
        raise FileEmpty
    if content[:5] == b"%PDF-":
        return "application/pdf"
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if content[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[:4] == b"PK\x03\x04":
        return office_type(content)
    if is_text(content):
        return "text/plain"
    raise FileKindRefused


def office_type(content: bytes) -> str:
    """Which office document a zip is, by the names of its parts; nothing is unpacked."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (BadZipFile, ValueError, RuntimeError, OSError) as broken:
        raise FileKindRefused from broken
    if "[Content_Types].xml" in names and not any(name.endswith("vbaProject.bin") for name in names):
        for part, kind in OFFICE_PARTS.items():
            if part in names:
                return OFFICE + kind
    raise FileKindRefused


def is_text(content: bytes) -> bool:
    """UTF-8 without control characters, beginning as no page or script does."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any((ord(letter) < 32 and letter not in "\t\n\r\f") or ord(letter) == 127 for letter in text)


def safe_name(name: str, file_type: str) -> str:
    """A name that every system can keep: no folders, no marks, the ending of what the file is; at most 120 letters."""
    stem = clean(re.split(r"[/\\]", name)[-1])
    stem = " ".join(NOT_IN_NAMES.sub(" ", re.sub(r"\.[A-Za-z0-9]{1,5}$", "", stem)).split()).strip(" .")
    return f"{stem[:110].strip(' .') or 'file'}.{ENDINGS[file_type]}"


def keep_file(question_id: int, name: str, content: bytes, visitor: Visitor, at: datetime | None = None) -> Waiting:
    """Keep a chosen file for 24 hours, for this browser. Raises FileRefused or TooMany."""
    file_type, at = type_of(content), at or now()
    with writing() as session:
        allow("kept_file", network_key(visitor.ip), FILES_PER_NETWORK, HOUR)
        count_locked("kept_file", network_key(visitor.ip))
        kept = KeptFile(
            question_id=question_id, browser_hash=hash_of(visitor.browser_key), name=safe_name(name, file_type),
            file_type=file_type, content=content, created_at=at, expires_at=at + KEPT,
        )  # fmt: skip
        session.add(kept)
        session.flush()
        return Waiting(kept.public_id, kept.name)


def kept_for(public_id: str, question_id: int, browser_key: str, at: datetime | None = None) -> Waiting | None:
    """The file this browser chose for this question before; None when there is none, or no longer."""
    if not public_id or not browser_key:
        return None
    query = select(KeptFile.public_id, KeptFile.name).where(
        KeptFile.public_id == public_id,
        KeptFile.question_id == question_id,
        KeptFile.browser_hash == hash_of(browser_key),
        KeptFile.expires_at > (at or now()),
    )
    row = db.session.execute(query).first()
    return Waiting(*row) if row else None


def hash_of(browser_key: str) -> str:
    return sha256(browser_key.encode()).hexdigest()


def take_kept_locked(public_id: str, question_id: int) -> KeptFile | None:
    """The kept file that a form names, for its answer; None when it has expired. The caller deletes it."""
    query = select(KeptFile).where(KeptFile.public_id == public_id, KeptFile.question_id == question_id)
    return require_writing().scalar(query)


def forget_old_locked(at: datetime) -> int:
    """Delete the files whose form was never done; how many."""
    answer = require_writing().execute(
        delete(KeptFile).where(KeptFile.expires_at < at).execution_options(synchronize_session=False)
    )
    return int(getattr(answer, "rowcount", 0))
