"""Bringing an installation up to date: a backup, the migrations, the areas of the cluster file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config import Cluster, Settings
from models.base import now
from services import backups, schema
from services.areas import load_areas_locked
from services.transaction import writing


class NewerDatabase(RuntimeError):
    """The database was upgraded by a newer version of the program than this one."""


@dataclass(frozen=True)
class Done:
    """What was done. `before` is None for a database that had no tables."""

    before: str | None
    revision: str
    backup: Path | None = None

    @property
    def created(self) -> bool:
        return self.before is None


def bring_up_to_date(settings: Settings, cluster: Cluster) -> Done:
    """Create the tables of an empty database, or back it up and migrate it; then load the areas.

    Nothing is backed up when there is nothing to migrate. Raises NewerDatabase.
    """
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    before, newest = schema.present_revision(), schema.newest_revision()
    if before is not None and not schema.is_known(before):
        raise NewerDatabase(
            f"the database is at revision {before}, which this version does not know: install the newer one"
        )
    backup = None
    if before is not None and before != newest:
        backup = settings.instance / "backups" / f"{now():%Y-%m-%d-%H%M%S}-before-{newest}.tar.gz"
        backups.back_up(settings, backup)
    if before != newest:
        schema.migrate()
    with writing():
        load_areas_locked(cluster)
    return Done(before, newest, backup)
