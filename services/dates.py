"""Dates, hours and durations as people say them, in English, French and Dutch.

Pure functions of an instant, a language and a zone; the year is said only where it could be mistaken. Other languages
borrow their month and weekday names from Babel and the English order of words.
A no-break space (U+00A0) stands where a line may not end: inside “17 h 30” and before the dash of a range.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

ZONE = "Europe/Brussels"
NBSP = "\N{NO-BREAK SPACE}"
DASH = f"{NBSP}– "
LONG_AGO = date(1, 1, 1)  # seen from there every year is said: for papers that outlive their season
NIGHT = timedelta(hours=12)
"""A stretch that passes midnight but is shorter than this belongs to the evening it began in."""


@dataclass(frozen=True)
class Wording:
    """The small words of one language. Places in braces are filled in."""

    and_: str
    day_range: str  # two days of a run, weekday included
    bare_range: str  # the same without weekdays
    at: str
    midnight: str
    today: str
    tomorrow: str
    yesterday: str
    first: str  # how the first of a month is written
    clock: str  # hours and minutes
    clock_sharp: str  # a full hour
    clock_end: str  # said once after a clock time or a range of them
    hour: tuple[str, str]
    minute: tuple[str, str]
    decimal: str
    numbers: tuple[str, ...]  # from two to ten
    parts: dict[str, str]  # several mornings, afternoons, evenings, days
    elsewhere: str  # that it is another clock than ours


WORDINGS = {
    "en": Wording(
        "and", "{0} to {1}", "{0} to {1}", "at", "midnight", "today", "tomorrow", "yesterday", "1", "{h}:{m}",
        "{h}:00", "", ("hour", "hours"), ("minute", "minutes"), ".",
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        {"morning": "mornings", "afternoon": "afternoons", "evening": "evenings", "day": "days"}, "local time",
    ),
    "fr": Wording(
        "et", "du {0} au {1}", "du {0} au {1}", "à", "minuit", "aujourd’hui", "demain", "hier", "1er",
        f"{{h}}{NBSP}h{NBSP}{{m}}", f"{{h}}{NBSP}h", "", ("heure", "heures"), ("minute", "minutes"), ",",
        ("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
        {"morning": "matinées", "afternoon": "après-midis", "evening": "soirées", "day": "jours"}, "heure locale",
    ),
    "nl": Wording(
        "en", "{0} tot en met {1}", "{0} tot {1}", "om", "middernacht", "vandaag", "morgen", "gisteren", "1",
        "{h}.{m}", "{h}.00", f"{NBSP}uur", ("uur", "uur"), ("minuut", "minuten"), ",",
        ("twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"),
        {"morning": "voormiddagen", "afternoon": "namiddagen", "evening": "avonden", "day": "dagen"}, "plaatselijke tijd",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class DayBlock:
    """The parts of a day in a list: ISO date, weekday, day number, month."""

    iso: str
    weekday: str
    day: str
    month: str


def say_day(moment: datetime | date, locale: str, zone: str = ZONE) -> str:
    """“Tuesday 24 November”, with the year where it could be mistaken. A `date` is taken as it is."""
    return day_words(local_day(moment, zone), locale, True, today_in(zone))


def say_short_day(moment: datetime | date, locale: str, zone: str = ZONE) -> str:
    """“24 November”: the day without its weekday."""
    return day_words(local_day(moment, zone), locale, False, today_in(zone))


def say_clock(moment: datetime, locale: str, zone: str = ZONE) -> str:
    """One time of day: “17:30”, “17 h 30”, “17.30 uur”."""
    local = moment.astimezone(zone_of(zone))
    return clock_words(local.hour, local.minute, locale) + wording(locale).clock_end


def month_clock(moment: datetime, locale: str, zone: str = ZONE) -> str:
    """The hour as short as it can be said, for a month's table: “9:00”, “9 h”, “9.00”."""
    local = moment.astimezone(zone_of(zone))
    return clock_words(local.hour, local.minute, locale)


