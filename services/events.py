"""Events at the desk: made, changed, copied, published, archived. Every act is an audit entry and a new version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import joinedload, selectinload

from models.areas import Area
from models.base import db, in_language, now
from models.courses import Course, Publication
from models.events import Event, EventKind, Modality, Run, Slot, Ticket, event_area
from models.people import Person
from models.search import folded
from services.audit import record_locked
from services.event_news import after_change_locked
from services.event_plans import EventPlan, PlanRefused, Problem, SlotPlan, TicketPlan, check_plan
from services.letters import whereabouts
from services.places import FRESH, lock_event_locked
from services.search import index_event_locked
from services.slots import change_slots_locked, live_slots_locked, spans
from services.tickets import TICKET_FIELDS, change_places_locked, change_tickets_locked
from services.transaction import require_writing, writing

SCALARS = (
    "titles", "summaries", "descriptions", "language", "venue", "address", "city", "online_url", "zone", "visibility", "approval",
    "approval_holds_place",
    "minimum", "decides_at", "registration_opens_at", "registration_closes_at", "has_waiting_list",
    "organisation_cap", "policies", "tiers", "free_until_days", "contact_name", "contact_email",
)  # fmt: skip
PLACE = ("venue", "address", "city", "online_url", "zone")


class ChangedMeanwhile(ValueError):
    """Somebody else saved the event after this form was opened; `version` is the present one."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the event is at version {version}")
        self.version = version


class CannotArchive(ValueError):
    """Only a draft, or an event that is over and closed or cancelled, leaves the lists."""


def create(plan: EventPlan, actor: Person, at: datetime | None = None) -> Event:
    """A new draft. Raises PlanRefused."""
    at = at or now()
    check_plan(plan)
    with writing() as session:
        course = course_locked(plan)
        event = Event(
            slug=free_slug_locked(plan.slug or in_language(plan.titles, "en")),
            kind=plan.kind,
            titles=plan.titles,
            course_id=course.id if course else None,
            starts_at=at,
            ends_at=at,
            created_at=at,
            updated_at=at,
        )
        session.add(event)
        session.flush()
        fill_locked(event, plan, at)
        index_event_locked(event)
        record_locked("event.created", actor, event=event)
        return event


def edit(event_id: int, plan: EventPlan, version: int, actor: Person, at: datetime | None = None) -> Event:
    """Make an event what `plan` says. A change of time or place of a published event that is still ahead moves its
    calendar sequence and is mailed to everybody live, once; more places go to those who wait.

    Raises PlanRefused, and ChangedMeanwhile when the event is no longer at `version`.
    """
    at = at or now()
    check_plan(plan)
    with writing():
        event = lock_event_locked(event_id)
        if event.version != version:
            raise ChangedMeanwhile(event.version)
        before = whereabouts(event, live_slots_locked(event.id))
        fixed_after_publishing(event, plan)
        changed = fill_locked(event, plan, at)
        if changed:
            event.version += 1
            event.updated_at = at
            record_locked("event.edited", actor, event=event, details={"changed": sorted(changed)})
            after_change_locked(event, before, at, actor)
        return event


def fixed_after_publishing(event: Event, plan: EventPlan) -> None:
    """What people relied on when they registered cannot become something else."""
    if event.publication == Publication.DRAFT:
        return
    problems = []
    if plan.kind != event.kind:
        problems.append(Problem("kind", "fixed_once_published"))
    if plan.slug and plan.slug != event.slug:
        problems.append(Problem("slug", "fixed_once_published"))
    if event.run in (Run.CLOSED, Run.CANCELLED) and moved_slots(event, plan):
        problems.append(Problem("slots", "event_is_closed"))
    if event.run == Run.POSTPONED and moved_slots(event, plan):
        problems.append(Problem("slots", "event_is_postponed"))
    if problems:
        raise PlanRefused(problems)


def moved_slots(event: Event, plan: EventPlan) -> bool:
    return spans(plan.slots) != spans(live_slots_locked(event.id))


def fill_locked(event: Event, plan: EventPlan, at: datetime) -> set[str]:
    """Write the plan into the event's rows; returns the names of what changed. Every problem is told at once."""
    changed = {name for name in SCALARS if getattr(event, name) != getattr(plan, name)}
    for name in changed:
        setattr(event, name, getattr(plan, name))
    if event.publication == Publication.DRAFT:
        changed |= fill_draft_locked(event, plan)
    if set_areas_locked(event, plan.areas):
        changed.add("areas")
    problems: list[Problem] = []
    steps: dict[str, Callable[[], bool]] = {
        "slots": lambda: change_slots_locked(event, plan.slots, at),
        "places": lambda: change_places_locked(event, plan.places),
        "tickets": lambda: change_tickets_locked(event, plan.tickets, at),
    }
    for name, step in steps.items():
        try:
            if step():
                changed.add(name)
        except PlanRefused as refused:
            problems += refused.problems
    if problems:
        raise PlanRefused(problems)
    return changed


