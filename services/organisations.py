"""Organisations: made and corrected at the desk, counted on the public pages, found by name by whoever works there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, delete, func, insert, or_, select

from models.areas import Area
from models.base import db
from models.organisations import (
    Affiliation,
    AffiliationStatus,
    Membership,
    MembershipStatus,
    Organisation,
    OrganisationKind,
    organisation_area,
)
from models.people import Person
from models.search import folded
from services.audit import record_locked
from services.dates import ZONE, local_day
from services.events import slug_of
from services.transaction import require_writing, writing

FOUND_AT_MOST = 10
SHORTEST = 2


class OrganisationUnknown(LookupError):
    """There is no organisation with this public id."""


class NumberTaken(ValueError):
    """Another organisation has this enterprise number: `public_id` and `name` say which."""

    def __init__(self, public_id: str, name: str) -> None:
        super().__init__(name)
        self.public_id, self.name = public_id, name


@dataclass(frozen=True)
class OrganisationFacts:
    """What the desk says of an organisation. Numbers as `services/enterprise_numbers.py` cleans them, '' for none."""

    legal_name: str
    name: str
    kind: OrganisationKind
    enterprise_number: str = ""
    vat_number: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "BE"
    billing_email: str = ""
    areas: tuple[str, ...] = field(default=())  # slugs


def count_members(at: datetime) -> int:
    """How many organisations are members on that day: active or in grace; one query."""
    day = local_day(at, ZONE)
    members = select(func.count(Membership.organisation_id.distinct())).where(
        Membership.status.in_((MembershipStatus.ACTIVE, MembershipStatus.GRACE)),
        Membership.starts_on <= day,
        or_(Membership.ends_on >= day, Membership.grace_until >= day),
    )
    return db.session.scalar(members) or 0


def organisation_by_public_id(public_id: str) -> Organisation:
    """The organisation, without relations. Raises OrganisationUnknown."""
    found = db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))
    if found is None:
        raise OrganisationUnknown(public_id)
    return found


def lock_organisation_locked(public_id: str) -> Organisation:
    """The organisation's row, locked: whoever decides about its people or its membership holds it first.

    Raises OrganisationUnknown.
    """
    found = require_writing().scalar(
        select(Organisation)
        .where(Organisation.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise OrganisationUnknown(public_id)
    return found


def add_organisation(facts: OrganisationFacts, actor: Person) -> Organisation:
    """A new organisation. Raises NumberTaken."""
    with writing() as session:
        refuse_taken_number_locked(facts, None)
        row = Organisation(slug=free_slug_locked(facts.name))
        set_facts(row, facts)
        session.add(row)
        session.flush()
        set_areas_locked(row, facts.areas)
        record_locked("organisation.added", actor, subject_kind="organisation", subject_id=row.id)
    return row


def change_organisation(public_id: str, facts: OrganisationFacts, actor: Person) -> Organisation:
    """Correct what is said of an organisation. Orders placed before keep their own copy. Raises NumberTaken,
    OrganisationUnknown."""
    with writing():
        row = lock_organisation_locked(public_id)
        refuse_taken_number_locked(facts, row.id)
        before = columns_of(row)
        set_facts(row, facts)
        changed = [name for name, value in columns_of(row).items() if value != before[name]]
        changed += ["areas"] if set_areas_locked(row, facts.areas) else []
        if changed:
            details = {"changed": changed}
            record_locked("organisation.edited", actor, subject_kind="organisation", subject_id=row.id, details=details)
    return row


def refuse_taken_number_locked(facts: OrganisationFacts, own_id: int | None) -> None:
    if not facts.enterprise_number:
        return
    same = require_writing().scalar(
        select(Organisation).where(Organisation.enterprise_number == facts.enterprise_number)
    )
    if same is not None and same.id != own_id:
        raise NumberTaken(same.public_id, same.name)


COLUMNS = (
    "legal_name", "name", "kind", "enterprise_number", "vat_number", "street", "postcode", "city", "country",
    "billing_email",
)  # fmt: skip
NULLABLE = ("enterprise_number", "vat_number", "billing_email")


def columns_of(row: Organisation) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS}


def set_facts(row: Organisation, facts: OrganisationFacts) -> None:
    for name in COLUMNS:
        value = getattr(facts, name)
        setattr(row, name, (value or None) if name in NULLABLE else value)


def set_areas_locked(row: Organisation, slugs: tuple[str, ...]) -> bool:
    """Whether they changed."""
    session, links = require_writing(), organisation_area
    asked = set(session.scalars(select(Area.id).where(Area.slug.in_(slugs)))) if slugs else set()
    present = set(session.scalars(select(links.c.area_id).where(links.c.organisation_id == row.id)))
    if asked == present:
        return False
    session.execute(delete(links).where(links.c.organisation_id == row.id))
    if asked:
        session.execute(insert(links), [{"organisation_id": row.id, "area_id": area} for area in sorted(asked)])
    return True


def free_slug_locked(name: str) -> str:
    """The slug of a name, with the first number that makes it unique."""
    base = slug_of(name)[:70]
    alike = select(Organisation.slug).where(Organisation.slug.startswith(base, autoescape=True))
    used = set(require_writing().scalars(alike))
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(used) + 3))
    return next(slug for slug in candidates if slug not in used)


@dataclass(frozen=True)
class Named:
    """An organisation as whoever works there recognises it: nothing that is not public."""

    public_id: str
    name: str
    legal_name: str
    city: str


def find_by_name(query: str) -> list[Named]:
    """Organisations whose name has every word of `query`, whatever the accents; at most FOUND_AT_MOST, by name.

    Fewer than SHORTEST letters find nothing. It tells nothing of people, domains or memberships.
    """
    words = folded(query).split()
    if len("".join(words)) < SHORTEST:
        return []
    columns = select(Organisation.public_id, Organisation.name, Organisation.legal_name, Organisation.city)
    rows = (Named(*row) for row in db.session.execute(columns))
    found = [row for row in rows if all(word in folded(f"{row.name} {row.legal_name}") for word in words)]
    return sorted(found, key=lambda row: folded(row.name))[:FOUND_AT_MOST]


def employers_of(person: Person, *only: SQLColumnExpression[bool]) -> list[Organisation]:
    """The organisations the person works at, verified, the main one first; `only` those of which these things are true."""
    here = (Affiliation.person_id == person.id, Affiliation.status == AffiliationStatus.VERIFIED)
    query = select(Organisation).join(Affiliation, Affiliation.organisation_id == Organisation.id)
    return list(db.session.scalars(query.where(*here, *only).order_by(Affiliation.is_main.desc(), Organisation.name)))
