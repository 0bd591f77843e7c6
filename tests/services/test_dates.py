"""Dates as people say them, in three languages, across clock changes and years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from services import dates

BRUSSELS = ZoneInfo("Europe/Brussels")
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def november() -> object:
    with time_machine.travel(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), tick=False):
        yield


def at(day: int, month: int = 11, year: int = 2026, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BRUSSELS).astimezone(UTC)


def plain(words: str) -> str:
    return words.replace(NBSP, " ")


@pytest.mark.parametrize(
    "locale, said",
    [("en", "Tuesday 24 November"), ("fr", "mardi 24 novembre"), ("nl", "dinsdag 24 november")],
)
def test_it_says_a_day(locale: str, said: str) -> None:
    assert dates.say_day(at(24), locale) == said


def test_the_first_of_a_month_is_1er_in_french_only() -> None:
    assert dates.say_day(at(1, 12), "fr") == "mardi 1er décembre"
    assert dates.say_day(at(1, 12), "en") == "Tuesday 1 December"


@pytest.mark.parametrize(
    "locale, said",
    [
        ("en", "Tuesday 24 November, 17:30 – 20:00"),
        ("fr", "mardi 24 novembre, 17 h 30 – 20 h"),
        ("nl", "dinsdag 24 november, 17.30 – 20.00 uur"),
    ],
)
def test_a_stretch_of_one_day(locale: str, said: str) -> None:
    assert plain(dates.say_span(at(24, hour=17, minute=30), at(24, hour=20), locale)) == said


def test_no_line_breaks_inside_an_hour_or_before_the_dash() -> None:
    assert dates.say_hours(at(24, hour=17, minute=30), at(24, hour=20), "fr") == f"17{NBSP}h{NBSP}30{NBSP}– 20{NBSP}h"


@pytest.mark.parametrize(
    "locale, said",
    [
        ("en", "Monday 18 to Friday 22 January"),
        ("fr", "du lundi 18 au vendredi 22 janvier"),
        ("nl", "maandag 18 tot en met vrijdag 22 januari"),
    ],
)
def test_a_stretch_of_several_days(locale: str, said: str) -> None:
    assert dates.say_span(at(18, 1, 2027), at(22, 1, 2027, hour=17), locale) == said


def test_a_stretch_over_two_months_and_over_two_years() -> None:
    assert dates.say_span(at(30, 11), at(2, 12), "en") == "Monday 30 November to Wednesday 2 December"
    assert dates.say_span(at(31, 12), at(1, 1, 2027), "en") == "Thursday 31 December 2026 to Friday 1 January 2027"


def test_an_evening_that_passes_midnight_stays_one_evening() -> None:
    assert plain(dates.say_span(at(24, hour=20), at(25, hour=1), "en")) == "Tuesday 24 November, 20:00 – 1:00"


def mornings(*days: date) -> list[tuple[datetime, datetime]]:
    return [
        (
            datetime(day.year, day.month, day.day, 9, tzinfo=BRUSSELS),
            datetime(day.year, day.month, day.day, 12, 30, tzinfo=BRUSSELS),
        )
        for day in days
    ]


DECEMBER = mornings(date(2026, 12, 8), date(2026, 12, 1), date(2026, 12, 3))


@pytest.mark.parametrize(
    "locale, said",
    [
        ("en", "1, 3 and 8 December, 9:00 – 12:30"),
        ("fr", "1er, 3 et 8 décembre, 9 h – 12 h 30"),
        ("nl", "1, 3 en 8 december, 9.00 – 12.30 uur"),
    ],
)
def test_slots_on_some_days(locale: str, said: str) -> None:
    assert plain(dates.say_slots(DECEMBER, locale)) == said


@pytest.mark.parametrize(
    "locale, said",
    [
        ("en", "three mornings, 1, 3 and 8 December"),
        ("fr", "trois matinées, 1er, 3 et 8 décembre"),
        ("nl", "drie voormiddagen, 1, 3 en 8 december"),
    ],
)
def test_slots_with_a_rhythm(locale: str, said: str) -> None:
    assert dates.say_when(DECEMBER, locale) == said


def test_slots_on_days_in_a_row_with_different_hours() -> None:
    week = mornings(*(date(2027, 1, day) for day in range(18, 23)))
    week[2] = (week[2][0], week[2][1] + timedelta(hours=4))
    assert dates.say_slots(week, "en") == "18 to 22 January"
    assert dates.say_slots(week, "fr") == "du 18 au 22 janvier"
    assert dates.say_when(week, "en") == "18 to 22 January"


def test_a_list_says_today_and_tomorrow() -> None:
    evening = [(at(24, hour=17, minute=30), at(24, hour=20))]
    assert plain(dates.say_when(evening, "en")) == "today, 17:30 – 20:00"
    assert plain(dates.say_when([(at(25), at(25, hour=11))], "fr")) == "demain, 9 h – 11 h"
    assert dates.say_when([(at(24), at(27))], "en") == "Tuesday 24 to Friday 27 November"
    assert dates.say_when([], "en") == ""


def test_slots_over_two_months() -> None:
    days = mornings(date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 3))
    assert plain(dates.say_slots(days, "en")) == "30 November, 1 and 3 December, 9:00 – 12:30"


def test_two_half_days_of_one_day_are_one_day() -> None:
    morning = (at(24, hour=9), at(24, hour=12))
    afternoon = (at(24, hour=13), at(24, hour=17))
    assert plain(dates.say_slots([afternoon, morning], "en")) == "Tuesday 24 November, 9:00 – 17:00"


def test_no_slots_say_nothing() -> None:
    assert dates.say_slots([], "en") == ""


@pytest.mark.parametrize(
    "moment, said",
    [
        (at(31, 12, 2025), "Wednesday 31 December 2025"),
        (at(1, 1), "Thursday 1 January"),
        (at(23, 9, 2027), "Thursday 23 September"),
        (at(24, 9, 2027), "Friday 24 September 2027"),
    ],
)
def test_the_year_is_said_in_past_years_and_beyond_ten_months(moment: datetime, said: str) -> None:
    assert dates.say_day(moment, "en") == said


def test_hours_are_local_on_both_sides_of_the_autumn_clock_change() -> None:
    summer, winter = datetime(2026, 10, 24, 7, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)
    pairs = [(summer, summer + timedelta(hours=3)), (winter, winter + timedelta(hours=3))]
    assert plain(dates.say_slots(pairs, "en")) == "24 and 26 October, 9:00 – 12:00"


def test_the_zone_of_the_event_decides_the_day() -> None:
    moment = datetime(2026, 11, 25, 2, tzinfo=UTC)
    assert dates.say_day(moment, "en", "America/New_York") == "Tuesday 24 November"
    assert dates.say_day(moment, "en", "Asia/Tokyo") == "Wednesday 25 November"


@pytest.mark.parametrize(
    "locale, said, midnight",
    [
        ("en", "Friday 27 November at 14:00", "Thursday 26 November at midnight"),
        ("fr", "vendredi 27 novembre à 14 h", "jeudi 26 novembre à minuit"),
        ("nl", "vrijdag 27 november om 14.00 uur", "donderdag 26 november om middernacht"),
    ],
)
def test_deadlines_and_midnight(locale: str, said: str, midnight: str) -> None:
    assert plain(dates.say_deadline(at(27, hour=14), locale)) == said
    assert dates.say_deadline(at(27, hour=0), locale) == midnight


@pytest.mark.parametrize(
    "locale, said",
    [("en", "(local time)"), ("fr", "(heure locale)"), ("nl", "(plaatselijke tijd)")],
)
def test_a_deadline_by_another_clock_says_so(locale: str, said: str) -> None:
    moment = at(27, hour=14)
    assert dates.say_deadline(moment, locale, "Europe/Lisbon").endswith(said)
    assert "13" in dates.say_deadline(moment, locale, "Europe/Lisbon")
    assert dates.say_deadline(moment, locale, "Europe/Paris") == dates.say_deadline(moment, locale)


@pytest.mark.parametrize(
    "moment, said",
    [
        (at(24, hour=8, minute=5), "today, 8:05"),
        (at(23, hour=9, minute=10), "yesterday, 9:10"),
        (at(20), "20 November"),
        (at(20, year=2024), "20 November 2024"),
    ],
)
def test_how_long_ago(moment: datetime, said: str) -> None:
    assert dates.say_ago(moment, "en") == said


def test_today_is_the_readers_day_not_utcs() -> None:
    with time_machine.travel(datetime(2026, 11, 24, 23, 30, tzinfo=UTC), tick=False):
        assert dates.say_ago(datetime(2026, 11, 24, 23, 15, tzinfo=UTC), "en") == "today, 0:15"


@pytest.mark.parametrize(
    "minutes, en, fr, nl",
    [
        (630, "10.5 hours", "10,5 heures", "10,5 uur"),
        (60, "1 hour", "1 heure", "1 uur"),
        (90, "1.5 hours", "1,5 heure", "1,5 uur"),
        (45, "45 minutes", "45 minutes", "45 minuten"),
        (200, "3 hours 20 minutes", "3 heures 20 minutes", "3 uur 20 minuten"),
    ],
)
def test_durations(minutes: int, en: str, fr: str, nl: str) -> None:
    assert [plain(dates.say_minutes(minutes, locale)) for locale in ("en", "fr", "nl")] == [en, fr, nl]


def test_months_and_blocks() -> None:
    assert dates.say_month(date(2026, 12, 1), "fr") == "décembre"
    assert dates.say_month(date(2027, 1, 1), "en") == "January 2027"
    block = dates.day_block(at(24), "fr")
    assert (block.iso, block.weekday, block.day, block.month) == ("2026-11-24", "mardi", "24", "nov.")


def test_an_unknown_language_answers_in_english_order() -> None:
    assert dates.say_day(at(24), "de") == "Dienstag 24 November"
    assert dates.say_day(at(24), "xx") == "Tuesday 24 November"
