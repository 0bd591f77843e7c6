"""The outcome of one registration from its presence in each slot."""

from __future__ import annotations

import pytest

from models.attendance import Presence
from models.registrations import Outcome
from services.outcomes import Result, result_of

pytestmark = pytest.mark.pure

LETTERS = {
    "P": Presence.PRESENT, "L": Presence.LATE, "E": Presence.LEFT_EARLY,
    "A": Presence.ABSENT, "X": Presence.EXCUSED, "-": Presence.UNMARKED,
}  # fmt: skip


def outcome(letters: str, minimum: int | None, minutes: int = 210) -> Result:
    return result_of([(LETTERS[letter], minutes) for letter in letters], minimum)


@pytest.mark.parametrize(
    "letters, minimum, expected, minutes",
    [
        ("PPPP", 80, Outcome.COMPLETED, 840),
        ("PPPA", 80, Outcome.PARTIAL, 630),
        ("PPPA", 75, Outcome.COMPLETED, 630),  # exactly the minimum is enough
        ("PPPL", 80, Outcome.COMPLETED, 735),
        ("PPLE", 80, Outcome.PARTIAL, 630),
        ("AAAA", 80, Outcome.NO_SHOW, 0),
        ("----", 80, Outcome.NO_SHOW, 0),
        ("AXAA", 80, Outcome.EXCUSED, 0),
        ("XPXX", 80, Outcome.PARTIAL, 210),
        ("AAAA", 0, Outcome.NO_SHOW, 0),  # nobody completes what nobody saw them in
        ("LAAA", 0, Outcome.COMPLETED, 105),
        ("A-LA", None, Outcome.COMPLETED, 105),  # without a course one slot is enough
        ("A--A", None, Outcome.NO_SHOW, 0),
        ("X---", None, Outcome.EXCUSED, 0),
        ("", 80, Outcome.NO_SHOW, 0),
    ],
)
def test_outcomes(letters: str, minimum: int | None, expected: Outcome, minutes: int) -> None:
    assert outcome(letters, minimum) == Result(expected, minutes)


def test_slots_weigh_by_their_minutes() -> None:
    assert result_of([(Presence.PRESENT, 240), (Presence.ABSENT, 60)], 80).outcome is Outcome.COMPLETED
    assert result_of([(Presence.PRESENT, 239), (Presence.ABSENT, 61)], 80).outcome is Outcome.PARTIAL
