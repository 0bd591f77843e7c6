"""Calendars, parsed back by icalendar and recurring_ical_events: the right instants, whole texts, the same bytes."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import example, given, settings, strategies as st

from integrations import ical
from integrations.ical import CalendarEntry, calendar_bytes, entry_bytes

pytestmark = pytest.mark.pure

BRUSSELS = ZoneInfo("Europe/Brussels")
MODIFIED = datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC)

SLOT = CalendarEntry(
    uid="slot-7f3k9m2pxq4tw8@mosan.example",
    sequence=2,
    starts=datetime(2026, 11, 24, 9, 0, tzinfo=BRUSSELS),
    ends=datetime(2026, 11, 24, 12, 30, tzinfo=BRUSSELS),
    zone="Europe/Brussels",
    created=datetime(2026, 9, 1, 7, 0, tzinfo=UTC),
    last_modified=MODIFIED,
    summary="Aseptic techniques (slot 1/2)",
    description="Gowning; media fill, and\nreading its result.",
    location="Room Curie, Charleroi",
    url="https://events.mosan.example/events/aseptic-techniques",
    categories=("Biopharmacy", "Training, on site"),
    conference_url="https://video.example/j/123?pwd=a b",
    alarm_minutes=1440,
    related_to="slot-first@mosan.example",
)


def calendar(*entries: CalendarEntry, **options: Any) -> bytes:
    zones = {entry.zone for entry in entries}
    return calendar_bytes("Mosan Health", [entry_bytes(entry) for entry in entries], zones=zones, **options)


def parsed(*entries: CalendarEntry, **options: Any) -> icalendar.Calendar:
    found = icalendar.Calendar.from_ical(calendar(*entries, **options))
    assert isinstance(found, icalendar.Calendar)
    assert found.errors == []
    return found


def event(entry: CalendarEntry) -> Any:
    (found,) = parsed(entry).events
    assert found.errors == []
    return found


def unfolded(data: bytes) -> list[str]:
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


def test_a_slot_as_other_programs_read_it() -> None:
    found = event(SLOT)
    assert {
        name: str(found[name]) for name in ("UID", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "STATUS", "TRANSP")
    } == {
        "UID": SLOT.uid,
        "SUMMARY": SLOT.summary,
        "DESCRIPTION": SLOT.description,
        "LOCATION": SLOT.location,
        "URL": SLOT.url,
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
    }
    assert (found["SEQUENCE"], found["DTSTAMP"].dt, found["LAST-MODIFIED"].dt) == (2, MODIFIED, MODIFIED)
    assert found["CREATED"].dt == SLOT.created
    assert (found.start, found.end) == (SLOT.starts, SLOT.ends)
    assert list(found.categories) == ["Biopharmacy", "Training, on site"]
    assert str(found["CONFERENCE"]) == "https://video.example/j/123?pwd=a%20b"
    assert found["CONFERENCE"].params["VALUE"] == "URI"
    assert str(found["RELATED-TO"]) == "slot-first@mosan.example"
    (alarm,) = found.alarms.times
    assert alarm.trigger == SLOT.starts - timedelta(days=1)


def test_a_feed_has_what_rfc_7986_asks_and_nothing_that_misleads() -> None:
    data = calendar(
        SLOT, source_url="https://events.mosan.example/calendar/events.ics", colour="teal", description="All; events"
    )
    head = unfolded(data.split(b"BEGIN:VEVENT")[0])
    for line in (
        "VERSION:2.0", "CALSCALE:GREGORIAN", "NAME:Mosan Health", "X-WR-CALNAME:Mosan Health", "COLOR:teal",
        "DESCRIPTION:All\\; events", "X-WR-CALDESC:All\\; events", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H", "SOURCE;VALUE=URI:https://events.mosan.example/calendar/events.ics",
    ):  # fmt: skip
        assert head.count(line) == 1, line
    # a calendar UID makes vdirsyncer take the feed for one item; METHOD makes an ORGANIZER compulsory
    assert not [line for line in head if line.startswith(("UID", "METHOD", "ORGANIZER", "ATTENDEE"))]


def test_a_file_for_a_mail_has_a_method_and_no_source() -> None:
    head = calendar(SLOT, method="PUBLISH").split(b"BEGIN:VEVENT")[0]
    assert b"METHOD:PUBLISH\r\n" in head
    assert b"SOURCE" not in head
    assert b"REFRESH" not in head


def test_a_colour_in_hexadecimal_goes_where_apple_looks() -> None:
    head = calendar(SLOT, colour="#0B5D5E")
    assert b"X-APPLE-CALENDAR-COLOR:#0B5D5E\r\n" in head
    assert b"\r\nCOLOR:" not in head


def test_a_cancelled_slot_stays_frees_the_time_and_rings_no_bell() -> None:
    found = event(replace(SLOT, status="CANCELLED", sequence=3))
    assert (found["STATUS"], found["TRANSP"], found["SEQUENCE"]) == ("CANCELLED", "TRANSPARENT", 3)
    assert found.alarms.times == []
    assert "CONFERENCE" not in found


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(
        SLOT,
        description="",
        location="",
        url="",
        categories=(),
        conference_url=None,
        alarm_minutes=None,
        related_to=None,
    )
    found = event(bare)
    assert not {"DESCRIPTION", "LOCATION", "URL", "CATEGORIES", "CONFERENCE", "RELATED-TO"} & set(found)
    assert found.alarms.times == []
    assert event(replace(bare, transparent=True))["TRANSP"] == "TRANSPARENT"


def test_the_bytes_change_only_with_the_slot() -> None:
    assert calendar(SLOT) == calendar(replace(SLOT))
    assert calendar(replace(SLOT, starts=SLOT.starts.astimezone(UTC))) == calendar(SLOT)
    assert calendar(replace(SLOT, last_modified=MODIFIED + timedelta(seconds=1))) != calendar(SLOT)


def test_the_order_of_zones_does_not_change_the_bytes() -> None:
    zones = ("Europe/Paris", "Europe/Brussels", "Europe/London", "Asia/Tokyo")
    first = calendar_bytes("x", [], zones=zones)
    assert first == calendar_bytes("x", [], zones=reversed(zones)) == calendar_bytes("x", [], zones=set(zones))
    assert first.count(b"BEGIN:VTIMEZONE") == 3
    assert first.index(b"TZID:Europe/Brussels") < first.index(b"TZID:Europe/London") < first.index(b"TZID:Europe/Paris")


# ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

# Half-hours around both changes of the clock, and ordinary days on either side.
EDGES = [datetime(2027, 3, 28, 0, 0, tzinfo=UTC) + timedelta(minutes=30 * step) for step in range(8)] + [
    datetime(2026, 10, 24, 23, 0, tzinfo=UTC) + timedelta(minutes=30 * step) for step in range(10)
] + [datetime(2026, month, 1, 9, 0, tzinfo=UTC) for month in (1, 3, 4, 7, 10, 11, 12)]  # fmt: skip


@pytest.mark.parametrize("zone", [*ical.RULES, "America/New_York", "Asia/Kathmandu", "UTC", "Africa/Casablanca"])
def test_instants_are_right_on_both_sides_of_the_clock_change(zone: str) -> None:
    """Read by name (icalendar, recurring_ical_events) and by the rules in the file (`by_rules`)."""
    entries = [
        replace(SLOT, uid=f"slot-{number}", starts=start, ends=start + timedelta(minutes=90), zone=zone)
        for number, start in enumerate(EDGES)
    ]
    data = calendar(*entries)
    assert b"TZID=UTC" not in data
    by_name: dict[str, Any] = {str(found["UID"]): found for found in parsed(*entries).events}
    occurrences: dict[str, Any] = {
        str(found["UID"]): found
        for found in recurring_ical_events.of(icalendar.Calendar.from_ical(data)).between((2025, 1, 1), (2028, 1, 1))
    }
    assert by_name.keys() == occurrences.keys() == {entry.uid for entry in entries}
    ruled = by_rules(data)
    for entry in entries:
        for found in (by_name[entry.uid], occurrences[entry.uid]):
            assert found["DTSTART"].dt.astimezone(UTC) == entry.starts
            assert found["DTEND"].dt.astimezone(UTC) == entry.ends
        assert ruled[entry.uid] == (entry.starts, entry.ends)


def by_rules(data: bytes) -> dict[str, tuple[datetime, datetime]]:
    """Instants as a client without a zone database finds them: by the VTIMEZONE rules alone (RFC 5545 §3.6.5)."""
    found: Any = icalendar.Calendar.from_ical(data)
    onsets: dict[str, list[tuple[datetime, timedelta]]] = {}
    for block in found.walk("VTIMEZONE"):
        for part in block.subcomponents:
            assert not {"RDATE", "COMMENT"} & set(part)
            for year in (2025, 2026, 2027):
                # -1SU of the month, at the time of the block's DTSTART, written in the offset before the change
                day = datetime(year, part["RRULE"]["BYMONTH"][0], 31)  # noqa: DTZ001 – local by definition
                day -= timedelta(days=(day.weekday() + 1) % 7)
                clock = part["DTSTART"].dt
                local = day.replace(hour=clock.hour, minute=clock.minute)
                before, after = part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td
                change, place = (local - before).replace(tzinfo=UTC), ZoneInfo(str(block["TZID"]))
                assert (change - timedelta(seconds=1)).astimezone(place).utcoffset() == before
                assert change.astimezone(place).utcoffset() == after
                onsets.setdefault(place.key, []).append((local, after))
    instants = {}
    for lines in (block.split("END:VEVENT")[0] for block in data.decode().split("BEGIN:VEVENT")[1:]):
        ends = [line for line in lines.splitlines() if line.startswith(("DTSTART", "DTEND"))]
        uid = next(line[4:] for line in lines.splitlines() if line.startswith("UID:"))
        instants[uid] = (_instant(ends[0], onsets), _instant(ends[1], onsets))
    return instants


def _instant(line: str, onsets: dict[str, list[tuple[datetime, timedelta]]]) -> datetime:
    name, value = line.split(":")
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%S%z")
    local = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 – local by definition
    _, offset = max(onset for onset in onsets[name.split("TZID=")[1]] if onset[0] <= local)
    return (local - offset).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", list(ical.RULES))
def test_the_table_of_rules_agrees_with_the_zone_database_for_twenty_years(zone: str) -> None:
    winter, standard, daylight = ical.RULES[zone]
    place = ZoneInfo(zone)
    for year in range(2024, 2045):
        march, october = (last_sunday(year, month).replace(hour=1, tzinfo=UTC) for month in (3, 10))
        for instant, hours, name in (
            (march - timedelta(seconds=1), winter, standard),
            (march, winter + 1, daylight),
            (october - timedelta(seconds=1), winter + 1, daylight),
            (october, winter, standard),
        ):
            local = instant.astimezone(place)
            assert (local.utcoffset(), local.tzname()) == (timedelta(hours=hours), name)


def last_sunday(year: int, month: int) -> datetime:
    day = datetime(year, month, 31)  # noqa: DTZ001
    return day - timedelta(days=(day.weekday() + 1) % 7)


def test_a_known_zone_keeps_its_name_and_another_is_written_in_utc() -> None:
    assert b"DTSTART;TZID=Europe/Brussels:20261124T090000\r\n" in entry_bytes(SLOT)
    assert b"DTSTART:20261124T080000Z\r\n" in entry_bytes(replace(SLOT, zone="America/New_York"))


def test_an_end_that_is_not_after_the_start_is_left_out() -> None:
    assert "DTEND" not in event(replace(SLOT, ends=SLOT.starts))
    assert "DTEND" not in event(replace(SLOT, ends=SLOT.starts - timedelta(hours=1)))


@pytest.mark.parametrize("field", ["starts", "ends", "created", "last_modified"])
def test_a_time_without_zone_is_refused(field: str) -> None:
    naive: dict[str, Any] = {field: datetime(2026, 1, 1)}  # noqa: DTZ001 – the mistake itself
    with pytest.raises(ValueError, match=f"{field} of slot-.* has no time zone"):
        replace(SLOT, **naive)


# ── Text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def kept(text: str) -> str:
    """`text` as a calendar can hold it: every end of line is one newline, controls and half characters are gone."""
    for end in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    return "".join(
        letter
        for letter in text
        if letter in "\t\n" or not (ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) <= 0xDFFF)
    )


def value(data: bytes, name: str) -> str:
    """A TEXT value, unescaped by the letter of RFC 5545 §3.3.11."""
    (line,) = [line for line in unfolded(data) if line.startswith(name + ":")]
    out, letters = "", iter(line[len(name) + 1 :])
    for letter in letters:
        out += {"n": "\n", "N": "\n"}.get(escaped := next(letters), escaped) if letter == "\\" else letter
    return out


@given(st.text(), st.text())
@example("back\\slash, semi;colon", "C:\\new\\, \\; \\\\n")
@example("é" * 200, "😀" * 100)
@example("x" * 66 + "é", "\r\nEND:VEVENT\r\nBEGIN:VEVENT")
def test_any_text_comes_back_in_lines_of_75_octets(summary: str, description: str) -> None:
    data = entry_bytes(replace(SLOT, summary=summary, description=description, location=description, url=""))
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        assert len(line) <= 75
        line.decode()  # a character is never cut
        assert not set(line) & (set(range(0x20)) - {9})
    assert value(data.split(b"BEGIN:VALARM")[0], "SUMMARY") == kept(summary)
    if description:
        assert value(data.split(b"BEGIN:VALARM")[0], "DESCRIPTION") == kept(description)
    assert data.count(b"\r\nEND:VEVENT") == 1


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1))
def test_any_text_comes_back_through_icalendar(text: str) -> None:
    found = event(replace(SLOT, summary=text, location=text, categories=(text, "second")))
    assert str(found["SUMMARY"]) == text
    assert str(found["LOCATION"]) == text


@given(st.text())
@example('Mosan "Health" ^ x\r\nATTENDEE:mailto:eve@x.example')
def test_an_organiser_of_any_name_stays_in_one_line(name: str) -> None:
    found = event(replace(SLOT, organiser=(name, "events@mosan.example")))
    assert str(found["ORGANIZER"]) == "mailto:events@mosan.example"
    assert "ATTENDEE" not in found
    assert found["ORGANIZER"].params["CN"] == kept(name)


@given(st.text())
@example("https://x.example/\r\nATTENDEE:mailto:eve@x.example")
def test_no_address_can_add_a_line(url: str) -> None:
    data = entry_bytes(replace(SLOT, url=url, conference_url=url, uid=f"slot{url}", related_to=url))
    names = [line.split(":")[0].split(";")[0] for line in unfolded(data) if line]
    allowed = {line.split(":")[0].split(";")[0] for line in unfolded(entry_bytes(SLOT)) if line}
    assert set(names) <= allowed
    assert names.count("BEGIN") == 2


def test_an_address_keeps_its_escapes_and_its_accents_are_written_in_ascii() -> None:
    assert (
        str(event(replace(SLOT, url="https://x.example/é?a=%20&b=c#d"))["URL"])
        == "https://x.example/%C3%A9?a=%20&b=c#d"
    )


# ── Speed ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_five_hundred_slots_are_written_in_thirty_milliseconds_of_the_processor() -> None:
    entries = [
        replace(SLOT, uid=f"slot-{number}@mosan.example", starts=SLOT.starts + timedelta(days=number),
                ends=SLOT.ends + timedelta(days=number), description="Données personnelles, santé; suite. " * 12)
        for number in range(500)
    ]  # fmt: skip
    taken = []
    for _ in range(5):
        start = time.process_time()
        data = calendar(*entries)
        taken.append(time.process_time() - start)
    assert data.count(b"BEGIN:VEVENT") == 500
    assert statistics.median(taken) <= 0.06, taken


# ── Links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def query(link: str) -> dict[str, str]:
    assert "+" not in urlsplit(link).query
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query, strict_parsing=True).items()}


def test_a_link_that_fills_in_google_calendar() -> None:
    link = ical.google_link(SLOT)
    assert link.startswith("https://calendar.google.com/calendar/render?")
    assert query(link) == {
        "action": "TEMPLATE",
        "text": SLOT.summary,
        "dates": "20261124T080000Z/20261124T113000Z",
        "details": f"{SLOT.description}\n\n{SLOT.url}",
        "location": SLOT.location,
    }


def test_a_link_that_fills_in_outlook_at_home_and_at_work() -> None:
    link = ical.outlook_link(SLOT)
    assert link.startswith("https://outlook.live.com/calendar/0/deeplink/compose?")
    found = query(link)
    assert (found["startdt"], found["enddt"]) == ("2026-11-24T08:00:00Z", "2026-11-24T11:30:00Z")
    assert (found["subject"], found["location"], found["rru"]) == (SLOT.summary, SLOT.location, "addevent")
    assert urlsplit(ical.outlook_link(SLOT, work=True)).hostname == "outlook.office.com"


def test_a_link_stays_short_whatever_the_description() -> None:
    long = replace(SLOT, description="word, " * 2_000, summary="a & b = c # d + e")
    for link in (ical.google_link(long), ical.outlook_link(long)):
        assert len(link) < 2_000
        assert "a & b = c # d + e" in query(link).values()


def test_the_ways_to_subscribe() -> None:
    feed = "https://events.mosan.example/calendar/events.ics"
    assert ical.webcal_link(feed) == "webcal://events.mosan.example/calendar/events.ics"
    assert query(ical.google_subscription(feed)) == {"cid": "webcal://events.mosan.example/calendar/events.ics"}
    assert query(ical.outlook_subscription(feed, "Mosan Health")) == {"url": feed, "name": "Mosan Health"}
