"""The mail folder read back, for the demo: what was sent, as a mail program would show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.policy import default
from pathlib import Path

from integrations.mail import folder_of

__all__ = ["KeptLetter", "folder_of", "letter", "letters"]

SHOWN = 200
NAME = re.compile(r"[0-9a-z]{26}")  # public ids only: nothing outside the folder can be named
CODE = re.compile(r"\b(\d{3})[ \u00a0](\d{3})\b")


@dataclass(frozen=True)
class KeptLetter:
    name: str
    kept_at: datetime
    recipient: str
    subject: str
    code: str  # the six digits of a mail that brings them, else ''
    text: str = ""
    html: str = ""
    files: tuple[str, ...] = ()


def letters(folder: Path) -> list[KeptLetter]:
    """The latest mails of the folder, newest first, without their bodies. A folder that is not there holds none."""
    files = [path for path in folder.glob("*.eml") if NAME.fullmatch(path.stem)]
    files.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [read(path, whole=False) for path in files[:SHOWN]]


def letter(folder: Path, name: str) -> KeptLetter | None:
    """One mail of the folder with its bodies; None when there is none of that name."""
    path = folder / f"{name}.eml"
    return read(path, whole=True) if NAME.fullmatch(name) and path.is_file() else None


def read(path: Path, *, whole: bool) -> KeptLetter:
    parser = BytesParser(policy=default) if whole else BytesHeaderParser(policy=default)
    message = parser.parsebytes(path.read_bytes())
    subject = str(message["Subject"])
    found = CODE.search(subject)
    return KeptLetter(
        name=path.stem,
        kept_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        recipient=str(message["To"]),
        subject=subject,
        code=f"{found[1]}{found[2]}" if found else "",
        text=body(message, "plain") if whole else "",
        html=body(message, "html") if whole else "",
        files=tuple(part.get_filename() or "" for part in message.iter_attachments()) if whole else (),
    )


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
