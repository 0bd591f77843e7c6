"""iCalendar (RFC 5545, RFC 7986): one VEVENT per slot, feeds that are byte-identical when nothing changed.

A serialiser of our own, because a feed of 500 slots must be written in milliseconds and because what clients trip over
lies in the details: folding by octets, control characters, time zones with rules, no UID and no METHOD on a feed.
Every function is pure: the same values give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

CONTENT_TYPE = "text/calendar; charset=utf-8"

PRODID = "-//Atrium//Events//EN"


@dataclass(frozen=True, kw_only=True)
class CalendarEntry:
    """One slot as calendars know it. All datetimes are aware; ValueError otherwise.

    `uid` never changes; `sequence` counts changes of time, place and status; `last_modified` is any change.
    `zone` is the IANA name of the place's zone. A cancelled entry stays in the feed, transparent and without alarm.
    """

    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    zone: str
    created: datetime
    last_modified: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    status: Literal["TENTATIVE", "CONFIRMED", "CANCELLED"] = "CONFIRMED"
    transparent: bool = False
    categories: tuple[str, ...] = ()
    conference_url: str | None = None
    alarm_minutes: int | None = None
    related_to: str | None = None
    organiser: tuple[str, str] | None = None  # name and address; a file in a mail needs one, a feed does not

    def __post_init__(self) -> None:
        for name in ("starts", "ends", "created", "last_modified"):
            if getattr(self, name).tzinfo is None:
                raise ValueError(f"{name} of {self.uid} has no time zone.")


def entry_bytes(entry: CalendarEntry) -> bytes:
    """The VEVENT of one slot, ready for `calendar_bytes`; worth caching by (uid, last_modified)."""
    cancelled = entry.status == "CANCELLED"
    modified = _utc(entry.last_modified)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"DTSTAMP:{modified}",  # not the time of writing: the bytes change only with the slot
        f"CREATED:{_utc(entry.created)}",
        f"LAST-MODIFIED:{modified}",
        f"SEQUENCE:{entry.sequence}",
        *_times(entry),
        f"SUMMARY:{_text(entry.summary)}",
    ]
    if entry.description:
        lines.append(f"DESCRIPTION:{_text(entry.description)}")
    if entry.location:
        lines.append(f"LOCATION:{_text(entry.location)}")
    if entry.url:
        lines.append(f"URL:{_uri(entry.url)}")
    if entry.organiser:
        name, address = entry.organiser
        lines.append(f'ORGANIZER;CN="{_parameter(name)}":mailto:{_uri(address)}')
    lines += [f"STATUS:{entry.status}", f"TRANSP:{'TRANSPARENT' if entry.transparent or cancelled else 'OPAQUE'}"]
    if entry.categories:
        lines.append("CATEGORIES:" + ",".join(map(_text, entry.categories)))
    if entry.conference_url and not cancelled:
        lines.append(f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:{_uri(entry.conference_url)}")
    if entry.related_to:
        lines.append(f"RELATED-TO:{_text(entry.related_to)}")
    if entry.alarm_minutes is not None and not cancelled:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(entry.summary)}",
                  f"TRIGGER:-PT{entry.alarm_minutes}M", "END:VALARM"]  # fmt: skip
    lines.append("END:VEVENT")
    return _folded(lines)


def calendar_bytes(
    name: str,
    entries: Iterable[bytes],
    *,
    zones: Iterable[str],
    source_url: str | None = None,
    method: str | None = None,
    colour: str | None = None,
    description: str | None = None,
) -> bytes:
    """A whole calendar of `entry_bytes`, in the order given.

    `zones` are the IANA zones of the entries. `colour` is a CSS name (RFC 7986 §5.9) or "#RRGGBB" (Apple's property).
    A feed has a `source_url` and no `method`; a file in a mail has `method="PUBLISH"` and no source. There is no
    calendar-level UID: with one, some clients take the whole feed for a single item.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    if method:
        lines.append(f"METHOD:{method}")
    lines += [f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}"]
    if description:
        lines += [f"DESCRIPTION:{_text(description)}", f"X-WR-CALDESC:{_text(description)}"]
    if colour:
        lines.append(f"X-APPLE-CALENDAR-COLOR:{colour}" if colour.startswith("#") else f"COLOR:{colour}")
    if source_url:
        lines += [
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "X-PUBLISHED-TTL:PT1H",
            f"SOURCE;VALUE=URI:{_uri(source_url)}",
        ]
    for zone in sorted(set(zones) & RULES.keys()):
        lines += _vtimezone(zone)
    return b"".join((_folded(lines), *entries, b"END:VCALENDAR\r\n"))


# ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

# Zones that keep the summer time of the European Union (directive 2000/84/EC: last Sundays of March and October,
# 01:00 UTC): hours east of Greenwich in winter, and the two abbreviations. Times in any other zone are written in UTC.
RULES: dict[str, tuple[int, str, str]] = (
    dict.fromkeys(("Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Canary"), (0, "WET", "WEST"))
    | {"Europe/London": (0, "GMT", "BST"), "Europe/Dublin": (0, "GMT", "IST")}
    | dict.fromkeys(
        (f"Europe/{city}" for city in (
            "Amsterdam", "Berlin", "Bratislava", "Brussels", "Budapest", "Copenhagen", "Ljubljana", "Luxembourg",
            "Madrid", "Malta", "Monaco", "Oslo", "Paris", "Prague", "Rome", "Stockholm", "Vienna", "Warsaw", "Zagreb",
            "Zurich",
        )),
        (1, "CET", "CEST"),
    )
    | dict.fromkeys(
        (f"Europe/{city}" for city in ("Athens", "Bucharest", "Helsinki", "Riga", "Sofia", "Tallinn", "Vilnius")),
        (2, "EET", "EEST"),
    )
)  # fmt: skip


def _vtimezone(zone: str) -> list[str]:
    # Rules and not lists of dates: with dates, several clients show summer one hour late. Onsets are in the old offset.
    winter, standard, daylight = RULES[zone]
    before, after = f"+{winter:02d}00", f"+{winter + 1:02d}00"
    return [
        "BEGIN:VTIMEZONE",
        f"TZID:{zone}",
        "BEGIN:DAYLIGHT",
        f"DTSTART:19700329T{winter + 1:02d}0000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        f"TZNAME:{daylight}",
        f"TZOFFSETFROM:{before}",
        f"TZOFFSETTO:{after}",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        f"DTSTART:19701025T{winter + 2:02d}0000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        f"TZNAME:{standard}",
        f"TZOFFSETFROM:{after}",
        f"TZOFFSETTO:{before}",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


_zone = lru_cache(ZoneInfo)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _times(entry: CalendarEntry) -> list[str]:
    """DTSTART and DTEND. An end that is not after the start is left out (RFC 5545 §3.8.2.2)."""
    instants = [entry.starts] if entry.ends <= entry.starts else [entry.starts, entry.ends]
    names = ("DTSTART", "DTEND")
    if entry.zone in RULES:
        local = [instant.astimezone(_zone(entry.zone)) for instant in instants]
        # The second 02:30 of the autumn night has no local spelling: “occurs more than once” means the first one
        # (RFC 5545 §3.3.5). The rules are those of 1996 and after.
        if not any(time.fold for time in local) and local[0].year > 1996:
            return [f"{name};TZID={entry.zone}:{time:%Y%m%dT%H%M%S}" for name, time in zip(names, local, strict=False)]
    return [f"{name}:{_utc(instant)}" for name, instant in zip(names, instants, strict=False)]


# ── Text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

# What some program takes for the end of a line, and the controls that no line may hold (RFC 5545 §3.1).
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _tidy(value: str) -> str:
    """`value` with one newline for every end of line and without controls."""
    return value if value.isprintable() else _CONTROLS.sub("", _LINE_ENDS.sub("\n", value))


def _text(value: str) -> str:
    """A TEXT value (RFC 5545 §3.3.11)."""
    return _tidy(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


# RFC 6868: what a quoted parameter value cannot hold.
_QUOTED = str.maketrans({"^": "^^", '"': "^'", "\n": "^n"})


def _parameter(value: str) -> str:
    return _tidy(value).translate(_QUOTED)


def _uri(value: str) -> str:
    """An address in ASCII, without what could end its line."""
    return quote(value.strip().encode("utf-8", "ignore"), safe=":/?#[]@!$&'()*+,;=%~")


def _folded(lines: Iterable[str]) -> bytes:
    """Lines of at most 75 octets, CRLF, never cut inside a character (RFC 5545 §3.1)."""
    out = []
    for line in lines:
        octets = line.encode("utf-8", "ignore")  # half a surrogate pair is no character
        while len(octets) > 75:
            cut = 75
            while octets[cut] & 0xC0 == 0x80:
                cut -= 1
            out.append(octets[:cut] + b"\r\n")
            octets = b" " + octets[cut:]
        out.append(octets + b"\r\n")
    return b"".join(out)


# ── Links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def google_link(entry: CalendarEntry) -> str:
    """The address that opens this slot, filled in, in Google Calendar."""
    parts = {
        "action": "TEMPLATE",
        "text": entry.summary,
        "dates": f"{_utc(entry.starts)}/{_utc(entry.ends)}",
        "details": _details(entry),
        "location": entry.location,
    }
    return "https://calendar.google.com/calendar/render?" + _query(parts)


def outlook_link(entry: CalendarEntry, *, work: bool = False) -> str:
    """The address that opens this slot, filled in, in Outlook.com, or in the calendar of Microsoft 365 (`work`)."""
    parts = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": entry.summary,
        "startdt": f"{entry.starts.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{entry.ends.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "body": _details(entry),
        "location": entry.location,
    }
    host = "outlook.office.com" if work else "outlook.live.com"
    return f"https://{host}/calendar/0/deeplink/compose?" + _query(parts)


def _details(entry: CalendarEntry) -> str:
    # Browsers and proxies cut addresses of more than about 2,000 characters; the event's page has the whole text.
    text = entry.description if len(entry.description) <= 400 else entry.description[:399].rstrip() + "…"
    return "\n\n".join(part for part in (text, entry.url) if part)


def _query(parts: dict[str, str]) -> str:
    # Outlook shows a “+” as a plus sign: spaces must be %20.
    return urlencode({key: value for key, value in parts.items() if value}, quote_via=quote, errors="ignore")


def webcal_link(feed_url: str) -> str:
    """The address that makes a calendar program subscribe to a feed."""
    return "webcal://" + feed_url.split("://", 1)[-1]


def google_subscription(feed_url: str) -> str:
    """The address that adds a feed to Google Calendar; Google reads it again every 8 to 24 hours."""
    return "https://calendar.google.com/calendar/render?" + _query({"cid": webcal_link(feed_url)})


def outlook_subscription(feed_url: str, name: str) -> str:
    """The address that adds a feed to Outlook.com under `name`."""
    return "https://outlook.live.com/calendar/0/addfromweb?" + _query({"url": feed_url, "name": name})
