"""Atom feeds (RFC 4287): the coming events of an area, the same bytes while nothing a reader can see has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import select

from config import Cluster
from models.base import db, in_language
from models.courses import Course
from models.events import Event
from services.areas import AreaWords
from services.dates import hours_words, local_day, month_day, names_of

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
MOST = 100


def area_feed(area: AreaWords, ids: Sequence[int], locale: str, public_url: str, cluster: Cluster) -> str:
    """The feed of these events in the language `locale`; one query. Ids of entries are tag: URIs that never change."""
    rows = db.session.execute(
        select(
            Event.public_id, Event.slug, Event.titles, Event.summaries, Event.starts_at, Event.ends_at, Event.zone,
            Event.city, Event.updated_at, Event.created_at, Course.summaries.label("course_summaries"),
        )
        .outerjoin(Course, Course.id == Event.course_id)
        .where(Event.id.in_(ids[:MOST]))
        .order_by(Event.starts_at, Event.id)
    ).all()  # fmt: skip
    updated = max((row.updated_at for row in rows), default=BEGINNING)
    here = f"{public_url}/areas/{area.slug}"
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(locale)}>',
        f"<id>tag:{escape(cluster.domain)},2026:areas/{area.slug}</id>",
        f"<title>{escape(area.name)} · {escape(cluster.name)}</title>",
        f"<updated>{stamp(updated)}</updated>",
        f"<author><name>{escape(cluster.name)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(f"{here}.atom?lang={locale}")}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(f"{here}?lang={locale}")}/>',
    ]
    for row in rows:
        summary = in_language(row.summaries, locale) or in_language(row.course_summaries, locale)
        said = f"{when(row.starts_at, row.ends_at, row.zone, locale)}{f' · {row.city}' if row.city else ''}. {summary}"
        parts += [
            "<entry>",
            f"<id>tag:{escape(cluster.domain)},2026:events/{row.public_id}</id>",
            f"<title>{escape(in_language(row.titles, locale))}</title>",
            f"<published>{stamp(row.created_at)}</published>",
            f"<updated>{stamp(row.updated_at)}</updated>",
            f'<link rel="alternate" type="text/html" href={quoteattr(f"{public_url}/events/{row.slug}?lang={locale}")}/>',
            f"<summary>{escape(said)}</summary>",
            "</entry>",
        ]
    return "\n".join([*parts, "</feed>", ""])


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def when(starts_at: datetime, ends_at: datetime, zone: str, locale: str) -> str:
    """The first day with its year, and its hours when it is the only one: words that do not depend on today."""
    day = local_day(starts_at, zone)
    said = f"{names_of(locale)[0][day.weekday()]} {month_day(day, locale)} {day.year}"
    one_day = day == local_day(ends_at, zone)
    return f"{said}, {hours_words(starts_at, ends_at, locale, zone)}" if one_day else said
