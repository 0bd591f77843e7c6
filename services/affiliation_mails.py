"""The mails about who works where: to the HR managers who are asked, and to the person about whom they decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from models.organisations import Affiliation, AffiliationStatus, Organisation
from models.people import EmailAddress, Person, Role, StaffRole
from services.outbox import queue_mail_locked
from services.transaction import require_writing


def hr_managers_locked(organisation: Organisation) -> list[tuple[Person, str]]:
    """The organisation's HR managers with the address that their mails go to."""
    return addressed_locked(
        select(Affiliation.person_id)
        .where(
            Affiliation.organisation_id == organisation.id,
            Affiliation.status == AffiliationStatus.VERIFIED,
            Affiliation.is_hr_manager,
        )
    )  # fmt: skip


def admins_locked() -> list[tuple[Person, str]]:
    """The cluster's admins, for what nobody else can answer."""
    return addressed_locked(select(StaffRole.person_id).where(StaffRole.role == Role.ADMIN))


def addressed_locked(ids: Any) -> list[tuple[Person, str]]:
    """The living persons of a subquery of ids, each with the primary address."""
    rows = require_writing().execute(
        select(Person, EmailAddress.address)
        .join(EmailAddress, EmailAddress.person_id == Person.id)
        .where(Person.id.in_(ids), EmailAddress.is_primary, Person.erased_at.is_(None), Person.merged_into_id.is_(None))
        .order_by(Person.id)
    )
    return [(person, address) for person, address in rows]


def tell_locked(template: str, people: Iterable[tuple[Person, str]], context: dict[str, Any]) -> None:
    """The same mail to each of them, in their own language."""
    for person, address in people:
        queue_mail_locked(
            template, address, locale=person.locale, name=person.name, person=person.id, context=context
        )  # fmt: skip


def tell_claimed_locked(organisation: Organisation, claimant: Person) -> None:
    """Ask the HR managers, or the admins where there is none."""
    context = {"organisation": organisation.public_id, "claimant": claimant.public_id}
    managers = hr_managers_locked(organisation)
    if managers:
        tell_locked("affiliation_claimed", managers, context)
    else:
        tell_locked("affiliation_claimed", admins_locked(), {**context, "at_desk": True})


def tell_decided_locked(organisation: Organisation, row: Affiliation, decision: str, reason: str = "") -> None:
    """Tell the person: verified, rejected, ended, hr_given or hr_taken."""
    context = {"organisation": organisation.public_id, "decision": decision, "reason": reason}
    tell_locked("affiliation_decided", addressed_locked([row.person_id]), context)
