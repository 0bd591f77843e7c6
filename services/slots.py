"""The slots of an event: added, moved, removed; the event's own start and end follow them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from models.attendance import AttendanceMark
from models.courses import Publication
from models.events import Event, Run, Slot, slot_trainer
from models.people import Person
from services.event_plans import PlanRefused, Problem, SlotPlan, slot_problems
from services.places import FRESH
from services.transaction import require_writing

Span = tuple[str, str]
"""Start and end of a slot as ISO 8601 instants: what a mail about a change keeps."""


def live_slots_locked(event_id: int) -> list[Slot]:
    """The event's slots that are not removed, as they are now; the event must be locked."""
    query = select(Slot).where(Slot.event_id == event_id, Slot.cancelled_at.is_(None))
    return list(require_writing().scalars(query.order_by(Slot.starts_at).execution_options(**FRESH)))


def spans(slots: Iterable[Slot | SlotPlan]) -> list[Span]:
    """When the slots are, in order."""
    return sorted((instant(slot.starts_at), instant(slot.ends_at)) for slot in slots)


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def change_slots_locked(event: Event, plans: tuple[SlotPlan, ...], at: datetime) -> bool:
    """Make the event's slots those of `plans` and keep its start and end. Returns whether anything changed.

    A slot that calendars may hold is not deleted but marked `cancelled_at`. Raises PlanRefused for overlaps, trainings
    longer than a half-day, slots that others removed meanwhile, slots with attendance, and an event without slots
    once it is published.
    """
    existing = {slot.public_id: slot for slot in live_slots_locked(event.id)}
    kept = {plan.public_id for plan in plans if plan.public_id}
    removed = [slot for public_id, slot in existing.items() if public_id not in kept]
    problems = [*slot_problems(plans, event.kind), *unkeepable(event, plans, existing, removed, at)]
    if problems:
        raise PlanRefused(problems)
    changed = [change_one_locked(event, existing.get(plan.public_id), plan, at) for plan in plans]
    for slot in removed:
        remove_locked(event, slot, at)
    require_writing().flush()
    keep_span_locked(event)
    return any(changed) or bool(removed)


def unkeepable(
    event: Event, plans: tuple[SlotPlan, ...], existing: dict[str, Slot], removed: list[Slot], at: datetime
) -> Iterable[Problem]:
    """What the event as it stands does not allow."""
    for row, plan in enumerate(plans):
        if plan.public_id and plan.public_id not in existing:
            yield Problem(f"slots-{row}", "slot_gone")
    if not plans and event.publication != Publication.DRAFT:
        yield Problem("slots", "no_slots")
    if event.run == Run.ENDED and any(plan.ends_at > at for plan in plans):
        yield Problem("slots", "event_is_over")
    marked = attended_locked([slot.id for slot in removed])
    for slot in removed:
        if slot.id in marked:
            yield Problem("slots", "slot_has_attendance", {"starts_at": slot.starts_at})


def attended_locked(slot_ids: list[int]) -> set[int]:
    query = select(AttendanceMark.slot_id).where(AttendanceMark.slot_id.in_(slot_ids)).distinct()
    return set(require_writing().scalars(query)) if slot_ids else set()


def change_one_locked(event: Event, slot: Slot | None, plan: SlotPlan, at: datetime) -> bool:
    session = require_writing()
    wanted = {"starts_at": plan.starts_at, "ends_at": plan.ends_at, "titles": plan.titles, "room": plan.room}
    if slot is None:
        slot = Slot(event=event, created_at=at, updated_at=at, **wanted)
        session.add(slot)
        session.flush()
        set_trainers_locked(slot, plan.trainers)
        return True
    changed = [name for name, value in wanted.items() if getattr(slot, name) != value]
    for name in changed:
        setattr(slot, name, wanted[name])
    if set_trainers_locked(slot, plan.trainers):
        changed.append("trainers")
    if changed:
        slot.updated_at = at
    return bool(changed)


def set_trainers_locked(slot: Slot, public_ids: tuple[str, ...]) -> bool:
    """Make the slot's trainers those with the given public ids; whether that changed anything."""
    session = require_writing()
    asked = set(session.scalars(select(Person.id).where(Person.public_id.in_(public_ids)))) if public_ids else set()
    present = set(session.scalars(select(slot_trainer.c.person_id).where(slot_trainer.c.slot_id == slot.id)))
    if gone := present - asked:
        session.execute(
            delete(slot_trainer).where(slot_trainer.c.slot_id == slot.id, slot_trainer.c.person_id.in_(gone))
        )
    if added := asked - present:
        session.execute(insert(slot_trainer), [{"slot_id": slot.id, "person_id": person} for person in sorted(added)])
    return asked != present


def remove_locked(event: Event, slot: Slot, at: datetime) -> None:
    """A slot of a draft goes; one that was published stays for the calendars that hold it."""
    session = require_writing()
    if event.publication == Publication.DRAFT:
        session.execute(delete(slot_trainer).where(slot_trainer.c.slot_id == slot.id))
        session.delete(slot)
    else:
        slot.cancelled_at = slot.updated_at = at


def keep_span_locked(event: Event) -> None:
    """The event starts with its first slot and ends with its last; without slots it keeps what it had."""
    live = live_slots_locked(event.id)
    if live:
        event.starts_at = min(slot.starts_at for slot in live)
        event.ends_at = max(slot.ends_at for slot in live)
