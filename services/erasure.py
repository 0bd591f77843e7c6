"""A person is forgotten at their wish (GDPR art. 17): name, addresses, answers and files, and every way in.

What the law makes us keep stays (art. 17.3.b; Belgian accounting law: orders, ledger and invoices for ten years), and what others
rely on: places and attendance without a name, certificates with number, course and dates. Nobody calls this by a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from models.base import db, now
from models.credentials import OneTimeCode, Password, SignIn, Throttle
from models.events import Event, Run, slot_trainer
from models.orders import Order
from models.organisations import Affiliation, AffiliationStatus
from models.outbox import CalendarFeed, Delivery, OutboxMessage
from models.people import EmailAddress, Person, StaffRole
from models.questions import Answer, KeptFile
from models.registrations import LIVE, ExemptionRequest, Registration, RegistrationDraft
from services import certificates
from services.audit import record_locked
from services.orders import balance, load_order
from services.places import FRESH
from services.retention import run_locked
from services.transaction import require_writing, writing

NOBODY = "—"
"""What stands where the name stood, in every language."""


class StillExpected(ValueError):
    """The person has a registration on an event that is not over, or money of theirs is open: `order_code` leads there."""

    def __init__(self, order_code: str) -> None:
        super().__init__(order_code)
        self.order_code = order_code


@dataclass(frozen=True)
class Forgotten:
    """How many registrations, answers, kept files and certificates lost their person."""

    registrations: int = 0
    answers: int = 0
    files: int = 0
    certificates: int = 0


def erase(person_id: int, *, actor: Person | None, at: datetime | None = None) -> Forgotten:
    """Forget the person; done twice, the second time changes nothing.

    Raises StillExpected, and NoResultFound for an unknown id; then nothing is changed.
    """
    at = at or now()
    if db.session.execute(select(Person.erased_at).where(Person.id == person_id)).scalar_one() is not None:
        return Forgotten()
    refuse_open(person_id, at)
    with writing() as session:
        query = select(Person).where(Person.id == person_id).with_for_update().execution_options(**FRESH)
        person = session.execute(query).scalar_one()
        if person.erased_at is not None:
            return Forgotten()
        refuse_live(person_id, at)
        keys = list(session.scalars(select(EmailAddress.key).where(EmailAddress.person_id == person_id)))
        mine = select(Registration.id).where(Registration.person_id == person_id)
        found = Forgotten(
            certificates=certificates.erase_locked(person),
            answers=run_locked(delete(Answer).where(Answer.registration_id.in_(mine))),
            files=forget_drafts_locked(keys),
            registrations=forget_registrations_locked(person_id),
        )
        close_ways_in_locked(person_id, keys, at)
        forget_mails_locked(person_id, keys)
        person.given_name, person.family_name, person.erased_at = "", NOBODY, at
        person.certificate_name = person.job_title = person.phone = person.biography = None
        record_locked("person.erased", actor, subject_kind="person", subject_id=person_id, details=vars(found))
        return found


def refuse_open(person_id: int, at: datetime) -> None:
    """Raise StillExpected while somebody waits for the person, or for their money, or owes them some."""
    refuse_live(person_id, at)
    for code in db.session.scalars(select(Order.code).where(Order.buyer_id == person_id)).all():
        order = load_order(code)
        money = balance(order) if order else None
        if money and (money.to_pay_cents or money.to_return_cents):
            raise StillExpected(code)
    db.session.rollback()


def refuse_live(person_id: int, at: datetime) -> None:
    live = (
        select(Order.code)
        .join(Registration, Registration.order_id == Order.id)
        .join(Event, Event.id == Registration.event_id)
        .where(Registration.person_id == person_id, Registration.status.in_(LIVE), Event.ends_at > at)
        .where(Event.run != Run.CANCELLED)
    )
    if code := db.session.scalar(live.limit(1)):
        raise StillExpected(code)


def forget_registrations_locked(person_id: int) -> int:
    """Names, addresses and what was said, on their registrations; what they wrote to be exempted; the mail of orders."""
    here = Registration.person_id == person_id
    run_locked(update(Registration).where(here, Registration.organisation_id.is_(None)).values(organisation_name=""))
    run_locked(delete(ExemptionRequest).where(ExemptionRequest.person_id == person_id))
    run_locked(update(Order).where(Order.buyer_id == person_id).values(buyer_email=""))
    blank: dict[str, Any] = dict.fromkeys(("given_name", "email", "phone", "needs", "studies"), "")
    return run_locked(update(Registration).where(here).values(**blank, family_name=NOBODY, visible_to_guests=False))


def forget_drafts_locked(keys: list[str]) -> int:
    """Forms begun with one of the addresses, and the files that wait for them; how many files."""
    drafts = list(require_writing().scalars(select(RegistrationDraft).where(RegistrationDraft.key.in_(keys))))
    waiting = {value for draft in drafts for value in draft.answers.get("answers", {}).values()}
    run_locked(delete(RegistrationDraft).where(RegistrationDraft.key.in_(keys)))
    return run_locked(delete(KeptFile).where(KeptFile.public_id.in_(waiting)))


def close_ways_in_locked(person_id: int, keys: list[str], at: datetime) -> None:
    """Addresses, passwords, codes, sign-ins, calendar links, roles and affiliations."""
    for row in (Password, SignIn, CalendarFeed, StaffRole, EmailAddress):
        run_locked(delete(row).where(row.person_id == person_id))
    for counted in (OneTimeCode, Throttle):
        run_locked(delete(counted).where(counted.key.in_(keys)))
    run_locked(delete(slot_trainer).where(slot_trainer.c.person_id == person_id))
    ended = {"status": AffiliationStatus.ENDED, "ended_at": at, "is_main": False, "is_hr_manager": False}
    live = Affiliation.status.in_((AffiliationStatus.CLAIMED, AffiliationStatus.VERIFIED))
    run_locked(update(Affiliation).where(Affiliation.person_id == person_id, live).values(**ended))


def forget_mails_locked(person_id: int, keys: list[str]) -> None:
    """Mails that have not left never leave; of the others nothing says to whom they went, or what they said."""
    theirs = or_(OutboxMessage.person_id == person_id, OutboxMessage.recipient.in_(keys))
    run_locked(delete(OutboxMessage).where(theirs, OutboxMessage.delivery != Delivery.SENT))
    run_locked(update(OutboxMessage).where(theirs).values(recipient="", recipient_name="", context={}, last_error=""))
