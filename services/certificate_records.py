"""What a certificate says: the record that is frozen at issue, and the document made from it.

A record holds everything printed, in the certificate's language, and the facts behind the words (slots, minutes, days).
It is kept as canonical JSON with its SHA-256; nothing is ever computed again from the event, the course or the person.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import force_locale, pgettext

from config import ROOT
from models.base import in_language, language_of
from models.events import Event
from models.registrations import Registration
from services.areas import all_areas
from services.dates import LONG_AGO, day_words, local_day, say_minutes, slots_words
from services.document_words import certificate_words

FORMAT = 1  # of the record
TEMPLATE = "attendance-1"  # name and version of what was printed
MOST_OUTCOMES = 5

Record = dict[str, Any]


def record_of(
    registration: Registration, event: Event, planned: int, number: str, public_id: str, issued_at: datetime
) -> Record:
    """The record of one registration: `event` with slots, areas and course, the registration with person and order.

    `planned` are the event's minutes. The language is the order's, as long as we print in it.
    """
    cluster = current_app.extensions["cluster"]
    locale = registration.order.locale if registration.order.locale in cluster.languages else cluster.languages[0]
    slots = [(slot.starts_at, slot.ends_at) for slot in event.slots if slot.cancelled_at is None]
    record: Record = {
        "format": FORMAT,
        "template": TEMPLATE,
        "lang": locale,
        "number": number,
        "name": printed_name(registration),
        "title": in_language(event.titles, locale),
        "dates": slots_words(tuple(sorted(slots)), locale, event.zone, LONG_AGO, False),
        "hours": hours_words(registration.attended_minutes or 0, planned, locale),
        "place": place_words(event, locale),
        "outcomes": outcomes_of(event, locale),
        "area": area_of(event, locale),
        "minutes": {"attended": registration.attended_minutes or 0, "planned": planned},
        "slots": [[instant(start), instant(end)] for start, end in slots],
        "words": certificate_words(locale),
        **issuer_of(locale),
        **validity_of(event, locale),
    }
    return {**record, **issue_of(public_id, issued_at, locale, event.zone)}


def reissued(record: Record, *, name: str, number: str, public_id: str, issued_at: datetime, zone: str) -> Record:
    """The same record for another name: what the first one said of the training stays, word for word."""
    renamed = {**record, "name": name, "number": number}
    return {**renamed, **issue_of(public_id, issued_at, record["lang"], zone)}


def printed_name(registration: Registration) -> str:
    """The name a person wants on certificates, else the one of the registration."""
    wanted = registration.person.certificate_name if registration.person else None
    return wanted or registration.name


def hours_words(attended: int, planned: int, locale: str) -> str:
    """“7 hours of 10.5 hours”."""
    with force_locale(locale):
        return pgettext(
            "certificate",
            "%(attended)s of %(planned)s",
            attended=say_minutes(attended, locale),
            planned=say_minutes(planned, locale),
        )


def place_words(event: Event, locale: str) -> str:
    """House and town; “Online” when people met nowhere else."""
    place = ", ".join(dict.fromkeys(part for part in (event.venue, event.city) if part))
    if place:
        return place
    with force_locale(locale):
        return pgettext("certificate", "Online")


def outcomes_of(event: Event, locale: str) -> list[str]:
    """What the course set out to teach, at most five: in the certificate's language, else in one that has them."""
    if event.course is None:
        return []
    texts = {code: "\n".join(lines) for code, lines in event.course.outcomes.items() if lines}
    return event.course.outcomes[language_of(texts, locale)][:MOST_OUTCOMES] if texts else []


def area_of(event: Event, locale: str) -> dict[str, str] | None:
    """The first area of the event, with the colour it is printed in."""
    if not event.areas:
        return None
    area = event.areas[0]
    return {"slug": area.slug, "name": in_language(area.names, locale), "colour": area.colour_light}


def issuer_of(locale: str) -> Record:
    """Who certifies, and who signs."""
    cluster = current_app.extensions["cluster"]
    home = cluster.address
    place = f"{home['street']}, {home['postal_code']} {home['city']}"
    legal = f"{cluster.legal_name}, {place}, {home['country']} {cluster.enterprise_number}"
    signatory = {"name": cluster.signatory["name"], "role": in_language(cluster.signatory["role"], locale)}
    return {
        "brand": {"name": cluster.name, "colour": cluster.accent["light"]},
        "issuer": {"name": cluster.name, "legal": legal},
        "signatory": signatory,
    }


def validity_of(event: Event, locale: str) -> Record:
    """Until when the certificate holds, counted from the last day of the training; nothing when it holds for ever."""
    months = event.course.validity_months if event.course else None
    if not months:
        return {}
    until = months_after(local_day(event.ends_at, event.zone), months)
    return {"valid_until": until.isoformat(), "valid": day_words(until, locale, False, LONG_AGO)}


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def issue_of(public_id: str, issued_at: datetime, locale: str, zone: str) -> Record:
    day = local_day(issued_at, zone)
    return {
        "issued_on": day.isoformat(),
        "issued": day_words(day, locale, False, LONG_AGO),
        "verify": address_of(public_id),
    }


def address_of(public_id: str) -> str:
    """Where anybody can check the certificate."""
    return f"{current_app.extensions['atrium'].public_url}/certificates/{public_id}"


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def document_of(record: Record) -> dict[str, Any]:
    """What integrations/documents.py prints of a record: the same words, with the drawings beside them."""
    from integrations import qr

    printed = ("lang", "words", "number", "name", "title", "dates", "hours", "place", "outcomes", "issuer", "signatory",
               "issued")  # fmt: skip
    area = record["area"]
    return {
        **{key: record[key] for key in printed},
        "valid": record.get("valid"),
        "brand": {**record["brand"], "emblem": mark()},
        "area": {**area, "emblem": drawing(area["slug"])} if area else None,
        "verify": {"url": record["verify"], "qr": qr.print_svg(record["verify"])},
    }


@lru_cache(maxsize=1)
def mark() -> str:
    """The mark of the house."""
    return (ROOT / "static" / "emblems" / "atrium.svg").read_text(encoding="utf-8")


def drawing(slug: str) -> str:
    """An area's emblem as an SVG file; the mark of the house for an area that is gone."""
    path = next((area.emblem for area in all_areas() if area.slug == slug), None)
    if path is None:
        return mark()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><path fill="currentColor" fill-rule="evenodd" '
        f'd="{path}"/></svg>'
    )
