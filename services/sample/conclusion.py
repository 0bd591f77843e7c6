"""What became of the sample events that have begun: who was present, who signed the list, what it was for each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from models.attendance import AttendanceMark, Presence, SlotSignOff
from models.base import random_id
from models.events import EventKind, Slot
from models.people import Person
from models.registrations import Outcome, Registration, Status
from services.attendance import marks_of
from services.closing import conclude_locked
from services.jobs import start_job_locked
from services.sample.catalogue import Stage, Staged
from services.transaction import require_writing

P = Presence
QUIETLY = "issue_certificates_quietly"  # a key of tasks/jobs.py: STEPS
HELD = ("closed", "ended", "running")
HABITS: dict[str, tuple[int, int]] = {  # in a hundred people: at trainings, elsewhere
    "diligent": (85, 80),
    "misses_one": (6, 0),
    "leaves_early": (3, 3),
    "excused": (2, 2),
    "absent": (4, 15),
}


def attend_locked(stage: Stage, staged: list[Staged], registrations: list[Registration]) -> None:
    """Mark everybody in every slot that is over, and sign the lists of the trainings."""
    confirmed: dict[int, list[Registration]] = {}
    for registration in registrations:
        if registration.status == Status.CONFIRMED:
            confirmed.setdefault(registration.event_id, []).append(registration)
    for item in staged:
        over = [slot for slot in item.slots if slot.ends_at <= stage.at]
        if item.state in HELD and over:
            attend_event_locked(stage, item, over, confirmed.get(item.event.id, []))


def attend_event_locked(stage: Stage, item: Staged, slots: list[Slot], people: list[Registration]) -> None:
    chance = random.Random(f"who was at {item.table['slug']}")
    witness = item.trainers[0] if item.trainers else stage.population.by_key["alice"]
    cast = {stage.population.cast[key].person.id for key in stage.population.cast}
    for registration in people:
        habit = "faultless" if registration.person_id in cast else habit_of(item, chance)
        for slot, presence in zip(slots, presences(habit, len(slots), chance), strict=True):
            require_writing().add(mark(registration, slot, presence, witness, item, chance))
    for slot in slots:
        if item.trainers:
            signed = slot.ends_at + timedelta(minutes=chance.randint(2, 20))
            require_writing().add(SlotSignOff(slot_id=slot.id, person_id=witness.id, at=signed))


def habit_of(item: Staged, chance: random.Random) -> str:
    column = 0 if item.event.kind == EventKind.TRAINING else 1
    return chance.choices(list(HABITS), [weights[column] for weights in HABITS.values()])[0]


def presences(habit: str, number: int, chance: random.Random) -> Sequence[Presence]:
    """What one person does in `number` slots."""
    present = [P.LATE if chance.random() < 0.02 else P.PRESENT for _ in range(number)]
    match habit:
        case "faultless":
            return [P.PRESENT] * number
        case "misses_one" if number > 1:
            present[chance.randrange(number)] = P.ABSENT
        case "leaves_early":
            present[-1] = P.LEFT_EARLY
        case "excused":
            return [P.EXCUSED] * number
        case "absent":
            return [P.ABSENT] * number
    return present


def mark(
    registration: Registration, slot: Slot, presence: Presence, witness: Person, item: Staged, chance: random.Random
) -> AttendanceMark:
    """The mark of one person in one slot: at the door, or at the end for those who never came."""
    gone = presence in (P.ABSENT, P.EXCUSED, P.LEFT_EARLY)
    at = slot.ends_at - timedelta(minutes=5) if gone else slot.starts_at + timedelta(minutes=chance.randint(-12, 9))
    return AttendanceMark(
        client_id=random_id(),
        registration_id=registration.id,
        slot_id=slot.id,
        presence=presence,
        method="list" if item.trainers or gone else "qr",
        actor_id=witness.id,
        marked_at=at,
        received_at=at,
    )


def close_locked(stage: Stage, staged: list[Staged]) -> int:
    """Conclude the closed events, a day after they ended, and let the worker issue the certificates, the oldest first.

    Nobody is told. Returns how many certificates there will be.
    """
    certificates = 0
    for item in sorted(staged, key=lambda item: item.event.ends_at):
        if item.state != "closed":
            continue
        at = min(item.event.ends_at + timedelta(days=1), stage.at - timedelta(hours=1))
        marks = marks_of([slot.id for slot in item.slots])
        completed = conclude_locked(item.event, item.slots, marks, at)[Outcome.COMPLETED]
        item.event.updated_at = at
        if item.event.course_id and completed:
            start_job_locked(QUIETLY, item.event, stage.population.by_key["alice"], completed)
            certificates += completed
    return certificates
