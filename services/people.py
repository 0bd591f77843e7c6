"""Persons and what follows from their proven addresses."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from models.base import db, now
from models.organisations import Affiliation, AffiliationStatus, EmailDomain
from models.people import EmailAddress, Person, Role, StaffRole, address_key
from services.audit import record_locked
from services.names import clean
from services.transaction import require_writing, writing


class AddressTaken(ValueError):
    """The address belongs to another person. Told only to somebody who has proven to receive its mail."""


class NobodyHasAddress(LookupError):
    """No person has this address."""


@dataclass(frozen=True)
class Profile:
    """What a person says about themselves. Names at most 120 characters each, cleaned by `services/names.py`."""

    given_name: str
    family_name: str
    certificate_name: str = ""
    job_title: str = ""
    phone: str = ""
    locale: str = "en"
    zone: str = "Europe/Brussels"


def person_by_address(address: str) -> Person | None:
    """The person with this address, in any case, proven or not; None when nobody, or when the person was erased."""
    person = db.session.scalar(
        select(Person).join(EmailAddress, EmailAddress.person_id == Person.id).where(
            EmailAddress.key == address_key(address)
        )
    )  # fmt: skip
    return person if person is not None and person.is_active else None


def add_person_locked(given: str, family: str, address: str, locale: str, *, proven: bool) -> Person:
    """A new person with one primary address; `proven` when a mailed code was just redeemed. Raises AddressTaken."""
    session = require_writing()
    if session.scalar(select(EmailAddress.id).where(EmailAddress.key == address_key(address))) is not None:
        raise AddressTaken(address)
    person = Person(given_name=clean(given)[:120], family_name=clean(family)[:120], locale=locale)
    session.add(person)
    session.flush()
    row = EmailAddress(
        person_id=person.id, address=address.strip(), key=address_key(address), is_primary=True,
        proven_at=now() if proven else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if proven:
        affiliate_by_domain_locked(person, address)
    return person


def prove_locked(person: Person, address: str) -> None:
    """The person has just shown that they receive the mail of this address of theirs."""
    row = require_writing().scalar(
        select(EmailAddress).where(EmailAddress.person_id == person.id, EmailAddress.key == address_key(address))
    )
    if row is None:
        raise NobodyHasAddress(address)
    if row.proven_at is None:
        row.proven_at = now()
        require_writing().flush()
    affiliate_by_domain_locked(person, address)


def affiliate_by_domain_locked(person: Person, address: str) -> Affiliation | None:
    """The verified affiliation that a proven address gives, when its domain is a verified one of an organisation.

    A claim becomes verified; a new affiliation is made when there is none. One that staff or HR rejected, or ended
    after this address was proven, is not brought back: only they may. None when nothing follows from the address.
    """
    session = require_writing()
    row = session.scalar(
        select(EmailAddress).where(EmailAddress.person_id == person.id, EmailAddress.key == address_key(address))
    )
    if row is None or row.proven_at is None:
        return None
    organisation_id = session.scalar(
        select(EmailDomain.organisation_id).where(
            EmailDomain.domain == row.domain, EmailDomain.verified_at.is_not(None)
        )
    )
    if organisation_id is None:
        return None
    rows = list(session.scalars(select(Affiliation).where(Affiliation.person_id == person.id)))
    here = [affiliation for affiliation in rows if affiliation.organisation_id == organisation_id]
    live = next((affiliation for affiliation in here if affiliation.status in LIVE), None)
    if live is not None:
        if live.status != AffiliationStatus.VERIFIED:
            live.status, live.verified_by, live.verified_at = AffiliationStatus.VERIFIED, "domain", now()
        return live
    if any(stays_closed(affiliation, row) for affiliation in here):
        return None
    has_main = any(affiliation.is_main and affiliation.status in LIVE for affiliation in rows)
    made = Affiliation(
        person_id=person.id, organisation_id=organisation_id, status=AffiliationStatus.VERIFIED,
        is_main=not has_main, verified_by="domain", verified_at=now(),
    )  # fmt: skip
    session.add(made)
    return made


LIVE = (AffiliationStatus.CLAIMED, AffiliationStatus.VERIFIED)


def stays_closed(affiliation: Affiliation, address: EmailAddress) -> bool:
    """Whether an affiliation that is over forbids a new one by this address."""
    if affiliation.status == AffiliationStatus.REJECTED:
        return True
    ended, proven = affiliation.ended_at, address.proven_at
    return ended is not None and proven is not None and ended >= proven


def save_profile(person: Person, profile: Profile) -> None:
    """Write what the person says about themselves. Certificates issued before keep the name they were issued to."""
    with writing():
        person.given_name, person.family_name = profile.given_name, profile.family_name
        person.certificate_name = profile.certificate_name or None
        person.job_title, person.phone = profile.job_title or None, profile.phone or None
        person.locale, person.zone = profile.locale, profile.zone


def choose_locale(person: Person, locale: str) -> None:
    """Keep the language the person reads in."""
    with writing():
        person.locale = locale


def make_admin(address: str) -> Person:
    """Give the person with this address the admin role; repeating it changes nothing. Raises NobodyHasAddress.

    For `flask create-admin EMAIL`, which makes the person first with `add_admin` when nobody has the address.
    """
    with writing():
        person = person_by_address(address)
        if person is None:
            raise NobodyHasAddress(address)
        give_admin_locked(person)
    return person


def add_admin(address: str, given: str, family: str, locale: str) -> Person:
    """The person with this address as admin, made when nobody has it. The address is proven at the first sign-in."""
    with writing():
        person = person_by_address(address) or add_person_locked(given, family, address, locale, proven=False)
        give_admin_locked(person)
    return person


def give_admin_locked(person: Person) -> None:
    session = require_writing()
    held = select(StaffRole.id).where(
        StaffRole.person_id == person.id, StaffRole.role == Role.ADMIN, StaffRole.event_id.is_(None)
    )
    if session.scalar(held) is None:
        session.add(StaffRole(person_id=person.id, role=Role.ADMIN))
        record_locked("role.given", None, subject_kind="person", subject_id=person.id, details={"role": "admin"})


def person_for_guest_locked(given: str, family: str, address: str, locale: str) -> Person:
    """The person of an address whose mail a guest has just received: who has it already, unchanged, or a new one."""
    known = person_by_address(address)
    return known or add_person_locked(given, family, address, locale, proven=True)


def person_for_desk_locked(given: str, family: str, address: str, locale: str) -> Person:
    """The person whom staff register: who has this address already, unchanged, or a new one; the address is optional."""
    if address:
        known = person_by_address(address)
        return known or add_person_locked(given, family, address, locale, proven=False)
    person = Person(given_name=clean(given)[:120], family_name=clean(family)[:120], locale=locale)
    session = require_writing()
    session.add(person)
    session.flush()
    return person
