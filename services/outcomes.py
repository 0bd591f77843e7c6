"""What an event was for each registration: minutes attended of minutes planned, and the outcome that follows.

Minutes are real ones, between instants: a slot across the autumn clock change is an hour longer than its clock says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.attendance import Presence
from models.registrations import Outcome


@dataclass(frozen=True)
class Result:
    """Minutes attended and the outcome of one registration."""

    outcome: Outcome
    minutes: int


def result_of(slots: Iterable[tuple[Presence, int]], minimum_percent: int | None) -> Result:
    """The result of one registration from its presence in each slot and that slot's minutes.

    With a course: `completed` from the course's minimum attendance (percent of the planned minutes) on, `partial` below.
    Without one (`minimum_percent` None): `completed` after at least one slot. Whoever was in no slot is `excused` when
    excused from one at least, else `no_show`; no minimum, not even 0 %, completes a training nobody saw them in.
    """
    seen = list(slots)
    attended = sum(presence.minutes_of(minutes) for presence, minutes in seen)
    if not any(presence.was_there for presence, _ in seen):
        excused = any(presence is Presence.EXCUSED for presence, _ in seen)
        return Result(Outcome.EXCUSED if excused else Outcome.NO_SHOW, 0)
    planned = sum(minutes for _, minutes in seen)
    enough = minimum_percent is None or attended * 100 >= minimum_percent * planned
    return Result(Outcome.COMPLETED if enough else Outcome.PARTIAL, attended)
