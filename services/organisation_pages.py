"""What the pages of one organisation show: its people, its memberships, its registrations and documents, its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from models.areas import Area
from models.base import db
from models.events import Event
from models.orders import Order
from models.organisations import (
    Affiliation,
    AffiliationStatus,
    EmailDomain,
    Membership,
    MembershipStatus,
    Organisation,
    organisation_area,
)
from models.outbox import AuditEntry
from models.people import EmailAddress, Person
from models.registrations import LIVE, Registration, Status
from services.orders import Balance, balance
from services.organisations import employers_of
from services.positions import position

HISTORY_PAGE = 50
PEOPLE_PAGE = 100


@dataclass(frozen=True)
class Colleague:
    """Somebody who works there, or says so, with the primary address."""

    person: Person
    affiliation: Affiliation
    address: str

    @property
    def is_claim(self) -> bool:
        return self.affiliation.status == AffiliationStatus.CLAIMED


def managed_by(person: Person) -> list[Organisation]:
    """The organisations that the person is HR manager of, the main one first."""
    return employers_of(person, Affiliation.is_hr_manager)


def colleagues(organisation_id: int, page: int = 1, *, at_desk: bool = False) -> tuple[list[Colleague], int, int]:
    """A page of the people: claims first (oldest first), then HR managers, then by name; how many in all; the page.

    HR managers read an address of their own domains only; of a claim, and at the desk, also the one mails go to.
    """
    live = (AffiliationStatus.CLAIMED, AffiliationStatus.VERIFIED)
    here = [Affiliation.organisation_id == organisation_id, Affiliation.status.in_(live)]
    total = db.session.scalar(select(func.count()).select_from(Affiliation).where(*here)) or 0
    page = min(max(page, 1), max(1, -(-total // PEOPLE_PAGE)))
    query = (
        select(Person, Affiliation)
        .join(Affiliation, Affiliation.person_id == Person.id)
        .where(*here)
        .order_by(
            Affiliation.status, Affiliation.is_hr_manager.desc(), Person.family_name, Person.given_name, Person.id
        )
        .limit(PEOPLE_PAGE)
        .offset((page - 1) * PEOPLE_PAGE)
    )
    rows = [(person, row) for person, row in db.session.execute(query)]
    own, primary = addresses_of_people({person.id for person, _row in rows}, organisation_id)
    found = []
    for person, row in rows:
        shows_primary = at_desk or row.status == AffiliationStatus.CLAIMED
        found.append(
            Colleague(person, row, own.get(person.id) or (primary.get(person.id, "") if shows_primary else ""))
        )
    return found, total, page


def addresses_of_people(ids: set[int], organisation_id: int) -> tuple[dict[int, str], dict[int, str]]:
    """Of each person a proven address in a domain of the organisation, and the primary one."""
    domains = set(db.session.scalars(select(EmailDomain.domain).where(EmailDomain.organisation_id == organisation_id)))
    rows = list(db.session.scalars(select(EmailAddress).where(EmailAddress.person_id.in_(ids))))
    own = {row.person_id: row.address for row in rows if row.proven_at and row.domain in domains}
    return own, {row.person_id: row.address for row in rows if row.is_primary}


def live_colleague(organisation_id: int, person_id: str) -> Person | None:
    """The person with this public id who works there or says so."""
    live = (AffiliationStatus.CLAIMED, AffiliationStatus.VERIFIED)
    return db.session.scalar(
        select(Person)
        .join(Affiliation, Affiliation.person_id == Person.id)
        .where(
            Affiliation.organisation_id == organisation_id,
            Affiliation.status.in_(live),
            Person.public_id == person_id,
        )
    )


def claims_at(organisation_id: int) -> int:
    """How many people wait to hear whether they work there."""
    here = (Affiliation.organisation_id == organisation_id, Affiliation.status == AffiliationStatus.CLAIMED)
    return db.session.scalar(select(func.count()).select_from(Affiliation).where(*here)) or 0


def memberships_with_plans(organisation_id: int) -> list[Membership]:
    """Every membership, the latest first, with its plan."""
    query = select(Membership).where(Membership.organisation_id == organisation_id)
    query = query.options(joinedload(Membership.plan)).order_by(Membership.starts_on.desc(), Membership.id.desc())
    return list(db.session.scalars(query))


def organisation_of_membership(public_id: str) -> tuple[Organisation, Membership] | None:
    """A membership with its plan, and the organisation that it is of; None for an unknown public id."""
    query = (
        select(Organisation, Membership)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.public_id == public_id)
        .options(joinedload(Membership.plan))
    )
    row = db.session.execute(query).first()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True)
class Application:
    """A membership that waits for somebody at the desk. `applicant` is '' when nobody is known."""

    membership: Membership
    organisation: Organisation
    applicant: str


def waiting_memberships() -> dict[str, list[Application]]:
    """Those to decide, those that wait for their fee, and those in grace; the oldest first."""
    statuses = (MembershipStatus.APPLIED, MembershipStatus.APPROVED, MembershipStatus.GRACE)
    rows = db.session.execute(
        select(Membership, Organisation, Person.given_name, Person.family_name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Person, Person.id == Membership.applicant_id)
        .where(Membership.status.in_(statuses))
        .options(joinedload(Membership.plan))
        .order_by(Membership.created_at, Membership.id)
    )
    found: dict[str, list[Application]] = {str(status): [] for status in statuses}
    for row, organisation, given, family in rows:
        found[row.status].append(Application(row, organisation, f"{given or ''} {family or ''}".strip()))
    return found


def areas_of(organisation_id: int) -> list[str]:
    """The slugs of its areas, in their order."""
    query = (
        select(Area.slug)
        .join(organisation_area, organisation_area.c.area_id == Area.id)
        .where(organisation_area.c.organisation_id == organisation_id)
        .order_by(Area.position)
    )
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Entry:
    """One act: when, who ('' is the clock), what, about whom ('' for nobody), and its facts."""

    at: datetime
    actor: str
    action: str
    about: str
    details: dict[str, Any]


def history(organisation_id: int, page: int = 1) -> tuple[list[Entry], int, int]:
    """A page of what was done to the organisation, latest first, how many acts there are, and the page that it is."""
    here = (AuditEntry.subject_kind == "organisation", AuditEntry.subject_id == organisation_id)
    total = db.session.scalar(select(func.count()).select_from(AuditEntry).where(*here)) or 0
    page = min(max(page, 1), max(1, -(-total // HISTORY_PAGE)))
    actor = aliased(Person)
    rows = db.session.execute(
        select(AuditEntry.at, actor, AuditEntry.action, AuditEntry.details)
        .outerjoin(actor, actor.id == AuditEntry.actor_id)
        .where(*here)
        .order_by(AuditEntry.id.desc())
        .limit(HISTORY_PAGE)
        .offset((page - 1) * HISTORY_PAGE)
    ).all()
    ids = {details["person"] for _, _, _, details in rows if "person" in details}
    names = {person.id: person.name for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    entries = [
        Entry(at, who.name if who else "", action, names.get(details.get("person"), ""), details)
        for at, who, action, details in rows
    ]
    return entries, total, page


@dataclass(frozen=True)
class CompanyRegistration:
    """One registration as the organisation sees it. Nobody's needs, attendance or certificates: they are the person's."""

    registration: Registration
    event: Event
    order: Order
    cents: int
    company_pays: bool
    position: int | None  # in line, while it waits


@dataclass(frozen=True)
class CompanyRegistrations:
    """Coming (soonest first) and past ones (latest first), and how many places have no name yet."""

    coming: Sequence[CompanyRegistration]
    past: Sequence[CompanyRegistration]
    unnamed: int


def company_registrations(organisation_id: int, at: datetime) -> CompanyRegistrations:
    """What the organisation's people registered for as its people, or what it pays for; three queries, and one per waiting registration."""
    query = (
        select(Registration)
        .join(Event, Event.id == Registration.event_id)
        .join(Order, Order.id == Registration.order_id)
        .where(or_(Registration.organisation_id == organisation_id, Order.payer_organisation_id == organisation_id))
        .where(Registration.status.not_in((Status.TRANSFERRED, Status.SUBSTITUTED)))
        .options(
            joinedload(Registration.event).selectinload(Event.slots),
            joinedload(Registration.order).selectinload(Order.lines),
        )
        .order_by(Event.starts_at, Registration.id)
    )
    rows = [
        CompanyRegistration(
            row, row.event, row.order,
            sum(line.gross_cents for line in row.order.lines if line.registration_id == row.id),
            row.order.payer_organisation_id == organisation_id,
            position(row),
        )
        for row in db.session.scalars(query)
    ]  # fmt: skip
    coming = [one for one in rows if one.registration.status in LIVE and one.event.ends_at > at]
    past = [one for one in rows if one not in coming]
    return CompanyRegistrations(coming, past[::-1], sum(one.registration.is_unnamed for one in coming))


@dataclass(frozen=True)
class CompanyOrder:
    """One order that the organisation pays."""

    order: Order
    titles: dict[str, str]  # of its first event
    people: int
    balance: Balance


def company_orders(organisation_id: int) -> list[CompanyOrder]:
    """The orders that the organisation pays, the latest first."""
    query = (
        select(Order)
        .where(Order.payer_organisation_id == organisation_id)
        .options(
            selectinload(Order.lines),
            selectinload(Order.ledger),
            joinedload(Order.buyer),
            selectinload(Order.registrations).joinedload(Registration.event),
        )
        .order_by(Order.created_at.desc(), Order.id.desc())
    )
    return [
        CompanyOrder(
            order, order.registrations[0].event.titles if order.registrations else {}, len(order.lines), balance(order)
        )
        for order in db.session.scalars(query)
    ]
