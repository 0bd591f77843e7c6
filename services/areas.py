"""The strategic areas: loaded from the cluster file into rows, read once per process."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import event, select

from config import ROOT, Cluster
from models.areas import Area
from models.base import Texts, db, in_language
from services.transaction import require_writing

KEPT_FOR = 60.0  # seconds: another process may have loaded new areas
PATH_DATA = re.compile(r"[MLHVCSQTAZmlhvcsqtaz0-9 ,.+\-]+")


class AreaMalformed(ValueError):
    """The cluster file describes an area that cannot be drawn or named; the message says which and why."""


@dataclass(frozen=True)
class AreaWords:
    """An area in one language, as the templates draw it."""

    id: int
    slug: str
    name: str
    text: str
    emblem: str


@dataclass(frozen=True)
class AreaFacts:
    """An area as it stands in the database, free of any session."""

    id: int
    slug: str
    names: Texts = field(hash=False)
    texts: Texts = field(hash=False)
    emblem: str
    colour_light: str
    colour_dark: str

    def name(self, locale: str) -> str:
        return in_language(self.names, locale)

    def words(self, locale: str) -> AreaWords:
        """The area in one language."""
        return AreaWords(self.id, self.slug, self.name(locale), in_language(self.texts, locale), self.emblem)


class Kept:
    """What this process remembers, and since when (seconds of the monotonic clock)."""

    areas: tuple[AreaFacts, ...] = ()
    since: float = 0.0


def all_areas() -> tuple[AreaFacts, ...]:
    """Every area in the cluster's order; kept in the process for a minute, or until `forget_areas`."""
    if not Kept.areas or time.monotonic() - Kept.since > KEPT_FOR:
        columns = (Area.id, Area.slug, Area.names, Area.texts, Area.emblem, Area.colour_light, Area.colour_dark)
        Kept.areas = tuple(AreaFacts(*row) for row in db.session.execute(select(*columns).order_by(Area.position)))
        Kept.since = time.monotonic()
    return Kept.areas


def area_by_slug(slug: str) -> AreaFacts | None:
    """The area with this slug, or None."""
    return next((area for area in all_areas() if area.slug == slug), None)


@lru_cache(maxsize=64)
def words_of(areas: tuple[AreaFacts, ...], locale: str) -> tuple[AreaWords, ...]:
    return tuple(area.words(locale) for area in areas)


def areas_in(locale: str) -> tuple[AreaWords, ...]:
    """Every area with its name and text in `locale`."""
    return words_of(all_areas(), locale)


def forget_areas() -> None:
    """Read the areas again at the next use."""
    Kept.areas = ()
    words_of.cache_clear()


@event.listens_for(Area, "after_insert")
@event.listens_for(Area, "after_update")
def area_changed(mapper: Any, connection: Any, area: Area) -> None:
    """An area written in this process is read anew at the next use."""
    forget_areas()


def load_areas_locked(cluster: Cluster) -> None:
    """Make the Area rows say what the cluster file says. An area that left the file keeps its row: events name it.

    Raises AreaMalformed when a drawing cannot be read.
    """
    session = require_writing()
    known = {area.slug: area for area in session.scalars(select(Area))}
    for position, described in enumerate(cluster.areas):
        area = known.get(described["slug"])
        if area is None:
            area = Area(slug=described["slug"])
            session.add(area)
        area.position = position
        area.names, area.texts = dict(described["name"]), dict(described.get("text", {}))
        area.emblem = path_data(described)
        area.colour_light, area.colour_dark = described["colour_light"], described["colour_dark"]
    session.flush()
    forget_areas()


def path_data(described: dict[str, Any]) -> str:
    """The path of an area's emblem: from the SVG file it names in static/emblems, or given as path data itself."""
    given = str(described.get("emblem") or f"{described['slug']}.svg")
    if given.endswith(".svg"):
        file = ROOT / "static" / "emblems" / given
        if not file.is_file():
            raise AreaMalformed(f"area {described['slug']}: there is no emblem {given} in static/emblems")
        found = re.search(r'\bd="([^"]+)"', file.read_text(encoding="utf-8"))
        given = found.group(1) if found else ""
    if not PATH_DATA.fullmatch(given):
        raise AreaMalformed(f"area {described['slug']}: its emblem is not one SVG path")
    return given
