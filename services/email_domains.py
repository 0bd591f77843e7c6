"""The e-mail domains of organisations: a proven address in a verified one makes its person work there."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from models.base import db, now
from models.organisations import Affiliation, AffiliationStatus, EmailDomain, Organisation
from models.people import EmailAddress, Person
from services.affiliation_mails import tell_decided_locked
from services.affiliations import NotYours
from services.audit import record_locked
from services.organisations import lock_organisation_locked
from services.people import affiliate_by_domain_locked
from services.permissions import roles_of
from services.public_domains import DomainPublic, clean_domain, is_public
from services.transaction import require_writing, writing


class DomainTaken(ValueError):
    """Another organisation has this domain: `public_id` and `name` say which."""

    def __init__(self, public_id: str, name: str) -> None:
        super().__init__(name)
        self.public_id, self.name = public_id, name


class DomainUnknown(LookupError):
    """The organisation has no such domain."""


def domains_of(organisation_id: int) -> list[EmailDomain]:
    """Its domains, by name."""
    query = select(EmailDomain).where(EmailDomain.organisation_id == organisation_id)
    return list(db.session.scalars(query.order_by(EmailDomain.domain)))


def people_with(domain: str) -> int:
    """How many people have a proven address in the domain."""
    return db.session.scalar(select(func.count(EmailAddress.person_id.distinct())).where(*proven_in(domain))) or 0


def add_domain(organisation_id: str, text: str, *, actor: Person) -> EmailDomain:
    """Note a domain; nothing follows from it before it is verified.

    Raises OrganisationUnknown, NotYours, DomainMalformed, DomainPublic, DomainTaken (also when it is its own already).
    """
    domain = clean_domain(text)
    with writing() as session:
        organisation = lock_locked(organisation_id, actor)
        same = session.execute(
            select(Organisation.public_id, Organisation.name)
            .join(EmailDomain, EmailDomain.organisation_id == Organisation.id)
            .where(EmailDomain.domain == domain)
        ).first()
        if same is not None:
            raise DomainTaken(*same)
        row = EmailDomain(organisation_id=organisation.id, domain=domain)
        session.add(row)
        record_domain_locked("domain.added", actor, organisation, domain)
        return row


def verify_domain(organisation_id: str, domain: str, *, actor: Person) -> int:
    """The domain is the organisation's own: everybody with a proven address in it works there from now on, unless
    somebody has said otherwise. How many people joined, or had their claim verified.

    Raises OrganisationUnknown, NotYours, DomainUnknown, DomainPublic.
    """
    with writing():
        organisation = lock_locked(organisation_id, actor)
        row = domain_locked(organisation, domain)
        if is_public(row.domain):
            raise DomainPublic(row.domain)
        if row.verified_at is not None:
            return 0
        row.verified_at = now()
        record_domain_locked("domain.verified", actor, organisation, row.domain)
        return sum(join_locked(organisation, person, address) for person, address in addresses_locked(row.domain))


def remove_domain(organisation_id: str, domain: str, *, actor: Person) -> None:
    """Nobody joins by this domain any more; who has joined stays. Raises OrganisationUnknown, NotYours, DomainUnknown."""
    with writing() as session:
        organisation = lock_locked(organisation_id, actor)
        session.delete(domain_locked(organisation, domain))
        record_domain_locked("domain.removed", actor, organisation, domain)


def join_locked(organisation: Organisation, person: Person, address: str) -> bool:
    """Whether the address made a difference; who waited for an answer is told."""
    session = require_writing()
    here = select(Affiliation.status).where(
        Affiliation.person_id == person.id, Affiliation.organisation_id == organisation.id
    )
    before = set(session.scalars(here))
    if AffiliationStatus.VERIFIED in before:
        return False
    joined = affiliate_by_domain_locked(person, address)
    if joined is None:
        return False
    session.flush()
    if AffiliationStatus.CLAIMED in before:
        tell_decided_locked(organisation, joined, "verified")
    return True


def addresses_locked(domain: str) -> list[tuple[Person, str]]:
    rows = require_writing().execute(
        select(Person, EmailAddress.address)
        .join(EmailAddress, EmailAddress.person_id == Person.id)
        .where(*proven_in(domain), Person.erased_at.is_(None), Person.merged_into_id.is_(None))
        .order_by(Person.id)
    )
    return [(person, address) for person, address in rows]


def proven_in(domain: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return EmailAddress.key.endswith(f"@{domain}", autoescape=True), EmailAddress.proven_at.is_not(None)


def lock_locked(organisation_id: str, actor: Person) -> Organisation:
    """Only admins decide about domains. Raises OrganisationUnknown, NotYours."""
    organisation = lock_organisation_locked(organisation_id)
    if not roles_of(actor).is_admin:
        raise NotYours(organisation_id)
    return organisation


def domain_locked(organisation: Organisation, domain: str) -> EmailDomain:
    found = require_writing().scalar(
        select(EmailDomain)
        .where(EmailDomain.organisation_id == organisation.id, EmailDomain.domain == domain)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise DomainUnknown(domain)
    return found


def record_domain_locked(action: str, actor: Person, organisation: Organisation, domain: str) -> None:
    record_locked(
        action, actor, subject_kind="organisation", subject_id=organisation.id, details={"domain": domain}
    )  # fmt: skip
