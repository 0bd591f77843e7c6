"""The plans and memberships of the sample season, an application that waits, and a claim that waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from models.organisations import (
    Affiliation,
    AffiliationStatus,
    Membership,
    MembershipPlan,
    MembershipStatus,
    Organisation,
)
from models.people import Person
from services.memberships import year_from
from services.sample.files import Season, Table
from services.transaction import require_writing

Plans = dict[str, MembershipPlan]
"""The plan of each kind of organisation."""


def add_plans_locked(season: Season) -> Plans:
    """Write the plans; which one an organisation has is said by its kind."""
    session = require_writing()
    found: Plans = {}
    for position, table in enumerate(season.plans, 1):
        plan = MembershipPlan(
            slug=table["slug"], names=dict(table["name"]), descriptions=dict(table["about"]), position=position,
            net_cents=table["net_cents"], grace_days=table["grace_days"],
        )  # fmt: skip
        session.add(plan)
        found |= dict.fromkeys(table["kinds"], plan)
    session.flush()
    return found


def membership_of(table: Table | None, row: Organisation, plan: MembershipPlan, today: date) -> Membership | None:
    """The membership as the file says it, with the grace of its plan."""
    if table is None:
        return None
    ends_on = today + timedelta(days=table["to"])
    starts_on = today + timedelta(days=table["from"])
    begun = min(starts_on, today)
    return Membership(
        organisation_id=row.id, status=MembershipStatus(table["state"]), starts_on=starts_on, ends_on=ends_on,
        grace_until=ends_on + timedelta(days=plan.grace_days), plan_id=plan.id,
        created_at=datetime.combine(begun, time(9), UTC), decided_at=datetime.combine(begun, time(9), UTC),
        reason={"grace": "ended", "lapsed": "not_renewed"}.get(table["state"], ""),
    )  # fmt: skip


def add_waiting_locked(season: Season, rows: dict[str, Organisation], plans: Plans, today: date) -> None:
    """Who asks for a membership, and who says to work somewhere: both wait for an answer."""
    session = require_writing()
    for table in season.organisations:
        organisation = rows[table["slug"]]
        for asked in table.get("claims", []):
            person, at = who_asked_locked(asked, today)
            session.add(Affiliation(person_id=person.id, organisation_id=organisation.id, is_main=True, created_at=at))
        if asked := table.get("application"):
            person, at = who_asked_locked(asked, today)
            make_hr_manager_locked(person, organisation)
            session.add(
                Membership(
                    organisation_id=organisation.id, plan_id=plans[organisation.kind].id, applicant_id=person.id,
                    starts_on=at.date(), ends_on=year_from(at.date()), created_at=at,
                )
            )  # fmt: skip


def who_asked_locked(asked: Table, today: date) -> tuple[Person, datetime]:
    given, family = asked["person"]
    query = select(Person).where(Person.given_name == given, Person.family_name == family)
    at = datetime.combine(today - timedelta(days=asked["days_ago"]), time(14, 20), UTC)
    return require_writing().scalars(query).one(), at


def make_hr_manager_locked(person: Person, organisation: Organisation) -> None:
    query = select(Affiliation).where(
        Affiliation.person_id == person.id,
        Affiliation.organisation_id == organisation.id,
        Affiliation.status == AffiliationStatus.VERIFIED,
    )
    require_writing().scalars(query).one().is_hr_manager = True
