"""Who reads a price: what a person may buy, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Select, and_, bindparam, exists, or_, select

from models.base import db
from models.organisations import Affiliation, AffiliationStatus, Membership, MembershipStatus, Organisation
from models.people import EmailAddress, Person, StaffRole
from services.customers import Customer, customer_at, customer_of_organisation
from services.rows import plain_rows

ZONE = ZoneInfo("Europe/Brussels")  # the zone whose calendar day decides about a membership


def affiliations() -> Select[int, str, int, bool, bool, bool, bool, bool, str, str | None]:
    """One row for each verified affiliation of `person_id`, or one without: with the membership of that `day`, and what VAT
    wants to know of the organisation."""
    day = bindparam("day", type_=Date)
    current = and_(
        Membership.organisation_id == Affiliation.organisation_id,
        Membership.status.in_((MembershipStatus.ACTIVE, MembershipStatus.GRACE)),
        Membership.starts_on <= day,
        or_(Membership.ends_on >= day, Membership.grace_until >= day),
    )
    verified = and_(Affiliation.person_id == Person.id, Affiliation.status == AffiliationStatus.VERIFIED)
    proven = exists().where(EmailAddress.person_id == Person.id, EmailAddress.proven_at.is_not(None))
    staff = exists().where(StaffRole.person_id == Person.id, StaffRole.event_id.is_(None))
    company = (Organisation.id, Organisation.name, Membership.id)
    vat = (Organisation.can_be_invoiced, Organisation.country, Organisation.vat_number)
    return (
        select(*company, Affiliation.is_main, proven, staff, Affiliation.is_hr_manager, *vat)
        .select_from(Person)
        .outerjoin(Affiliation, verified)
        .outerjoin(Organisation, Organisation.id == Affiliation.organisation_id)
        .outerjoin(Membership, current)
        .where(Person.id == bindparam("person_id"))
    )


AFFILIATIONS = affiliations()  # written once: it is asked on every page of somebody who signed in


@dataclass(frozen=True)
class Reader:
    """The facts about a person that decide about prices. A guest has none of them."""

    person_id: int | None = None
    organisation_id: int | None = None
    organisation_name: str = ""
    is_member: bool = False
    is_staff: bool = False
    is_student: bool = False  # says so on this registration: services/students.py
    is_hr_manager: bool = False  # of any organisation: enrols colleagues
    customer: Customer = Customer.PERSON  # who would pay, when nothing else is said


GUEST = Reader()


def reader_for(person: Person | None, at: datetime) -> Reader:
    """The reader that `person` is at the instant `at`; one query.

    The member price needs a proven address and a verified affiliation with an organisation whose membership is active
    or in grace on that day (Brussels calendar). With several affiliations a member comes first, then the main one.
    """
    if person is None:
        return GUEST
    found = plain_rows(AFFILIATIONS, person_id=person.id, day=at.astimezone(ZONE).date())
    rows = sorted(found, key=lambda row: (row[2] is None, not row[3], row[0] or 0))
    if not rows:
        return GUEST
    organisation_id, name, membership_id, _, is_proven, is_staff, _, pays, country, vat_number = rows[0]
    return Reader(
        person_id=person.id,
        organisation_id=organisation_id,
        organisation_name=name or "",
        is_member=bool(membership_id and is_proven),
        is_staff=bool(is_staff),
        is_hr_manager=any(row[6] for row in rows),
        customer=customer_at(country, vat_number or "", is_business=True) if pays else Customer.PERSON,
    )


def reader_of_organisation(person: Person, organisation: Organisation, at: datetime) -> Reader:
    """The reader that an HR manager is when they order for `organisation`: its membership decides, whoever comes."""
    day = at.astimezone(ZONE).date()
    current = exists().where(
        Membership.organisation_id == organisation.id,
        Membership.status.in_((MembershipStatus.ACTIVE, MembershipStatus.GRACE)),
        Membership.starts_on <= day,
        or_(Membership.ends_on >= day, Membership.grace_until >= day),
    )
    return Reader(
        person_id=person.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        is_member=bool(db.session.scalar(select(current))),
        is_hr_manager=True,
        customer=customer_of_organisation(organisation),
    )