def say_hours(starts: datetime, ends: datetime, locale: str, zone: str = ZONE) -> str:
    """The hours of one stretch: “17:30 – 20:00”."""
    return hours_words(starts, ends, locale, zone)


def say_span(starts: datetime, ends: datetime, locale: str, zone: str = ZONE) -> str:
    """One stretch: “Tuesday 24 November, 17:30 – 20:00”, or over several days “Monday 18 to Friday 22 January”."""
    return span_words(starts, ends, locale, zone, today_in(zone))


def say_slots(slots: Iterable[Any], locale: str, zone: str = ZONE) -> str:
    """Several stretches in one line: “1, 3 and 8 December, 9:00 – 12:30”, “18 to 22 January”.

    A slot is a pair (starts, ends) or an object with `starts_at` and `ends_at`. The hours are said when each day has
    the same. No slots: ''.
    """
    return slots_words(pairs_of(slots), locale, zone, today_in(zone), True)


def say_when(slots: Iterable[Any], locale: str, zone: str = ZONE) -> str:
    """When an event is, in one line for a list: “today, 17:30 – 20:00”, “Monday 18 to Friday 22 January”,
    “three mornings, 1, 3 and 8 December”. No slots: ''."""
    pairs = pairs_of(slots)
    return when_words(pairs, locale, zone, today_in(zone)) if pairs else ""


def say_deadline(moment: datetime, locale: str, zone: str = ZONE) -> str:
    """“Friday 27 November at 14:00”. Midnight belongs to the day that ends: “Friday 27 November at midnight”.

    Where the clock of `zone` is not ours then, it says so: “… at 14:00 (local time)”.
    """
    words = deadline_words(moment, locale, zone, today_in(zone))
    if moment.astimezone(zone_of(zone)).utcoffset() == moment.astimezone(zone_of(ZONE)).utcoffset():
        return words
    return f"{words} ({wording(locale).elsewhere})"


def say_ago(moment: datetime, locale: str, zone: str = ZONE) -> str:
    """When something happened: “today, 14:05”, “yesterday, 9:10”, “20 November”."""
    day, today = local_day(moment, zone), today_in(zone)
    words = wording(locale)
    near = {today: words.today, today - timedelta(days=1): words.yesterday}.get(day)
    return f"{near}, {say_clock(moment, locale, zone)}" if near else day_words(day, locale, False, today)


def say_minutes(minutes: int, locale: str) -> str:
    """A duration: “45 minutes”, “1 hour”, “10.5 hours”, “3 hours 20 minutes”."""
    words = wording(locale)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes}{NBSP}{plural(words.minute, minutes, locale)}"
    if rest % 30 == 0:
        number = f"{hours}{words.decimal}5" if rest else str(hours)
        return f"{number}{NBSP}{plural(words.hour, minutes / 60, locale)}"
    return f"{hours}{NBSP}{plural(words.hour, hours, locale)} {rest}{NBSP}{plural(words.minute, rest, locale)}"


def say_month(day: date, locale: str, always_year: bool = False) -> str:
    """“December”, and “January 2027” outside the present year (or always, for a page of its own)."""
    name = month_names(locale)[day.month]
    return f"{name} {day.year}" if always_year or day.year != today_in(ZONE).year else name


def day_block(moment: datetime | date, locale: str, zone: str = ZONE) -> DayBlock:
    """The day as the lists print it: weekday, number, short month."""
    return block_words(local_day(moment, zone), locale)


def weekday_names(locale: str) -> tuple[str, ...]:
    """Seven full weekday names, Monday first."""
    return names_of(locale)[0]


# ---- what is memoised: pure in its arguments, today included ------------------------------------------------


@lru_cache(maxsize=8192)
def day_words(day: date, locale: str, weekday: bool, today: date) -> str:
    year = f" {day.year}" if needs_year(day, today) else ""
    name = f"{names_of(locale)[0][day.weekday()]} " if weekday else ""
    return name + month_day(day, locale) + year


