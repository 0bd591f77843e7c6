"""A person's e-mail addresses: adding (proven by a mailed code), choosing the primary one, removing."""

from __future__ import annotations

from sqlalchemy import func, select

from models.base import db, now
from models.credentials import CodePurpose, OneTimeCode
from models.organisations import Affiliation, AffiliationStatus, EmailDomain, Organisation
from models.people import EmailAddress, Person, address_key
from services.audit import record_locked
from services.codes import CodeRefused, issue_code_locked, redeem_link_locked, try_code_locked
from services.entrances import Visitor, throttle_mail_locked
from services.outbox import queue_mail_locked
from services.people import AddressTaken, affiliate_by_domain_locked
from services.transaction import require_writing, writing

MOST = 10


class AddressUnknown(LookupError):
    """The person has no such address."""


class AddressNotProven(ValueError):
    """Only a proven address can be the primary one."""


class LastAddress(ValueError):
    """The primary address stays: it is how the person signs in. Choose another primary one first."""


class TooManyAddresses(ValueError):
    """The person has MOST addresses already."""


class AlreadyYours(ValueError):
    """The person has this address already."""


def addresses_of(person: Person) -> list[EmailAddress]:
    """The primary address first, then by age."""
    query = select(EmailAddress).where(EmailAddress.person_id == person.id)
    return list(db.session.scalars(query.order_by(EmailAddress.is_primary.desc(), EmailAddress.id)))


def primary_address(person: Person) -> str:
    """Where mails to this person go; '' when they have no address."""
    rows = addresses_of(person)
    return rows[0].address if rows else ""


def affiliations_of(person: Person) -> list[tuple[Affiliation, Organisation]]:
    """Where the person works or has claimed to work, the main one first; ended and rejected ones left out."""
    rows = db.session.execute(
        select(Affiliation, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id == person.id,
            Affiliation.status.in_((AffiliationStatus.CLAIMED, AffiliationStatus.VERIFIED)),
        )
        .order_by(Affiliation.is_main.desc(), Affiliation.id)
    )
    return [(affiliation, organisation) for affiliation, organisation in rows]


def ask_to_prove(person: Person, address: str, visitor: Visitor) -> OneTimeCode:
    """Mail a code to a further address. Nothing is added before it comes back.

    Raises AlreadyYours, TooManyAddresses, TooMany. An address of somebody else gets its mail like any other: only who
    reads it learns that it is taken.
    """
    with writing():
        mine = addresses_of(person)
        if any(row.key == address_key(address) and row.proven_at for row in mine):
            raise AlreadyYours(address)
        if len(mine) >= MOST:
            raise TooManyAddresses
        throttle_mail_locked(address, visitor.ip)
        return issue_code_locked(
            CodePurpose.PROVE_ADDRESS, address, browser_key=visitor.browser_key, locale=visitor.locale,
            context={"person": person.public_id}, name=person.name, person=person,
        )  # fmt: skip


def prove_by_code(person: Person, digits: str, visitor: Visitor) -> EmailAddress:
    """Add the address whose six digits these are. Raises CodeRefused, AddressTaken, AddressUnknown."""
    with writing():
        found = try_code_locked(CodePurpose.PROVE_ADDRESS, digits, visitor.browser_key)
        if not isinstance(found, CodeRefused):
            return add_proven_locked(person, found)
    raise found


def prove_by_link(person: Person, token: str) -> EmailAddress:
    """Add the address whose link this is; only ever from a POST. Raises CodeRefused, AddressTaken, AddressUnknown."""
    with writing():
        return add_proven_locked(person, redeem_link_locked(token, CodePurpose.PROVE_ADDRESS))


def add_proven_locked(person: Person, code: OneTimeCode) -> EmailAddress:
    """The address of a redeemed code, as one of this person's. A code asked for by another account adds nothing."""
    session = require_writing()
    if code.context.get("person") != person.public_id:
        raise AddressUnknown(code.address)
    row = session.scalar(select(EmailAddress).where(EmailAddress.key == code.key))
    if row is None:
        row = EmailAddress(person_id=person.id, address=code.address, key=code.key)
        session.add(row)
    elif row.person_id != person.id:
        raise AddressTaken(code.address)
    row.proven_at = row.proven_at or now()
    session.flush()
    affiliate_by_domain_locked(person, code.address)
    record_locked("address.added", person, subject_kind="person", subject_id=person.id)
    return row


def own_address_locked(person: Person, address: str) -> EmailAddress:
    query = select(EmailAddress).where(EmailAddress.person_id == person.id, EmailAddress.key == address_key(address))
    row = require_writing().scalar(query.with_for_update())
    if row is None:
        raise AddressUnknown(address)
    return row


def make_primary(person: Person, address: str, *, locale: str) -> EmailAddress:
    """From now on mails go to this address; the old one is told. Raises AddressUnknown, AddressNotProven."""
    with writing() as session:
        row = own_address_locked(person, address)
        if row.proven_at is None:
            raise AddressNotProven(address)
        old = session.scalar(select(EmailAddress).where(EmailAddress.person_id == person.id, EmailAddress.is_primary))
        if old is row:
            return row
        if old is not None:
            old.is_primary = False
            session.flush()  # one primary address at a time, also between two statements
            queue_mail_locked(
                "address_changed", old.address, locale=locale, name=person.name, person=person,
                context={"address": row.address},
            )  # fmt: skip
        row.is_primary = True
        record_locked("address.made_primary", person, subject_kind="person", subject_id=person.id)
        return row


def remove_address(person: Person, address: str) -> EmailAddress:
    """Forget an address. What was done with it stays: registrations keep the address they were made with.

    A verified affiliation that rests on this address alone ends, its history stays. Raises AddressUnknown, LastAddress.
    """
    with writing() as session:
        row = own_address_locked(person, address)
        if row.is_primary:
            raise LastAddress(address)
        session.delete(row)
        session.flush()
        end_affiliation_locked(person, row.domain)
        record_locked("address.removed", person, subject_kind="person", subject_id=person.id)
        return row


def end_affiliation_locked(person: Person, domain: str) -> None:
    """End the affiliation that only a removed address of this domain proved."""
    session = require_writing()
    organisation_id = session.scalar(
        select(EmailDomain.organisation_id).where(EmailDomain.domain == domain, EmailDomain.verified_at.is_not(None))
    )
    domains = select(EmailDomain.domain).where(EmailDomain.organisation_id == organisation_id)
    keys = session.scalars(
        select(func.lower(EmailAddress.key)).where(
            EmailAddress.person_id == person.id, EmailAddress.proven_at.is_not(None)
        )
    )
    theirs = set(session.scalars(domains))
    if organisation_id is None or any(key.rpartition("@")[2] in theirs for key in keys):
        return
    affiliation = session.scalar(
        select(Affiliation).where(
            Affiliation.person_id == person.id,
            Affiliation.organisation_id == organisation_id,
            Affiliation.status == AffiliationStatus.VERIFIED,
            Affiliation.verified_by == "domain",
        )
    )
    if affiliation is not None:
        affiliation.status, affiliation.ended_at, affiliation.is_main = AffiliationStatus.ENDED, now(), False
