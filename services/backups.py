"""Backups: the database, the generated keys and the stored files in one archive, which restores on either engine.

The archive is a gzipped tar: `manifest.json`, `tables/<name>.jsonl` (services/dumps.py), `instance/<key>`, `files/…`.
Because rows are kept in a portable form, a backup made on SQLite restores on PostgreSQL and the other way round.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from config import Settings
from models.base import db, now
from services import dumps, schema

FORMAT = 1
KEYS = ("secret_key", "*.pem", "*.key")  # what instance/ keeps that cannot be made again


class CannotRestore(ValueError):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True)
class Contents:
    """What an archive holds."""

    made_at: str
    engine: str
    revision: str
    tables: dict[str, dict[str, Any]]  # name → {"columns": […], "rows": number}
    files: int

    @property
    def rows(self) -> int:
        return sum(int(table["rows"]) for table in self.tables.values())


def back_up(settings: Settings, path: Path) -> Contents:
    """Write the archive at `path`, readable by its owner only: it holds keys and personal data.

    The database is read in one snapshot while the site goes on. The file appears under its name when it is complete.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    db.session.rollback()
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
            tables = add_tables(archive)
            files = add_files(archive, settings)
            contents = Contents(
                now().isoformat(timespec="seconds"),
                db.engine.dialect.name,
                schema.present_revision() or "",
                tables,
                files,
            )
            add_bytes(archive, "manifest.json", json.dumps({"format": FORMAT, **vars(contents)}, indent=1).encode())
        raw.flush()
        os.fsync(raw.fileno())
    part.replace(path)
    return contents


def add_tables(archive: tarfile.TarFile) -> dict[str, dict[str, Any]]:
    """Every table, as of one moment."""
    kept = {}
    with dumps.snapshot(db.engine) as connection:
        for table in dumps.kept_tables(connection):
            rows = 0
            with tempfile.TemporaryFile() as file:
                for line in dumps.rows_of(connection, table):
                    file.write(line.encode() + b"\n")
                    rows += 1
                add_open(archive, f"tables/{table.name}.jsonl", file)
            kept[table.name] = {"columns": [column.name for column in table.columns], "rows": rows}
    return kept


def add_files(archive: tarfile.TarFile, settings: Settings) -> int:
    """The keys of instance/ and, when they are kept in a folder, the stored files."""
    number = 0
    for path in kept_keys(settings.instance):
        add_bytes(archive, f"instance/{path.name}", path.read_bytes())
        number += 1
    for path, name in stored_files(settings):
        with path.open("rb") as file:
            add_open(archive, f"files/{name}", file)
        number += 1
    return number


def kept_keys(instance: Path) -> list[Path]:
    return sorted(path for pattern in KEYS for path in instance.glob(pattern) if path.is_file())


def stored_in(settings: Settings) -> Path | None:
    """The folder of stored files; None when another service keeps them, and backs them up."""
    scheme, _, rest = settings.storage_url.partition("://")
    return Path(rest) if scheme == "folder" else None


def stored_files(settings: Settings) -> list[tuple[Path, str]]:
    folder = stored_in(settings)
    if folder is None:
        return []
    return [(path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file()]


def add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    add_open(archive, name, io.BytesIO(content))


def add_open(archive: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    """Add an open file from its beginning; owners and dates of this machine are left out."""
    member = tarfile.TarInfo(name)
    member.size = file.seek(0, os.SEEK_END)
    member.mode = 0o600
    member.mtime = int(now().timestamp())
    file.seek(0)
    archive.addfile(member, file)


def restore(settings: Settings, path: Path, *, force: bool = False) -> Contents:
    """Make the database, the keys and the files what the archive says, then bring them up to date.

    Raises CannotRestore when the archive cannot be read to its end, was made by a newer version, or when the database
    has rows and `force` is not given. A database that stands at the archive's revision changes in one transaction.
    """
    contents = read_through(path)
    if not schema.is_known(contents.revision):
        raise CannotRestore(
            f"the backup was made by a newer version (revision {contents.revision}): upgrade Atrium first"
        )
    db.session.rollback()
    present = rows_present()
    if present and not force:
        raise CannotRestore(f"the database already holds {present} rows; --force replaces them by those of the backup")
    if schema.present_revision() != contents.revision:
        schema.drop_tables()
        schema.migrate(contents.revision)
    with tarfile.open(path, "r:gz") as archive:
        put_rows(archive, contents)
        put_files(archive, settings)
    schema.migrate()
    return contents


def rows_present() -> int:
    with db.engine.connect() as connection:
        return sum(schema.counts(connection).values())


def read_through(path: Path) -> Contents:
    """The manifest, after every member was read and its rows counted: a damaged archive is refused before any change."""
    found: dict[str, int] = {}
    manifest = None
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name == "manifest.json":
                    manifest = json.loads(opened(archive, member).read())
                elif member.isfile():
                    check_name(member.name)
                    found[member.name] = sum(1 for _ in lines_of(archive, member))
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise CannotRestore(f"{path.name} is not a backup, or it is damaged: {error}") from error
    if not manifest or manifest.pop("format", None) != FORMAT:
        raise CannotRestore(f"{path.name} is not a backup of Atrium")
    contents = Contents(**manifest)
    for name, table in contents.tables.items():
        if found.get(f"tables/{name}.jsonl") != table["rows"]:
            raise CannotRestore(f"{path.name} is damaged: rows of {name} are missing")
    return contents


def check_name(name: str) -> None:
    """Refuse a member that would be written outside its folder."""
    parts = PurePosixPath(name).parts
    if parts[0] not in ("tables", "instance", "files") or ".." in parts or len(parts) < 2:
        raise CannotRestore(f"the backup holds a file that does not belong there: {name}")


def opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise CannotRestore(f"the backup holds something that is not a file: {member.name}")
    return file


def lines_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[str]:
    """The lines of a table, or one line for each line break of another file (they are only read through)."""
    for line in opened(archive, member):
        yield line.decode() if member.name.startswith("tables/") else ""


def put_rows(archive: tarfile.TarFile, contents: Contents) -> None:
    with dumps.open_for_loading(db.engine) as connection:
        tables = {table.name: table for table in dumps.kept_tables(connection)}
        missing = sorted(set(contents.tables) - set(tables))
        if missing:
            raise CannotRestore(f"the backup has tables that its revision does not make: {', '.join(missing)}")
        dumps.empty(connection, tables.values())
        for name, described in contents.tables.items():
            lines = lines_of(archive, archive.getmember(f"tables/{name}.jsonl"))
            dumps.load_rows(connection, tables[name], described["columns"], lines)
        dumps.continue_numbers(connection, tables.values())


def put_files(archive: tarfile.TarFile, settings: Settings) -> None:
    """Write keys and files. A key that differs from the one in place is kept beside it, as `<name>.before-restore`."""
    folders = {"instance": settings.instance, "files": stored_in(settings)}
    for member in archive:
        kind, _, rest = member.name.partition("/")
        folder = folders.get(kind)
        if folder is None or not rest or not member.isfile():
            continue
        path = folder / rest
        path.parent.mkdir(parents=True, exist_ok=True)
        content = opened(archive, member)
        if kind == "instance" and path.exists():
            path.replace(path.with_name(path.name + ".before-restore"))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            shutil.copyfileobj(content, file)
