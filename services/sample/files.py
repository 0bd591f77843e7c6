"""The files of the sample season: read, and refused when they say something that nobody would read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import ROOT

FOLDER = ROOT / "sample"
Table = dict[str, Any]


class SampleMalformed(ValueError):
    """A sample file has an unknown key, misses one, or names something that is not there; the message says where."""


@dataclass(frozen=True)
class Keys:
    """The keys a table must have, and those it may have."""

    must: frozenset[str]
    may: frozenset[str] = frozenset()

    def check(self, table: Table, where: str) -> None:
        """Raise SampleMalformed for the first missing or unknown key."""
        if missing := sorted(self.must - table.keys()):
            raise SampleMalformed(f"{where}: {missing[0]!r} is missing")
        if unknown := sorted(table.keys() - self.must - self.may):
            raise SampleMalformed(f"{where}: nobody reads {unknown[0]!r}")


def keys(must: str, may: str = "") -> Keys:
    return Keys(frozenset(must.split()), frozenset(may.split()))


ORGANISATION = keys(
    "slug name kind enterprise_number address domains areas about",
    "legal_name membership application claims payment_term_days",
)
ADDRESS = keys("street postcode city country")
MEMBERSHIP = keys("state from to")
ASKED = keys("person days_ago")
PLAN = keys("slug name about net_cents grace_days kinds")
CAST = keys("key name email locale job_title", "roles organisation hr_manager biography")
TRAINER = keys("key name email locale biography")
COURSE = keys(
    "slug areas level languages minutes title summary description audience prerequisites outcomes half_days",
    "validity_months prerequisite requires minimum_attendance",
)
PROGRAMME = keys("slug area title summary description steps")
STEP = keys("course", "elective")
VENUE = keys("slug name address city")
EVENT = keys(
    "slug kind state language slots capacity tickets",
    "course areas title summary description venue room online zone trainers minimum decides vat visibility approval"
    " organisation_cap free_until_days policy notice opens registered with with_waiting questions early vouchers",
)
QUESTION = keys("kind label", "hint choices required answers")
SLOT = keys("from to", "week day in_days autumn title")
STATUSES = keys("", "confirmed awaiting_payment waitlisted offered pending_approval cancelled expired")
AUDIENCES = keys("", "everyone members students staff")
EARLY = keys("cents days")
VOUCHER = keys("code", "name percent amount fixed uses reserved")


@dataclass(frozen=True)
class Season:
    """Everything the sample files say, checked for its keys."""

    plans: list[Table]
    organisations: list[Table]
    cast: list[Table]
    trainers: list[Table]
    people: dict[str, list[list[str]]]
    courses: list[Table]
    programmes: list[Table]
    venues: dict[str, Table]
    ticket_names: dict[str, dict[str, str]]
    events: list[Table]


def read_season(folder: Path = FOLDER) -> Season:
    """Read every file of the season. Raises SampleMalformed, and TOMLDecodeError with line and column."""
    people = read(folder / "people.toml", keys("cast trainers people"))
    organisations = read(folder / "organisations.toml", keys("plans organisations"))
    places = read(folder / "venues.toml", keys("venues ticket_names"))
    event_files = sorted((folder / "events").glob("*.toml"))
    season = Season(
        plans=organisations["plans"],
        organisations=organisations["organisations"],
        cast=people["cast"],
        trainers=people["trainers"],
        people=people["people"],
        courses=read(folder / "courses.toml", keys("courses"))["courses"],
        programmes=read(folder / "programmes.toml", keys("programmes"))["programmes"],
        venues={venue["slug"]: venue for venue in places["venues"]},
        ticket_names=places["ticket_names"],
        events=[event for path in event_files for event in read(path, keys("events"))["events"]],
    )
    check_people(season)
    check_catalogue(season)
    return season


def read(path: Path, top: Keys) -> Table:
    with path.open("rb") as file:
        table = tomllib.load(file)
    top.check(table, path.name)
    return table


def check_people(season: Season) -> None:
    for plan in season.plans:
        PLAN.check(plan, f"plan {plan.get('slug')}")
    for organisation in season.organisations:
        where = f"organisation {organisation.get('slug')}"
        ORGANISATION.check(organisation, where)
        ADDRESS.check(organisation["address"], where)
        if "membership" in organisation:
            MEMBERSHIP.check(organisation["membership"], where)
        for asked in [*organisation.get("claims", []), *filter(None, [organisation.get("application")])]:
            ASKED.check(asked, where)
            if asked["person"] not in [row[:2] for rows in season.people.values() for row in rows]:
                raise SampleMalformed(f"{where}: there is no person {' '.join(asked['person'])!r}")
    for rows, allowed in ((season.cast, CAST), (season.trainers, TRAINER)):
        for row in rows:
            allowed.check(row, f"person {row.get('key')}")
    known = {organisation["slug"] for organisation in season.organisations} | {"independent"}
    if strangers := sorted(season.people.keys() - known):
        raise SampleMalformed(f"people.toml: there is no organisation {strangers[0]!r}")


def check_catalogue(season: Season) -> None:
    for course in season.courses:
        COURSE.check(course, f"course {course.get('slug')}")
    for programme in season.programmes:
        where = f"programme {programme.get('slug')}"
        PROGRAMME.check(programme, where)
        for step in programme["steps"]:
            STEP.check(step, where)
    for slug, venue in season.venues.items():
        VENUE.check(venue, f"venue {slug}")
    for event in season.events:
        check_event(event)


def check_event(event: Table) -> None:
    where = f"event {event.get('slug')}"
    EVENT.check(event, where)
    STATUSES.check(event.get("registered", {}), where)
    AUDIENCES.check(event["tickets"], where)
    if "early" in event:
        EARLY.check(event["early"], where)
    for voucher in event.get("vouchers", []):
        VOUCHER.check(voucher, where)
    for slot in event["slots"]:
        SLOT.check(slot, where)
    for question in event.get("questions", []):
        QUESTION.check(question, where)
    if (event["kind"] == "training") != ("course" in event):
        raise SampleMalformed(f"{where}: a training has a course, and nothing else has one")
    if "course" not in event and not {"title", "summary", "description", "areas"} <= event.keys():
        raise SampleMalformed(f"{where}: without a course it needs its own texts and areas")
    if ("venue" in event) == ("online" in event):
        raise SampleMalformed(f"{where}: either a venue or an online link")
