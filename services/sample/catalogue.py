"""The courses, programmes and events of the sample season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.areas import Area
from models.courses import Course, Prerequisite, Programme, ProgrammeStep, Publication
from models.events import (
    Approval,
    Audience,
    Event,
    EventKind,
    Modality,
    Quota,
    Run,
    Slot,
    Ticket,
    VatTreatment,
    Visibility,
)
from models.people import Person, Role, StaffRole
from services.sample.days import Span, instant, spans_of, state_by_date
from services.sample.files import SampleMalformed, Season, Table
from services.sample.offers import add_vouchers_locked, early_ticket
from services.sample.population import Population
from services.transaction import require_writing

ZONE = "Europe/Brussels"
OPENS_DAYS = 120  # registration opens so many days before the first slot, unless the event says otherwise
CHANGED = timedelta(days=2)  # how long ago the postponed and the cancelled event changed
RUNS = {
    "draft": Run.TENTATIVE,
    "tentative": Run.TENTATIVE,
    "published": Run.GUARANTEED,
    "running": Run.RUNNING,
    "ended": Run.ENDED,
    "closed": Run.CLOSED,
    "postponed": Run.POSTPONED,
    "cancelled": Run.CANCELLED,
}


@dataclass(frozen=True)
class Staged:
    """An event on the stage: its row with slots, tickets and quota, and what the file wants for it."""

    table: Table
    state: str
    event: Event
    slots: list[Slot]
    quota: Quota
    tickets: list[Ticket]
    trainers: list[Person]


@dataclass(frozen=True)
class Stage:
    """What events are made of."""

    season: Season
    population: Population
    areas: dict[str, Area]
    courses: dict[str, Course]
    cancellation: Table
    today: date

    @property
    def at(self) -> datetime:
        """Midnight in Brussels at the beginning of today: nothing in the sample happened later."""
        return instant(self.today, "00:00", ZoneInfo(ZONE))


def add_courses_locked(season: Season, areas: dict[str, Area], today: date) -> dict[str, Course]:
    """The courses by slug."""
    made_at = datetime(today.year - 2, 9, 1, 8, tzinfo=UTC)
    courses = {}
    for table in season.courses:
        courses[table["slug"]] = Course(
            slug=table["slug"], publication=Publication.PUBLISHED, titles=table["title"], summaries=table["summary"],
            descriptions=table["description"], outcomes=table["outcomes"], audiences=table["audience"],
            prerequisites=table["prerequisites"], prerequisite=Prerequisite(table.get("prerequisite", "inform")),
            minutes=table["minutes"], level=table["level"], languages=table["languages"],
            minimum_attendance=table.get("minimum_attendance", 80), validity_months=table.get("validity_months"),
            areas=[areas[slug] for slug in table["areas"]], created_at=made_at, updated_at=made_at,
        )  # fmt: skip
    for table in season.courses:
        courses[table["slug"]].required = [courses[slug] for slug in table.get("requires", [])]
    require_writing().add_all(courses.values())
    return courses


def add_programmes_locked(season: Season, areas: dict[str, Area], courses: dict[str, Course]) -> list[Programme]:
    session = require_writing()
    programmes = []
    for table in season.programmes:
        programme = Programme(
            slug=table["slug"], publication=Publication.PUBLISHED, area=areas[table["area"]], titles=table["title"],
            summaries=table["summary"], descriptions=table["description"],
        )  # fmt: skip
        session.add(programme)
        programmes.append(programme)
        for position, step in enumerate(table["steps"]):
            session.add(
                ProgrammeStep(
                    programme=programme,
                    course=courses[step["course"]],
                    position=position,
                    is_mandatory=not step.get("elective", False),
                )
            )
    return programmes


def add_events_locked(stage: Stage) -> list[Staged]:
    """Every event with its slots, quota and tickets; nobody is registered yet."""
    staged = [stage_event_locked(stage, table) for table in stage.season.events]
    require_writing().flush()
    for item in staged:
        add_trainer_roles_locked(item)
    return staged


def stage_event_locked(stage: Stage, table: Table) -> Staged:
    session = require_writing()
    spans = spans_of(table["slots"], stage.today, table.get("zone", ZONE))
    state = state_by_date(spans, stage.at) if table["state"] == "by_date" else table["state"]
    event = Event(**words_of(stage, table), **place_of(stage, table), **times_of(stage, table, state, spans))
    trainers = [stage.population.by_key[key] for key in table.get("trainers", [])]
    quota = Quota(
        event=event, modality=Modality.ONLINE if "online" in table else Modality.ONSITE, capacity=table["capacity"]
    )
    session.add_all([event, quota])
    slots = add_slots_locked(stage, table, event, spans, trainers)
    tickets = add_tickets_locked(stage.season, table, event, quota)
    add_vouchers_locked(table, event, quota)
    return Staged(table, state, event, slots, quota, tickets, trainers)


def words_of(stage: Stage, table: Table) -> dict[str, Any]:
    """What an event says of itself. A training takes from its course what the file leaves out."""
    course = stage.courses[table["course"]] if "course" in table else None
    is_free = not any(table["tickets"].values())
    terms = stage.cancellation
    own_areas = [stage.areas[slug] for slug in table.get("areas", [])]
    return {
        "slug": table["slug"],
        "kind": EventKind(table["kind"]),
        "course": course,
        "titles": table.get("title") or (course.titles if course else {}),
        "summaries": table.get("summary") or (course.summaries if course else {}),
        "descriptions": table.get("description") or (course.descriptions if course else {}),
        "language": table["language"],
        "areas": own_areas or list(course.areas if course else []),
        "visibility": Visibility(table.get("visibility", "public")),
        "approval": Approval(table.get("approval", "none")),
        "organisation_cap": table.get("organisation_cap"),
        "minimum": table.get("minimum", 0),
        "policies": table.get("policy") or terms["policy_free" if is_free else "policy"],
        "free_until_days": 0 if is_free else table.get("free_until_days", terms["free_until_days"]),
        "notices": table.get("notice", {}),
    }


def place_of(stage: Stage, table: Table) -> dict[str, Any]:
    """Where, and whom to ask."""
    alice = stage.population.cast["alice"]
    where: dict[str, Any] = {"online_url": table.get("online", "")}
    if "venue" in table:
        if table["venue"] not in stage.season.venues:
            raise SampleMalformed(f"event {table['slug']}: there is no venue {table['venue']!r}")
        venue = stage.season.venues[table["venue"]]
        where |= {"venue": venue["name"], "address": venue["address"], "city": venue["city"]}
    return {**where, "contact_name": alice.person.name, "contact_email": alice.email}


def times_of(stage: Stage, table: Table, state: str, spans: list[Span]) -> dict[str, Any]:
    """When, and where on the two axes."""
    starts_at = min(starts for starts, _ in spans)
    opens_at = starts_at - timedelta(days=table.get("opens", OPENS_DAYS))
    made_at = opens_at - timedelta(days=10)
    changed = state in ("postponed", "cancelled")
    run = RUNS[state] if table.get("minimum") or state != "draft" else Run.GUARANTEED
    sure = run not in (Run.TENTATIVE, Run.CANCELLED)
    return {
        "zone": table.get("zone", ZONE),
        "starts_at": starts_at,
        "ends_at": max(ends for _, ends in spans),
        "publication": Publication.DRAFT if state == "draft" else Publication.PUBLISHED,
        "run": run,
        "registration_opens_at": opens_at,
        "decides_at": starts_at - timedelta(days=table["decides"]) if "decides" in table else None,
        "guaranteed_at": max(opens_at, min(stage.at, starts_at) - timedelta(days=21)) if sure else None,
        "sequence": 1 if changed else 0,
        "created_at": min(made_at, stage.at - CHANGED),
        "updated_at": stage.at - CHANGED if changed else min(made_at, stage.at - CHANGED),
    }


def add_slots_locked(stage: Stage, table: Table, event: Event, spans: list[Span], trainers: list[Person]) -> list[Slot]:
    slots = [
        Slot(
            event=event, starts_at=starts, ends_at=ends, titles=titles, room=table.get("room", ""),
            trainers=list(trainers), created_at=event.created_at, updated_at=event.updated_at,
        )
        for (starts, ends), titles in zip(spans, slot_titles(stage, table), strict=True)
    ]  # fmt: skip
    require_writing().add_all(slots)
    return sorted(slots, key=lambda slot: slot.starts_at)


def slot_titles(stage: Stage, table: Table) -> list[dict[str, str]]:
    """One title per slot: the course's half-days, or the slots' own."""
    if "course" not in table:
        return [rule.get("title", {}) for rule in table["slots"]]
    half_days = next(course["half_days"] for course in stage.season.courses if course["slug"] == table["course"])
    if any(len(titles) != len(table["slots"]) for titles in half_days.values()):
        raise SampleMalformed(f"event {table['slug']}: its course has another number of half-days")
    return [{language: titles[row] for language, titles in half_days.items()} for row in range(len(table["slots"]))]


def add_tickets_locked(season: Season, table: Table, event: Event, quota: Quota) -> list[Ticket]:
    is_free = not any(table["tickets"].values())
    tickets = [
        Ticket(
            event=event, quota=quota, position=position, audience=Audience(audience), net_cents=cents,
            names=season.ticket_names["free" if is_free else audience],
            vat=VatTreatment(table.get("vat", "standard")),
        )
        for position, (audience, cents) in enumerate(table["tickets"].items())
    ]  # fmt: skip
    tickets += early_ticket(season, table, event, quota, len(tickets))
    require_writing().add_all(tickets)
    return tickets


def add_trainer_roles_locked(item: Staged) -> None:
    """Each trainer sees the attendance list of what they train, and of nothing else."""
    for person in item.trainers:
        require_writing().add(StaffRole(person_id=person.id, role=Role.TRAINER, event_id=item.event.id))