@lru_cache(maxsize=8192)
def hours_words(starts: datetime, ends: datetime, locale: str, zone: str) -> str:
    tz = zone_of(zone)
    first, last = starts.astimezone(tz), ends.astimezone(tz)
    words = clock_words(first.hour, first.minute, locale), clock_words(last.hour, last.minute, locale)
    return DASH.join(words) + wording(locale).clock_end


@lru_cache(maxsize=8192)
def span_words(starts: datetime, ends: datetime, locale: str, zone: str, today: date) -> str:
    first, last = local_day(starts, zone), local_day(ends, zone)
    if first == last or ends - starts < NIGHT:
        return f"{day_words(first, locale, True, today)}, {hours_words(starts, ends, locale, zone)}"
    return range_words(first, last, locale, True, today)


@lru_cache(maxsize=8192)
def slots_words(pairs: tuple[tuple[datetime, datetime], ...], locale: str, zone: str, today: date, hours: bool) -> str:
    if not pairs:
        return ""
    days = days_of(pairs, zone)
    if len(days) == 1:
        [(day, (starts, ends))] = days.items()
        said = day_words(day, locale, True, today)
        return f"{said}, {hours_words(starts, ends, locale, zone)}"
    ordered = list(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == timedelta(days=len(ordered) - 1):
        said = range_words(ordered[0], ordered[-1], locale, False, today)
    else:
        said = list_words(ordered, locale, today)
    clocks = {hours_words(starts, ends, locale, zone) for starts, ends in days.values()}
    return f"{said}, {clocks.pop()}" if hours and len(clocks) == 1 else said


@lru_cache(maxsize=8192)
def rhythm_words(pairs: tuple[tuple[datetime, datetime], ...], locale: str, zone: str) -> str:
    """“three mornings”, “two days”; '' for one day, more than ten, or no common rhythm."""
    days = days_of(pairs, zone)
    words = wording(locale)
    if not 2 <= len(days) <= 10 or locale[:2] not in WORDINGS:
        return ""
    tz = zone_of(zone)
    parts = {part_of_day(starts.astimezone(tz), ends.astimezone(tz)) for starts, ends in days.values()}
    return f"{words.numbers[len(days) - 2]} {words.parts[parts.pop()]}" if len(parts) == 1 else ""


@lru_cache(maxsize=8192)
def when_words(pairs: tuple[tuple[datetime, datetime], ...], locale: str, zone: str, today: date) -> str:
    days = days_of(pairs, zone)
    if len(days) > 1:
        rhythm = rhythm_words(pairs, locale, zone)
        said = slots_words(pairs, locale, zone, today, not rhythm)
        return f"{rhythm}, {said}" if rhythm else said
    [(day, (starts, ends))] = days.items()
    words = wording(locale)
    near = {today: words.today, today + timedelta(days=1): words.tomorrow}.get(day)
    if near and ends - starts < NIGHT:
        return f"{near}, {hours_words(starts, ends, locale, zone)}"
    return span_words(starts, ends, locale, zone, today)


@lru_cache(maxsize=4096)
def deadline_words(moment: datetime, locale: str, zone: str, today: date) -> str:
    local, words = moment.astimezone(zone_of(zone)), wording(locale)
    if local.time() == time(0):
        return f"{day_words(local.date() - timedelta(days=1), locale, True, today)} {words.at} {words.midnight}"
    clock = clock_words(local.hour, local.minute, locale) + words.clock_end
    return f"{day_words(local.date(), locale, True, today)} {words.at}{NBSP}{clock}"


@lru_cache(maxsize=8192)
def block_words(day: date, locale: str) -> DayBlock:
    weekdays, short, _, months = names_of(locale)
    weekday = (weekdays if locale[:2] == "fr" else short)[day.weekday()]
    return DayBlock(day.isoformat(), weekday, str(day.day), months[day.month - 1])


@lru_cache(maxsize=64)
def names_of(locale: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Weekdays in full and short (Monday first), months in full and short (January first)."""
    known = babel_locale(locale)
    days, months = known.days["format"], known.months["format"]
    return (
        tuple(days["wide"][n] for n in range(7)),
        tuple(days["abbreviated"][n] for n in range(7)),
        tuple(months["wide"][n] for n in range(1, 13)),
        tuple(months["abbreviated"][n] for n in range(1, 13)),
    )


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    try:
        return Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# ---- the small parts ------------------------------------------------------------------------------------------


def wording(locale: str) -> Wording:
    return WORDINGS.get(locale[:2], WORDINGS["en"])


def month_names(locale: str) -> tuple[str, ...]:
    """Full month names, counted from 1."""
    return ("", *names_of(locale)[2])


def today_in(zone: str) -> date:
    return datetime.now(UTC).astimezone(zone_of(zone)).date()


def local_day(moment: datetime | date, zone: str) -> date:
    return moment.astimezone(zone_of(zone)).date() if isinstance(moment, datetime) else moment


def needs_year(day: date, today: date) -> bool:
    """Past years, and what is more than ten months ahead."""
    months_ahead = (day.year - today.year) * 12 + day.month - today.month - (day.day < today.day)
    return day.year < today.year or months_ahead >= 10


def number(day: date, locale: str) -> str:
    return wording(locale).first if day.day == 1 else str(day.day)


def month_day(day: date, locale: str) -> str:
    return f"{number(day, locale)} {month_names(locale)[day.month]}"


def clock_words(hour: int, minute: int, locale: str) -> str:
    words = wording(locale)
    return words.clock.format(h=hour, m=f"{minute:02}") if minute else words.clock_sharp.format(h=hour)


def range_words(first: date, last: date, locale: str, weekday: bool, today: date) -> str:
    """From the first day to the last, the month and the year said once where they are the same."""
    words, weekdays = wording(locale), names_of(locale)[0]
    begin = f"{weekdays[first.weekday()]} " if weekday else ""
    if first.year != last.year:
        begin += f"{month_day(first, locale)} {first.year}"
    else:
        begin += month_day(first, locale) if first.month != last.month else number(first, locale)
    end = day_words(last, locale, weekday, today)
    if first.year != last.year and not end.endswith(str(last.year)):
        end += f" {last.year}"
    return (words.day_range if weekday else words.bare_range).format(begin, end)


def list_words(days: Sequence[date], locale: str, today: date) -> str:
    """“1, 3 and 8 December”, “30 November, 1 and 3 December”."""
    said = []
    for index, day in enumerate(days):
        following = days[index + 1] if index + 1 < len(days) else None
        same_month = following and (following.year, following.month) == (day.year, day.month)
        said.append(number(day, locale) if same_month else day_words(day, locale, False, today))
    return f"{', '.join(said[:-1])} {wording(locale).and_} {said[-1]}"


def pairs_of(slots: Iterable[Any]) -> tuple[tuple[datetime, datetime], ...]:
    pairs = (slot if isinstance(slot, tuple) else (slot.starts_at, slot.ends_at) for slot in slots)
    return tuple(sorted((starts, ends) for starts, ends in pairs))


def days_of(pairs: Iterable[tuple[datetime, datetime]], zone: str) -> dict[date, tuple[datetime, datetime]]:
    """The first start and the last end of each local day."""
    days: dict[date, tuple[datetime, datetime]] = {}
    for starts, ends in pairs:
        day = local_day(starts, zone)
        earliest, latest = days.get(day, (starts, ends))
        days[day] = min(earliest, starts), max(latest, ends)
    return days


def part_of_day(starts: datetime, ends: datetime) -> str:
    """Morning, afternoon, evening or the whole day, by the local hours of the first start and the last end."""
    if ends.date() == starts.date() and ends.time() <= time(13, 30):
        return "morning"
    if starts.time() >= time(17):
        return "evening"
    return "afternoon" if starts.time() >= time(12) else "day"


def plural(forms: tuple[str, str], count: float, locale: str) -> str:
    """French counts as singular below two, the others at one exactly."""
    return forms[0] if (count < 2 if locale[:2] == "fr" else count == 1) else forms[1]
