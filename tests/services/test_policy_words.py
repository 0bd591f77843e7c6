"""The terms of cancelling in one sentence, in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from flask import Flask

from models.policies import Tier
from services.policy_words import terms_of, tiers_sentence
from tests.cast import Cast, make_event

THREE: list[Tier] = [{"days": 15, "percent": 0}, {"days": 5, "percent": 50}, {"days": 0, "percent": 100}]
FIRST = date(2026, 12, 11)


@pytest.fixture(autouse=True)
def autumn() -> object:
    with time_machine.travel(datetime(2026, 10, 1, tzinfo=UTC), tick=False):
        yield


def test_it_works(app: Flask) -> None:
    said = tiers_sentence(THREE, FIRST, "en")
    assert said == "Free until Thursday 19 November; then half the price; from Friday 4 December the full price."


@pytest.mark.parametrize(
    "tiers, said",
    [
        ([{"days": 0, "percent": 0}], "Leaving costs nothing."),
        ([{"days": 0, "percent": 30}], "Leaving costs 30 % of the price."),
        (
            [{"days": 5, "percent": 10}, {"days": 0, "percent": 100}],
            "Until Thursday 3 December 10 % of the price; then the full price.",
        ),
    ],
)
def test_fewer_steps(app: Flask, tiers: list[Tier], said: str) -> None:
    assert tiers_sentence(tiers, FIRST, "en") == said


@pytest.mark.parametrize("locale", ["fr", "nl"])
def test_the_days_are_said_in_the_readers_language(app: Flask, locale: str) -> None:
    assert {"fr": "19 novembre", "nl": "19 november"}[locale] in tiers_sentence(THREE, FIRST, locale)


def test_a_place_that_costs_nothing_has_no_tiers(cast: Cast) -> None:
    event = make_event(tiers=THREE, policies={"en": "Give it back as soon as you know."})
    assert terms_of(event, "en", costs=False) == "Give it back as soon as you know."
    assert "half the price" in terms_of(event, "en", costs=True)
