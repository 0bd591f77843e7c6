"""Students: who says to be one says so at registration, where and what they study, and may then have a students' price.

The rule: with a proven address in a verified domain of a university (or below it, such as student.uliege.be) the place
is given at once; from anybody else it waits for the organiser, who reads what was said. People who work at a university
have such an address too: they are not students unless they say so, in writing, on the registration.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from models.base import db
from models.events import Audience
from models.organisations import EmailDomain, Organisation, OrganisationKind
from models.people import EmailAddress
from services.prices import Price
from services.readers import Reader
from services.wishes import Wish


def as_student(reader: Reader, studies: str) -> Reader:
    """The reader, who says to be a student when `studies` says where."""
    return replace(reader, is_student=bool(studies.strip()))


def waits_for_proof(price: Price, wish: Wish, reader: Reader) -> bool:
    """Whether a place at this price waits for the organiser to believe that the person studies."""
    return price.ticket.audience == Audience.STUDENTS and not is_proven(wish, reader)


def is_proven(wish: Wish, reader: Reader) -> bool:
    """Whether one of the person's proven addresses is of a university. The address of a guest's form is proven by then."""
    if reader.person_id is None:
        addresses = [wish.email]
    else:
        query = select(EmailAddress.address).where(
            EmailAddress.person_id == reader.person_id, EmailAddress.proven_at.is_not(None)
        )
        addresses = list(db.session.scalars(query))
    domains = {domain for address in addresses for domain in domains_above(address)}
    of_university = (
        select(EmailDomain.id)
        .join(Organisation, Organisation.id == EmailDomain.organisation_id)
        .where(EmailDomain.domain.in_(domains), EmailDomain.verified_at.is_not(None))
        .where(Organisation.kind == OrganisationKind.UNIVERSITY)
        .limit(1)
    )
    return db.session.scalar(of_university) is not None


def domains_above(address: str) -> list[str]:
    """The domain of an address and those above it: student.uliege.be, uliege.be."""
    parts = address.rpartition("@")[2].casefold().split(".")
    return [".".join(parts[first:]) for first in range(len(parts) - 1)]
