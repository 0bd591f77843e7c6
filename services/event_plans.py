"""What an organiser asks an event to be: one plan, checked by rules that need no database."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from models.base import Texts
from models.events import Approval, Audience, EventKind, Modality, VatTreatment, Visibility
from models.policies import Tier

HALF_DAY = timedelta(hours=4, minutes=30)
"""The longest slot of a training: a half-day as the sector counts it (9:00 – 13:30 with its breaks)."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a plan: the field it is about, a code, and the facts the sentence needs."""

    field: str
    code: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class PlanRefused(ValueError):
    """The plan cannot be kept; `problems` says what to change, field by field."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class SlotPlan:
    """One slot asked for; `public_id` names the slot it changes, '' asks for a new one. Instants are aware."""

    starts_at: datetime
    ends_at: datetime
    public_id: str = ""
    titles: Texts = dataclasses.field(default_factory=dict)
    room: str = ""
    trainers: tuple[str, ...] = ()  # public ids of persons


@dataclass(frozen=True)
class TicketPlan:
    """One ticket asked for; `public_id` names the ticket it changes. Net price in cents."""

    names: Texts
    public_id: str = ""
    audience: Audience = Audience.EVERYONE
    modality: Modality = Modality.ONSITE
    net_cents: int = 0
    vat: VatTreatment = VatTreatment.STANDARD
    limit: int | None = None
    sale_opens_at: datetime | None = None
    sale_closes_at: datetime | None = None


@dataclass(frozen=True)
class EventPlan:
    """All that an organiser decides about an event. Texts have one entry per language that was written."""

    kind: EventKind
    titles: Texts
    course: str = ""  # slug; trainings only
    slug: str = ""  # asked for while the event is a draft; '' keeps or makes one
    summaries: Texts = dataclasses.field(default_factory=dict)
    descriptions: Texts = dataclasses.field(default_factory=dict)
    language: str = "en"
    areas: tuple[str, ...] = ()  # slugs
    venue: str = ""
    address: str = ""
    city: str = ""
    online_url: str = ""
    zone: str = "Europe/Brussels"
    visibility: Visibility = Visibility.PUBLIC
    approval: Approval = Approval.NONE
    approval_holds_place: bool = False
    slots: tuple[SlotPlan, ...] = ()
    places: dict[Modality, int] = dataclasses.field(default_factory=dict)  # capacity of each modality offered
    tickets: tuple[TicketPlan, ...] = ()
    minimum: int = 0
    decides_at: datetime | None = None
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    has_waiting_list: bool = True
    organisation_cap: int | None = None
    policies: Texts = dataclasses.field(default_factory=dict)
    tiers: list[Tier] = dataclasses.field(default_factory=list)  # what leaving costs, in place of the policies
    free_until_days: int = 2
    contact_name: str = ""
    contact_email: str = ""


def check_plan(plan: EventPlan) -> None:
    """Refuse what no event may be; raises PlanRefused with every problem at once."""
    problems = [
        *text_problems(plan),
        *slot_problems(plan.slots, plan.kind),
        *place_problems(plan),
        *window_problems(plan),
        *ticket_problems(plan.tickets, plan.places),
        *tier_problems(plan.tiers),
    ]
    if problems:
        raise PlanRefused(problems)


def text_problems(plan: EventPlan) -> Iterator[Problem]:
    if not any(plan.titles.values()):
        yield Problem("titles", "no_title")
    if (plan.kind == EventKind.TRAINING) != bool(plan.course):
        yield Problem("course", "training_needs_course" if not plan.course else "only_trainings_have_courses")


def slot_problems(slots: Iterable[SlotPlan], kind: EventKind) -> Iterator[Problem]:
    """Slots that end before they start, are longer than a half-day of training, or overlap. Fields are `slots-<row>`."""
    rows = list(enumerate(slots))
    for row, slot in rows:
        if slot.ends_at <= slot.starts_at:
            yield Problem(f"slots-{row}", "ends_before_start")
        elif kind == EventKind.TRAINING and slot.ends_at - slot.starts_at > HALF_DAY:
            yield Problem(f"slots-{row}", "longer_than_half_day", {"hours": HALF_DAY / timedelta(hours=1)})
    rows.sort(key=lambda item: (item[1].starts_at, item[1].ends_at))
    for (first, earlier), (second, later) in pairwise(rows):
        if later.starts_at < earlier.ends_at and earlier.starts_at < earlier.ends_at:
            yield Problem(f"slots-{second}", "overlap", {"other": first + 1})


def place_problems(plan: EventPlan) -> Iterator[Problem]:
    total = sum(plan.places.values())
    for modality, capacity in plan.places.items():
        if capacity < 0:
            yield Problem(f"places_{modality}", "negative")
    if plan.minimum < 0:
        yield Problem("minimum", "negative")
    elif plan.minimum and total and plan.minimum > total:
        yield Problem("minimum", "more_than_places", {"minimum": plan.minimum, "places": total})
    if plan.organisation_cap is not None and plan.organisation_cap < 1:
        yield Problem("organisation_cap", "at_least_one")


def window_problems(plan: EventPlan) -> Iterator[Problem]:
    opens, closes = plan.registration_opens_at, plan.registration_closes_at
    starts = min((slot.starts_at for slot in plan.slots), default=None)
    if opens and closes and closes <= opens:
        yield Problem("registration_closes", "closes_before_opening")
    if starts and opens and opens >= starts:
        yield Problem("registration_opens", "opens_after_start")
    if starts and plan.decides_at and plan.decides_at >= starts:
        yield Problem("decides", "decides_after_start")


def ticket_problems(tickets: Iterable[TicketPlan], places: dict[Modality, int]) -> Iterator[Problem]:
    """Tickets that draw from places nobody offers, or whose price or window cannot be."""
    for row, ticket in enumerate(tickets):
        if ticket.net_cents < 0:
            yield Problem(f"tickets-{row}-price", "negative")
        if ticket.modality not in places:
            yield Problem(f"tickets-{row}-modality", "no_places_for_ticket")
        if ticket.limit is not None and ticket.limit < 1:
            yield Problem(f"tickets-{row}-limit", "at_least_one")
        opens, closes = ticket.sale_opens_at, ticket.sale_closes_at
        if opens and closes and closes <= opens:
            yield Problem(f"tickets-{row}-closes", "closes_before_opening")


def tier_problems(tiers: list[Tier]) -> Iterator[Problem]:
    """Tiers go from far to near, each dearer than the one before, and the last holds until the event begins."""
    for row, tier in enumerate(tiers):
        if row and tier["days"] >= tiers[row - 1]["days"]:
            yield Problem(f"tiers-{row}-days", "tier_not_nearer")
        elif row and tier["percent"] <= tiers[row - 1]["percent"]:
            yield Problem(f"tiers-{row}-percent", "tier_not_dearer")
    if tiers and tiers[-1]["days"] != 0:
        yield Problem(f"tiers-{len(tiers) - 1}-days", "tier_without_end")


class NoSuchTime(ValueError):
    """The clocks of the zone jump over this local time."""


def local_instant(day: datetime | None, zone: str) -> datetime | None:
    """The instant of a wall-clock time typed for `zone`; None stays None.

    A time that exists twice (autumn) is the first of the two. Raises NoSuchTime for one the spring change skips.
    """
    if day is None:
        return None
    tz = ZoneInfo(zone)
    moment = day.replace(tzinfo=tz, fold=0)
    if moment.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != day.replace(tzinfo=None):
        raise NoSuchTime(day.isoformat())
    return moment.astimezone(UTC)


def shifted(moment: datetime, days: int, zone: str) -> datetime:
    """The same wall-clock time `days` later in `zone`, whatever the clocks did in between."""
    local = moment.astimezone(ZoneInfo(zone))
    later = datetime.combine(local.date() + timedelta(days=days), local.time().replace(fold=0), ZoneInfo(zone))
    return later.astimezone(UTC)