def fill_draft_locked(event: Event, plan: EventPlan) -> set[str]:
    """What may change only until the event is published: kind, course, address of its page; and how it will begin."""
    course = course_locked(plan)
    wanted: dict[str, Any] = {
        "kind": plan.kind,
        "course_id": course.id if course else None,
        "run": Run.TENTATIVE if plan.minimum else Run.GUARANTEED,
    }
    if plan.slug and plan.slug != event.slug:
        wanted["slug"] = free_slug_locked(plan.slug)
    changed = {name for name, value in wanted.items() if getattr(event, name) != value}
    for name in changed:
        setattr(event, name, wanted[name])
    return changed


def course_locked(plan: EventPlan) -> Course | None:
    """The course of a training; PlanRefused when its slug is nobody's."""
    if plan.kind != EventKind.TRAINING:
        return None
    course = require_writing().scalar(select(Course).where(Course.slug == plan.course))
    if course is None:
        raise PlanRefused([Problem("course", "training_needs_course")])
    return course


def set_areas_locked(event: Event, slugs: tuple[str, ...]) -> bool:
    session = require_writing()
    asked = set(session.scalars(select(Area.id).where(Area.slug.in_(slugs)))) if slugs else set()
    present = set(session.scalars(select(event_area.c.area_id).where(event_area.c.event_id == event.id)))
    if asked == present:
        return False
    session.execute(delete(event_area).where(event_area.c.event_id == event.id))
    if asked:
        session.execute(insert(event_area), [{"event_id": event.id, "area_id": area} for area in sorted(asked)])
    session.expire(event, ["areas"])
    return True


def slug_of(title: str) -> str:
    """“Annex 1 in practice” → “annex-1-in-practice”: lower case, no marks, at most 80 characters."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in folded(title)).split()
    slug = "-".join(words)[:80].strip("-")
    return slug or "event"


def free_slug_locked(title: str) -> str:
    """The slug of a title, with the first number that makes it unique."""
    base = slug_of(title)
    used = set(require_writing().scalars(select(Event.slug).where(Event.slug.startswith(base, autoescape=True))))
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(used) + 3))
    return next(slug for slug in candidates if slug not in used)


def archive(event_id: int, actor: Person, at: datetime | None = None) -> Event:
    """Take a draft, or an event that is closed or cancelled, out of the lists. Raises CannotArchive."""
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        over = event.run in (Run.CLOSED, Run.CANCELLED)
        if event.publication == Publication.ARCHIVED or not (over or event.publication == Publication.DRAFT):
            raise CannotArchive(event.slug)
        event.publication = Publication.ARCHIVED
        event.updated_at = at
        event.version += 1
        index_event_locked(event)
        record_locked("event.archived", actor, event=event)
        return event


def load_plan(event_id: int) -> tuple[Event, EventPlan]:
    """The event and the plan that it is: what its form shows, and what `edit` would leave unchanged."""
    query = (
        select(Event)
        .where(Event.id == event_id)
        .options(
            selectinload(Event.slots).selectinload(Slot.trainers).load_only(Person.public_id),
            selectinload(Event.tickets).joinedload(Ticket.quota),
            selectinload(Event.quotas),
            selectinload(Event.areas).load_only(Area.slug),
            joinedload(Event.course).load_only(Course.slug),
        )
        .execution_options(**FRESH)
    )
    event = db.session.execute(query).scalar_one()
    return event, plan_of(event)


def plan_of(event: Event) -> EventPlan:
    """The plan of an event with slots, trainers, tickets, quotas, areas and course loaded."""
    sold = [ticket for ticket in event.tickets if ticket.withdrawn_at is None]
    return EventPlan(
        kind=EventKind(event.kind),
        course=event.course.slug if event.course else "",
        slug=event.slug,
        areas=tuple(area.slug for area in event.areas),
        slots=tuple(slot_plan(slot) for slot in event.slots if slot.cancelled_at is None),
        places={Modality(quota.modality): quota.capacity for quota in event.quotas if quota.capacity},
        tickets=tuple(ticket_plan(ticket) for ticket in sold),
        **{name: getattr(event, name) for name in SCALARS},
    )


def slot_plan(slot: Slot) -> SlotPlan:
    trainers = tuple(person.public_id for person in slot.trainers)
    return SlotPlan(slot.starts_at, slot.ends_at, slot.public_id, slot.titles, slot.room, trainers)


def ticket_plan(ticket: Ticket) -> TicketPlan:
    values = {name: getattr(ticket, name) for name in TICKET_FIELDS}
    return TicketPlan(public_id=ticket.public_id, modality=Modality(ticket.quota.modality), **values)
