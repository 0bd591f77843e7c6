"""The sample files: what they say is complete, valid and well typeset, whatever the day they are loaded."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from config import ROOT, Cluster
from services.sample.days import (
    autumn_change,
    easter,
    holidays,
    instant,
    is_working_day,
    nearest_autumn_change,
    spans_of,
    state_by_date,
)
from services.sample.files import FOLDER, SampleMalformed, Season, read_season
from services.sample.population import local_part
from tests.cast import BRUSSELS

pytestmark = pytest.mark.pure

EVERY_DAY = [date(2026, 1, 1) + timedelta(days=number) for number in range(731)]


@pytest.fixture(scope="module")
def season() -> Season:
    return read_season()


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster.load(ROOT / "sample" / "cluster.toml")


def test_the_season_is_as_large_as_promised(season: Season) -> None:
    assert len(season.organisations) == 24
    assert len(season.courses) == 14
    assert [len(programme["steps"]) for programme in season.programmes] == [5, 4, 4, 4]
    assert len(season.events) == 45
    assert sum(sum(event.get("registered", {}).values()) for event in season.events) == pytest.approx(700, abs=50)
    assert {"closed", "published", "tentative", "postponed", "cancelled", "draft", "running", "ended"} <= {
        event["state"] for event in season.events
    }


def test_memberships_cover_each_state(season: Season) -> None:
    states = [organisation.get("membership", {}).get("state") for organisation in season.organisations]
    assert states.count("active") >= 15
    assert states.count("grace") == 2
    assert states.count("lapsed") == 2
    assert states.count(None) >= 4


@pytest.mark.parametrize("file", ["organisations", "people", "courses", "programmes", "venues", "events/evenings"])
def test_a_key_that_nobody_reads_is_refused(file: str, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "sample")
    path = tmp_path / "sample" / f"{file}.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^(slug|key) = ", r'colour = "blue"\n\1 = ', text, count=1), encoding="utf-8")
    with pytest.raises(SampleMalformed, match="colour"):
        read_season(tmp_path / "sample")


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "sample")
    path = tmp_path / "sample" / "courses.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("minutes = 840\n", "", 1), encoding="utf-8")
    with pytest.raises(SampleMalformed, match="minutes"):
        read_season(tmp_path / "sample")


def test_every_text_is_there_in_english_and_french(season: Season, cluster: Cluster) -> None:
    courses = {course["slug"]: course for course in season.courses}
    for event in season.events:
        for name in ("title", "summary", "description"):
            texts = event.get(name) or courses[event["course"]][name]
            assert texts["en"].strip(), (event["slug"], name)
            assert texts["fr"].strip(), (event["slug"], name)
    for course in season.courses:
        for name in ("title", "summary", "description", "audience", "prerequisites", "outcomes", "half_days"):
            assert {"en", "fr"} <= course[name].keys(), (course["slug"], name)
        assert len(course["outcomes"]["en"]) == len(course["outcomes"]["fr"])
        assert len(course["half_days"]["en"]) * 210 == course["minutes"]
    for name in ("terms", "privacy", "accessibility"):
        assert cluster.data[name]["text"].keys() == {"en", "fr", "nl"}


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a nest of tables and lists, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from strings(inner, f"{path}.{number}")
    elif isinstance(value, str):
        yield path, value


def test_texts_are_typeset_with_care(season: Season, cluster: Cluster) -> None:
    parts = (season.organisations, season.cast, season.trainers, season.courses, season.programmes, season.events)
    for path, text in strings([*parts, cluster.data]):
        assert "'" not in text, (path, text)
        assert '"' not in text, (path, text)
        assert not re.search(r" [:;?!»](?!\S*//)", text), (path, "an ordinary space before a sign", text)
        assert not re.search(r"« ", text), (path, text)
        assert "!" not in text, (path, text)


def test_numbers_pass_their_check_digits(season: Season, cluster: Cluster) -> None:
    from stdnum import iban
    from stdnum.be import vat

    numbers = [organisation["enterprise_number"] for organisation in season.organisations]
    assert len(set(numbers)) == len(numbers)
    for number in [*numbers, cluster.enterprise_number, cluster.vat_number]:
        assert vat.is_valid(number), number
    assert iban.validate(cluster.bank["iban"], check_country=False) == "BE68539007547034"


def test_every_address_is_under_example(season: Season) -> None:
    """RFC 2606: mail to a demo can never reach a stranger."""
    for organisation in season.organisations:
        assert all(domain.endswith(".example") for domain in organisation["domains"])
    assert all(person["email"].endswith(".example") for person in [*season.cast, *season.trainers])


def test_addresses_are_plain_and_short() -> None:
    assert local_part("Fatima-Zahra", "Benjelloun") == "fatima-zahra.benjelloun"
    assert local_part("Minh Anh", "Đặng") == "minh-anh.dang"
    assert local_part("Paweł", "Dąbrowski") == "pawel.dabrowski"
    assert local_part("Florence", "d’Hondt") == "florence.d-hondt"
    assert len(local_part("Marie-Clémentine Joséphine", "Vandenbroucke-Schoonjans de la Hestre-Chassepierre")) <= 64


def test_easter_and_the_holidays() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
    ]
    assert date(2026, 5, 14) in holidays(2026)  # Ascension
    assert len(holidays(2026)) == 10


def test_the_end_of_summer_time() -> None:
    assert [autumn_change(year) for year in (2025, 2026, 2027)] == [
        date(2025, 10, 26),
        date(2026, 10, 25),
        date(2027, 10, 31),
    ]
    assert nearest_autumn_change(date(2026, 3, 1)) == date(2025, 10, 26)
    assert nearest_autumn_change(date(2026, 7, 1)) == date(2026, 10, 25)


def expected_of(state: str, starts: date, ends: date, today: date) -> bool:
    match state:
        case "closed" | "ended":
            return ends < today
        case "running":
            return starts < today <= ends
        case _:
            return starts > today


@pytest.mark.parametrize("part", range(8))
def test_every_day_finds_the_season_alive(season: Season, part: int) -> None:
    """On each day of two years: working days only, no overlap, and each event on the side of today that its state says."""
    for today in EVERY_DAY[part::8]:
        for event in season.events:
            zone = event.get("zone", "Europe/Brussels")
            spans = sorted(spans_of(event["slots"], today, zone))
            days = [starts.astimezone(BRUSSELS).date() for starts, _ in spans]
            assert all(is_working_day(day) for day in days), (today, event["slug"])
            assert all(first[1] <= second[0] for first, second in pairwise(spans)), (today, event["slug"])
            assert all(starts < ends for starts, ends in spans), (today, event["slug"])
            if event["state"] != "by_date":
                assert expected_of(event["state"], days[0], days[-1], today), (today, event["slug"])
            assert abs((days[0] - today).days) < 320, (today, event["slug"])


@pytest.mark.parametrize("today", EVERY_DAY[::61], ids=str)
def test_one_training_crosses_the_end_of_summer_time(season: Season, today: date) -> None:
    event = next(event for event in season.events if event["slots"][0].get("autumn"))
    spans = spans_of(event["slots"], today, "Europe/Brussels")
    mornings = [starts.astimezone(BRUSSELS) for starts, _ in spans]
    assert [moment.hour for moment in mornings] == [9, 9, 9]
    assert len({moment.utcoffset() for moment in mornings}) == 2
    assert {ends - starts for starts, ends in spans} == {timedelta(hours=3, minutes=30)}


def test_the_state_follows_the_calendar() -> None:
    today = date(2026, 6, 1)
    span = (instant(today, "09:00", BRUSSELS), instant(today, "12:30", BRUSSELS))
    assert state_by_date([span], span[0] - timedelta(hours=1)) == "published"
    assert state_by_date([span], span[0]) == "running"
    assert state_by_date([span], span[1]) == "closed"
