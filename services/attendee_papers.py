"""Attendee lists on paper: the sign-in sheet of each slot, and the badges. Whoever has no printable name gets an empty
line, or an empty badge, to be filled in by hand: nobody is left out because of an alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from integrations import qr
from integrations.documents import UnprintableText, render
from models.areas import Area
from models.base import db, in_language
from models.events import Event, Slot, event_area
from services.attendee_columns import PAPER, Matter, Purpose, Scope
from services.attendee_rows import Row, read_table
from services.certificate_records import drawing, mark
from services.dates import say_span
from services.document_words import badge_words, sign_in_words

MOST = 1_000  # people on one paper: a stack that one can still carry and sort
BLANK = 3  # empty lines for whoever comes unannounced


class NothingToPrint(ValueError):
    """Nobody to print a badge for."""


class NoSlots(ValueError):
    """The event has no dates yet: a sign-in sheet is the sheet of a slot."""


class TooManyForPaper(ValueError):
    """More people than a paper holds; a table holds any number."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


@dataclass(frozen=True)
class Paper:
    """A printed list: its bytes, the columns it shows, how many people, and how many of their names it lacks letters for."""

    pdf: bytes
    columns: list[str]
    people: int
    unprintable: int


def print_paper(event: Event, purpose: Purpose, scope: Scope, locale: str, at: datetime) -> Paper:
    """The paper of a purpose: SIGN_IN or BADGES. Raises NothingToPrint, NoSlots, TooManyForPaper; DocumentError."""
    table = read_table(purpose, Matter(event, (), locale, scope), PAPER[purpose])
    try:
        rows = list(islice(table.rows, MOST + 1))
    finally:
        table.rows.close()
    if len(rows) > MOST:
        raise TooManyForPaper(MOST)
    made = sign_in_sheet(event, rows, locale) if purpose is Purpose.SIGN_IN else badge_sheet(event, rows, locale)
    template = "sign-in-sheet" if purpose is Purpose.SIGN_IN else "badge-sheet"
    data, unprintable = printable(template, made, at)
    return Paper(data, table.keys, len(rows), unprintable)


def sign_in_sheet(event: Event, rows: Sequence[Row], locale: str) -> dict[str, Any]:
    """One sheet for each slot, by family name."""
    query = (
        select(Slot)
        .where(Slot.event_id == event.id, Slot.cancelled_at.is_(None))
        .options(selectinload(Slot.trainers))
        .order_by(Slot.starts_at, Slot.id)
    )
    place = ", ".join(dict.fromkeys(part for part in (event.venue, event.city) if part))
    slots = [
        {
            "when": sentence(say_span(slot.starts_at, slot.ends_at, locale, event.zone)),
            "place": ", ".join(part for part in (slot.room, place) if part) or "–",
            "trainer": ", ".join(trainer.name for trainer in slot.trainers) or "–",
        }
        for slot in db.session.scalars(query)
    ]
    if not slots:
        raise NoSlots(event.slug)
    people = [
        {"name": f"{given} {family}".strip(), "organisation": organisation} for family, given, organisation in rows
    ]
    return {
        **letterhead(event, sign_in_words(locale), locale),
        "code": event.slug,
        "blank": BLANK,
        "people": people,
        "slots": slots,
    }


def badge_sheet(event: Event, rows: Sequence[Row], locale: str) -> dict[str, Any]:
    """Ten badges to a page; the QR code holds the registration's public id, for the door."""
    if not rows:
        raise NothingToPrint(event.slug)
    people = [
        {"name": f"{given} {family}".strip(), "organisation": organisation, "qr": qr.print_svg(code)}
        for family, given, organisation, code in rows
    ]
    return {**letterhead(event, badge_words(locale), locale), "people": people}


def sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def letterhead(event: Event, words: dict[str, str], locale: str) -> dict[str, Any]:
    """Whose document it is, and the colour of the event's first area."""
    cluster = current_app.extensions["cluster"]
    first = db.session.scalar(
        select(Area)
        .join(event_area, event_area.c.area_id == Area.id)
        .where(event_area.c.event_id == event.id)
        .order_by(Area.position)
        .limit(1)
    )
    area = first and {
        "name": in_language(first.names, locale), "colour": first.colour_light, "emblem": drawing(first.slug),
    }  # fmt: skip
    return {
        "lang": locale,
        "words": words,
        "brand": {"name": cluster.name, "emblem": mark(), "colour": cluster.accent["light"]},
        "area": area,
        "event": in_language(event.titles, locale),
    }


def printable(template: str, data: dict[str, Any], at: datetime) -> tuple[bytes, int]:
    """The document without the characters that no typeface has, and how many people's names lost some.

    The engine names the characters of its first complaint only, so it is asked until it has none; each turn removes some.
    """
    lost: set[str] = set()
    issued = int(at.timestamp())
    while True:
        try:
            pdf = render(template, without(data, lost), issued_epoch=issued)
        except UnprintableText as problem:
            if lost.issuperset(problem.characters):
                raise
            lost |= set(problem.characters)
        else:
            return pdf, sum(bool(lost.intersection(person["name"])) for person in data["people"])


def without(data: dict[str, Any], lost: set[str]) -> dict[str, Any]:
    """The same data without these characters in names, organisations, titles and places; drawings stay as they are."""
    if not lost:
        return data
    gone = dict.fromkeys(map(ord, lost))

    def clean(value: Any) -> Any:
        return " ".join(value.translate(gone).split()) if isinstance(value, str) else value

    changed = {key: clean(value) for key, value in data.items()}
    for name in ("people", "slots"):
        entries = data.get(name, [])
        changed[name] = [
            {key: value if key == "qr" else clean(value) for key, value in entry.items()} for entry in entries
        ]
    return changed
