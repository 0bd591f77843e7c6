"""What a mail says of an organisation, of who works there, and of its membership."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db, in_language
from models.organisations import Affiliation, AffiliationStatus, Membership, MembershipPlan, Organisation
from models.people import Person
from services.dates import say_day
from services.money import say_money


@dataclass(frozen=True)
class CompanyFacts:
    """`claimant` and the words of the membership are '' where the mail is about something else.

    `decision` of affiliation_decided: verified, rejected, ended, hr_given, hr_taken; of membership_decided: the status
    before and the one now, such as `applied_approved`.
    """

    name: str
    url: str  # where its HR managers look after it
    desk_url: str
    decision: str
    at_desk: bool  # the answer is given at the desk: the organisation has no HR manager
    claimant: str
    claimant_title: str
    plan: str
    fee: str
    starts: str
    ends: str
    until: str  # the last day of grace


def company_facts(context: dict[str, Any], home: str, locale: str) -> CompanyFacts | None:
    """From the public ids of a mail's context; None when the mail is about no organisation."""
    public_id = context.get("organisation")
    if not public_id:
        return None
    organisation = db.session.execute(select(Organisation).where(Organisation.public_id == public_id)).scalar_one()
    claimant = person_named(context.get("claimant"))
    row = membership_named(context.get("membership"))
    plan: MembershipPlan | None = row.plan if row else None
    return CompanyFacts(
        name=organisation.name,
        url=f"{home}/me/company/{public_id}",
        desk_url=f"{home}/organise/organisations/{public_id}",
        decision=str(context.get("decision", "")),
        at_desk=bool(context.get("at_desk")),
        claimant=claimant.name if claimant else "",
        claimant_title=(claimant.job_title or "") if claimant else "",
        plan=in_language(plan.names, locale) if plan else "",
        fee=say_money(plan.net_cents, locale, short=True) if plan and plan.net_cents else "",
        starts=say_day(row.starts_on, locale) if row else "",
        ends=say_day(row.ends_on, locale) if row else "",
        until=say_day(row.grace_until, locale) if row and row.grace_until else "",
    )


def person_named(public_id: str | None) -> Person | None:
    return db.session.scalar(select(Person).where(Person.public_id == public_id)) if public_id else None


def membership_named(public_id: str | None) -> Membership | None:
    query = select(Membership).where(Membership.public_id == public_id).options(joinedload(Membership.plan))
    return db.session.scalar(query) if public_id else None


def claim_is_over(context: dict[str, Any]) -> bool:
    """Whether nobody needs to answer this claim any more."""
    waits = (
        select(Affiliation.id)
        .join(Person, Person.id == Affiliation.person_id)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Person.public_id == context.get("claimant"),
            Organisation.public_id == context.get("organisation"),
            Affiliation.status == AffiliationStatus.CLAIMED,
        )
    )
    return db.session.scalar(waits) is None
