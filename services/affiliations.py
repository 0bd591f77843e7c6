"""Who works where: a person claims it, the organisation's HR manager or staff decide, and either may end it.

A proven address in a verified domain needs no decision: services/people.py. Only a verified affiliation gives rights.
Every decision is an audit entry of the organisation and a mail to the person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, func, select, update

from models.base import db, now
from models.organisations import Affiliation, AffiliationStatus, EmailDomain, Organisation
from models.people import EmailAddress, Person, Role, StaffRole
from services.affiliation_mails import tell_claimed_locked, tell_decided_locked
from services.audit import record_locked
from services.organisations import lock_organisation_locked
from services.people import LIVE, affiliate_by_domain_locked
from services.transaction import require_writing, writing

MOST_CLAIMS = 5
AGAIN_AFTER = timedelta(days=30)


class NotYours(PermissionError):
    """Only the organisation's HR managers and admins decide about its people."""


class AffiliationUnknown(LookupError):
    """The person has no such affiliation with this organisation (any more)."""


class AlreadyThere(ValueError):
    """The person works there already, or has said so and waits for an answer."""


class TooManyClaims(ValueError):
    """MOST_CLAIMS claims of the person wait for an answer already."""


class ClaimedBefore(ValueError):
    """The organisation said no a short while ago; `again_at` is when the person may ask once more."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(again_at.isoformat())
        self.again_at = again_at


class AlreadyDecided(ValueError):
    """Somebody else has decided about this claim meanwhile."""


class ReasonMissing(ValueError):
    """A person whose claim is rejected, or whose affiliation is ended, is told why."""


class LastHrManager(ValueError):
    """Nobody of the organisation could decide any more: an HR manager makes another one first, or asks staff."""


class Authority(StrEnum):
    """On whose behalf somebody decides; kept as `Affiliation.verified_by`."""

    STAFF = "staff"
    HR = "hr"


def authority_over(organisation_id: int, actor: Person) -> Authority | None:
    """What `actor` is to this organisation: an admin of the cluster, its HR manager, or nothing; one query."""
    is_admin = exists().where(
        StaffRole.person_id == actor.id, StaffRole.role == Role.ADMIN, StaffRole.event_id.is_(None)
    )
    manages = exists().where(
        Affiliation.person_id == actor.id,
        Affiliation.organisation_id == organisation_id,
        Affiliation.status == AffiliationStatus.VERIFIED,
        Affiliation.is_hr_manager,
    )
    hr, staff = db.session.execute(select(manages, is_admin)).one()
    return Authority.HR if hr else Authority.STAFF if staff else None


def require_authority_locked(organisation: Organisation, actor: Person) -> Authority:
    """Raises NotYours."""
    found = authority_over(organisation.id, actor)
    if found is None:
        raise NotYours(organisation.public_id)
    return found


def live_affiliation_locked(organisation: Organisation, person_public_id: str) -> Affiliation:
    """The claimed or verified affiliation of a person here, fresh. Raises AffiliationUnknown."""
    found = require_writing().scalar(
        select(Affiliation)
        .join(Person, Person.id == Affiliation.person_id)
        .where(
            Affiliation.organisation_id == organisation.id,
            Person.public_id == person_public_id,
            Affiliation.status.in_(LIVE),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise AffiliationUnknown(person_public_id)
    return found


def claim(person: Person, organisation_id: str, at: datetime | None = None) -> Affiliation:
    """The person says that they work at the organisation (its public id): verified at once when a proven address of
    theirs is in one of its domains, else its HR managers are asked.

    Raises OrganisationUnknown, AlreadyThere, ClaimedBefore, TooManyClaims.
    """
    at = at or now()
    with writing() as session:
        organisation = lock_organisation_locked(organisation_id)
        mine = list(session.scalars(select(Affiliation).where(Affiliation.person_id == person.id)))
        here = [row for row in mine if row.organisation_id == organisation.id]
        if any(row.status in LIVE for row in here):
            raise AlreadyThere(organisation_id)
        if joined := join_by_domain_locked(person, organisation):
            return joined
        refuse_hasty_claim(mine, here, at)
        made = Affiliation(
            person_id=person.id, organisation_id=organisation.id, created_at=at,
            is_main=not any(row.is_main and row.status in LIVE for row in mine),
        )  # fmt: skip
        session.add(made)
        session.flush()
        record_person_locked("affiliation.claimed", person, organisation, made)
        tell_claimed_locked(organisation, person)
        return made


def join_by_domain_locked(person: Person, organisation: Organisation) -> Affiliation | None:
    """The affiliation that a proven address of the person gives here, if one does."""
    session = require_writing()
    verified = select(EmailDomain.domain).where(
        EmailDomain.organisation_id == organisation.id, EmailDomain.verified_at.is_not(None)
    )
    domains = set(session.scalars(verified))
    rows = session.scalars(select(EmailAddress).where(EmailAddress.person_id == person.id))
    for row in [row for row in rows if row.proven_at and row.domain in domains]:
        if joined := affiliate_by_domain_locked(person, row.address):
            return joined
    return None


def refuse_hasty_claim(mine: list[Affiliation], here: list[Affiliation], at: datetime) -> None:
    """Raises ClaimedBefore and TooManyClaims."""
    for row in here:
        if row.status == AffiliationStatus.REJECTED and row.ended_at and row.ended_at + AGAIN_AFTER > at:
            raise ClaimedBefore(row.ended_at + AGAIN_AFTER)
    if sum(row.status == AffiliationStatus.CLAIMED for row in mine) >= MOST_CLAIMS:
        raise TooManyClaims


def verify(organisation_id: str, person_id: str, *, actor: Person, at: datetime | None = None) -> Affiliation:
    """The person works here: the claim becomes verified. Ids are public ids.

    Raises OrganisationUnknown, NotYours, AffiliationUnknown, and AlreadyDecided when it is verified already.
    """
    with writing():
        organisation = lock_organisation_locked(organisation_id)
        authority = require_authority_locked(organisation, actor)
        row = claimed_locked(organisation, person_id)
        row.status, row.verified_by, row.verified_at = AffiliationStatus.VERIFIED, authority.value, at or now()
        record_person_locked("affiliation.verified", actor, organisation, row)
        tell_decided_locked(organisation, row, "verified")
        return row


def reject(
    organisation_id: str, person_id: str, *, actor: Person, reason: str, at: datetime | None = None
) -> Affiliation:
    """The person does not work here; they read why. Raises like `verify`, and ReasonMissing."""
    reason = needed(reason)
    with writing():
        organisation = lock_organisation_locked(organisation_id)
        require_authority_locked(organisation, actor)
        row = claimed_locked(organisation, person_id)
        row.status, row.ended_at = AffiliationStatus.REJECTED, at or now()
        pass_main_on_locked(row)
        record_person_locked("affiliation.rejected", actor, organisation, row, reason)
        tell_decided_locked(organisation, row, "rejected", reason)
        return row


def end(organisation_id: str, person_id: str, *, actor: Person, reason: str, at: datetime | None = None) -> Affiliation:
    """The person has left. What they did stays theirs; they are told why it ended. Staff may end the last HR manager.

    Raises OrganisationUnknown, NotYours, AffiliationUnknown, ReasonMissing, LastHrManager.
    """
    reason = needed(reason)
    with writing():
        organisation = lock_organisation_locked(organisation_id)
        authority = require_authority_locked(organisation, actor)
        row = live_affiliation_locked(organisation, person_id)
        if authority is Authority.HR:
            refuse_last_locked(row)
        end_locked(row, at or now())
        record_person_locked("affiliation.ended", actor, organisation, row, reason)
        tell_decided_locked(organisation, row, "ended", reason)
        return row


def leave(person: Person, organisation_id: str, at: datetime | None = None) -> Affiliation:
    """The person says that they no longer work there, or takes a claim back. Raises OrganisationUnknown,
    AffiliationUnknown, LastHrManager."""
    with writing():
        organisation = lock_organisation_locked(organisation_id)
        row = live_affiliation_locked(organisation, person.public_id)
        refuse_last_locked(row)
        end_locked(row, at or now())
        record_person_locked("affiliation.left", person, organisation, row)
        return row


def end_locked(row: Affiliation, at: datetime) -> None:
    row.status, row.ended_at = AffiliationStatus.ENDED, at
    row.is_hr_manager = row.is_billing_contact = False
    pass_main_on_locked(row)


def choose_main(person: Person, organisation_id: str) -> Affiliation:
    """The one that orders and prices begin with. Raises OrganisationUnknown, AffiliationUnknown."""
    with writing() as session:
        organisation = lock_organisation_locked(organisation_id)
        row = live_affiliation_locked(organisation, person.public_id)
        session.execute(update(Affiliation).where(Affiliation.person_id == person.id).values(is_main=False))
        row.is_main = True
        return row


def set_hr_manager(organisation_id: str, person_id: str, *, given: bool, actor: Person) -> Affiliation:
    """Give or take the role of HR manager; repeating it changes nothing.

    Raises OrganisationUnknown, NotYours, AffiliationUnknown (also for a claim: only somebody verified may have it),
    and LastHrManager when an HR manager would leave the organisation without one.
    """
    with writing():
        organisation = lock_organisation_locked(organisation_id)
        authority = require_authority_locked(organisation, actor)
        row = live_affiliation_locked(organisation, person_id)
        if row.status != AffiliationStatus.VERIFIED:
            raise AffiliationUnknown(person_id)
        if row.is_hr_manager == given:
            return row
        if not given and authority is Authority.HR:
            refuse_last_locked(row)
        row.is_hr_manager = given
        word = "hr_given" if given else "hr_taken"
        record_person_locked(f"affiliation.{word}", actor, organisation, row)
        tell_decided_locked(organisation, row, word)
        return row


def claimed_locked(organisation: Organisation, person_id: str) -> Affiliation:
    """A claim that waits. Raises AffiliationUnknown, AlreadyDecided."""
    row = live_affiliation_locked(organisation, person_id)
    if row.status != AffiliationStatus.CLAIMED:
        raise AlreadyDecided(person_id)
    return row


def refuse_last_locked(row: Affiliation) -> None:
    """Raises LastHrManager when `row` is the only HR manager and others work there, who would have nobody."""
    if not row.is_hr_manager:
        return
    others = select(func.count(), func.count().filter(Affiliation.is_hr_manager)).where(
        Affiliation.organisation_id == row.organisation_id, Affiliation.id != row.id, Affiliation.status.in_(LIVE)
    )
    people, managers = require_writing().execute(others).one()
    if people and not managers:
        raise LastHrManager


def pass_main_on_locked(row: Affiliation) -> None:
    """The main one is over: the oldest verified one becomes it, else the oldest claim."""
    if not row.is_main:
        return
    row.is_main = False
    session = require_writing()
    session.flush()
    left = session.scalars(
        select(Affiliation)
        .where(Affiliation.person_id == row.person_id, Affiliation.id != row.id, Affiliation.status.in_(LIVE))
        .order_by(Affiliation.status.desc(), Affiliation.id)  # verified before claimed
    ).first()
    if left is not None:
        left.is_main = True


def needed(reason: str) -> str:
    """Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()[:300]


def record_person_locked(
    action: str, actor: Person, organisation: Organisation, row: Affiliation, reason: str = ""
) -> None:
    details: dict[str, object] = {"person": row.person_id} | ({"reason": reason} if reason else {})
    record_locked(action, actor, subject_kind="organisation", subject_id=organisation.id, details=details)
