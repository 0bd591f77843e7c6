"""The desk's list of organisations: by name, with where their membership stands and what waits for an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select

from models.base import db
from models.organisations import Affiliation, AffiliationStatus, Membership, MembershipStatus, Organisation
from models.search import folded

PAGE = 30
S = MembershipStatus
WEIGHT = {
    S.ACTIVE: 6,
    S.GRACE: 5,
    S.SUSPENDED: 4,
    S.APPROVED: 3,
    S.APPLIED: 2,
    S.LAPSED: 1,
    S.RESIGNED: 1,
    S.REJECTED: 0,
}
"""Which of several memberships says where the organisation stands."""


@dataclass
class OrganisationRow:
    """One organisation of the list; `status` of the membership that counts, '' without any."""

    id: int
    public_id: str
    name: str
    legal_name: str
    kind: str
    city: str
    enterprise_number: str | None
    status: str = ""
    ends_on: date | None = None
    people: int = 0
    claims: int = 0
    statuses: set[str] = field(default_factory=set)


SHOWN: dict[str, Callable[[OrganisationRow], bool]] = {
    "all": lambda row: True,
    "members": lambda row: row.status in (S.ACTIVE, S.GRACE),
    "grace": lambda row: row.status == S.GRACE,
    "waiting": lambda row: bool(row.statuses & {S.APPLIED, S.APPROVED}),
    "claims": lambda row: row.claims > 0,
    "suspended": lambda row: row.status == S.SUSPENDED,
    "former": lambda row: row.status in (S.LAPSED, S.RESIGNED),
    "none": lambda row: row.status in ("", S.REJECTED),
}


@dataclass(frozen=True)
class Listing:
    """One page of the list, how many there are in all, and how many each choice would show."""

    rows: list[OrganisationRow]
    total: int
    page: int
    counts: dict[str, int]


def list_organisations(shown: str, query: str = "", kind: str = "", page: int = 1) -> Listing:
    """Those that `shown` and `kind` ('' for any) select and whose name, town or number has every word of `query`;
    three queries."""
    columns = (
        Organisation.id, Organisation.public_id, Organisation.name, Organisation.legal_name, Organisation.kind,
        Organisation.city, Organisation.enterprise_number,
    )  # fmt: skip
    words = folded(query).split()
    every = [OrganisationRow(*row) for row in db.session.execute(select(*columns))]
    found = [row for row in every if (not kind or row.kind == kind) and matches(row, words)]
    add_memberships(found)
    add_people(found)
    counts = {name: sum(map(rule, found)) for name, rule in SHOWN.items()}
    rows = sorted(filter(SHOWN[shown], found), key=lambda row: (folded(row.name), row.id))
    page = min(max(page, 1), max(1, -(-len(rows) // PAGE)))
    return Listing(rows[(page - 1) * PAGE : page * PAGE], len(rows), page, counts)


def matches(row: OrganisationRow, words: list[str]) -> bool:
    """A number is found with or without its dots."""
    number = row.enterprise_number or ""
    text = folded(f"{row.name} {row.legal_name} {row.city} {number}")
    return all(word in text or (number and word.replace(".", "").removeprefix("be") in number) for word in words)


def add_memberships(rows: list[OrganisationRow]) -> None:
    by_id = {row.id: row for row in rows}
    columns = select(Membership.organisation_id, Membership.status, Membership.ends_on).order_by(Membership.ends_on)
    for organisation_id, status, ends_on in db.session.execute(columns):
        row = by_id.get(organisation_id)
        if row is None:
            continue
        row.statuses.add(status)
        if not row.status or WEIGHT[S(status)] >= WEIGHT[S(row.status)]:
            row.status, row.ends_on = status, ends_on


def add_people(rows: list[OrganisationRow]) -> None:
    by_id = {row.id: row for row in rows}
    live = (AffiliationStatus.CLAIMED, AffiliationStatus.VERIFIED)
    columns = (
        select(Affiliation.organisation_id, Affiliation.status, func.count())
        .where(Affiliation.status.in_(live))
        .group_by(Affiliation.organisation_id, Affiliation.status)
    )
    for organisation_id, status, number in db.session.execute(columns):
        row = by_id.get(organisation_id)
        if row is not None and status == AffiliationStatus.CLAIMED:
            row.claims = number
        elif row is not None:
            row.people = number
