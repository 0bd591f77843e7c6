"""The sitemap: every public page with its alternates in the other languages (sitemaps.org, protocol 0.9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from sqlalchemy import select

from models.base import db
from models.courses import Course, Programme, Publication
from models.events import Event
from services.areas import all_areas
from services.catalogue import LISTED

MOST = 10_000
"""Addresses per file; the protocol allows 50,000 of them, alternates counted."""
FIXED = ("/", "/events", "/programmes", "/terms", "/privacy", "/accessibility", "/contact")


def sitemap_xml(public_url: str, languages: Sequence[str]) -> str:
    """The whole file; three queries."""
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for path, changed in pages():
        parts += entries(public_url + path, languages, changed)
    return "\n".join([*parts, "</urlset>", ""])


def pages() -> Iterator[tuple[str, datetime | None]]:
    """The path of every public page, and when it changed last when that is known."""
    yield from ((path, None) for path in FIXED)
    yield from ((f"/areas/{area.slug}", None) for area in all_areas())
    for folder, model, listed in (
        ("programmes", Programme, (Programme.publication == Publication.PUBLISHED,)),
        ("courses", Course, (Course.publication == Publication.PUBLISHED,)),
    ):
        rows = db.session.execute(select(model.slug, model.updated_at).where(*listed).order_by(model.slug))
        yield from ((f"/{folder}/{slug}", changed) for slug, changed in rows)
    events = select(Event.slug, Event.updated_at).where(*LISTED).order_by(Event.starts_at.desc(), Event.id).limit(MOST)
    yield from ((f"/events/{slug}", changed) for slug, changed in db.session.execute(events))


def entries(address: str, languages: Sequence[str], changed: datetime | None) -> Iterable[str]:
    """One page in each language; every one names all the others."""
    alternates = [
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(address)}?lang={code}"/>' for code in languages
    ]
    stamp = [f"<lastmod>{changed:%Y-%m-%d}</lastmod>"] if changed else []
    for code in languages:
        yield "".join(["<url>", f"<loc>{escape(address)}?lang={code}</loc>", *stamp, *alternates, "</url>"])
