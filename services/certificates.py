"""Certificates: issued once, frozen, replaced or revoked, never changed.

Numbers have no gaps: a number is the year's highest plus one, read before the document is rendered (outside the
transaction) and checked again inside it. Two who want the same number meet at the unique (year, serial): the second
waits for the first and, if that one commits, renders anew with the next number. No row is ever deleted.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import current_app
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from integrations.documents import UnprintableText, render
from models.base import db, now, random_id
from models.certificates import Certificate, CertificateStatus, canonical_json, fingerprint
from models.events import Event
from models.outbox import Job
from models.people import Person
from models.registrations import Outcome, Registration, Status
from services.audit import record_locked
from services.certificate_records import Record, document_of, record_of, reissued
from services.dates import local_day
from services.jobs import advance_locked, start_job_locked
from services.names import clean
from services.notices import tell_locked
from services.places import FRESH, lock_event_locked
from services.transaction import require_writing, writing

ATTEMPTS = 50  # renderings of one certificate while others keep taking its number
ONE_AT_A_TIME = threading.Lock()  # jobs of one process: SQLite is unfair to threads that wait, one lost 50 times


class NotInForce(ValueError):
    """The certificate was replaced, revoked or erased meanwhile: there is nothing to take back."""


class NothingMissing(ValueError):
    """Everybody who completed the event has a certificate."""


class UnprintableName(ValueError):
    """The typefaces lack `characters`: ask for the name in Latin letters."""

    def __init__(self, characters: str) -> None:
        super().__init__(characters)
        self.characters = characters


class NumberTaken(Exception):
    """Another certificate took the number meanwhile."""


@dataclass(frozen=True)
class Draft:
    """A certificate before it stands: its record carries the number it hopes for."""

    registration_id: int
    public_id: str
    year: int
    serial: int
    issued_at: datetime
    record: Record


def issue_next(job_id: int) -> bool:
    """Issue the next certificate of a job and tell its person; False when none is left. One step of tasks/jobs.py.

    Safe to repeat and to run twice at once: a registration gets one certificate. A name that cannot be printed becomes
    a problem of the job, `<registration> unprintable <characters>`, and is passed over until the job is started anew.
    """
    return issue_step(job_id, now, tell=True)


def issue_next_quietly(job_id: int) -> bool:
    """The same for the sample season: as of the moment the event was closed, and without a mail."""
    return issue_step(job_id, None, tell=False)


def issue_step(job_id: int, clock: Callable[[], datetime] | None, *, tell: bool) -> bool:
    job = db.session.execute(select(Job).where(Job.id == job_id).execution_options(**FRESH)).scalar_one()
    row = next_due(job)
    db.session.rollback()
    if row is None:
        return False
    registration_id, public_id, closed_at = row
    try:
        with ONE_AT_A_TIME:
            issue(registration_id, clock() if clock else closed_at, job_id=job_id, tell=tell)
    except UnprintableName as refused:
        with writing():
            advance_locked(job_id, f"{public_id} unprintable {refused.characters}")
    return True


def next_due(job: Job) -> tuple[int, str, datetime] | None:
    """The next registration of the job's event that completed it and has no certificate: id, public id, closed at."""
    passed_over = [problem.partition(" ")[0] for problem in job.problems]
    query = (
        select(Registration.id, Registration.public_id, Registration.updated_at)
        .where(*due(job.event_id), Registration.public_id.not_in(passed_over))
        .order_by(Registration.id)
        .limit(1)
    )
    row = db.session.execute(query).first()
    return (row.id, row.public_id, row.updated_at) if row else None


def due(event_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """Who completed the event and never had a certificate of it. One that was revoked is replaced by hand, not anew."""
    has_one = select(Certificate.id).where(Certificate.registration_id == Registration.id).exists()
    return (
        Registration.event_id == event_id,
        Registration.status == Status.CONFIRMED,
        Registration.outcome == Outcome.COMPLETED,
        ~has_one,
    )


def issue(registration_id: int, at: datetime, *, job_id: int | None = None, tell: bool = True) -> Certificate | None:
    """Issue the certificate of one registration; None when it has one. Raises UnprintableName."""
    for _ in range(ATTEMPTS):
        draft = drafted(registration_id, at)
        pdf = printed(draft)
        try:
            return keep(draft, pdf, job_id, tell=tell)
        except NumberTaken:
            continue
    raise NumberTaken(draft.record["number"])


def drafted(registration_id: int, at: datetime) -> Draft:
    """The record of a registration's certificate, with the number that is next now. Leaves no transaction open."""
    registration = db.session.execute(
        select(Registration)
        .where(Registration.id == registration_id)
        .options(
            joinedload(Registration.person),
            joinedload(Registration.order),
            joinedload(Registration.event).options(
                selectinload(Event.slots), selectinload(Event.areas), joinedload(Event.course)
            ),
        )
        .execution_options(**FRESH)
    ).scalar_one()
    event = registration.event
    planned = sum(slot.minutes for slot in event.slots if slot.cancelled_at is None)
    year, serial = next_number(at)
    public_id = random_id()
    record = record_of(registration, event, planned, number_words(year, serial), public_id, at)
    db.session.rollback()
    return Draft(registration_id, public_id, year, serial, at, record)


def next_number(at: datetime) -> tuple[int, int]:
    """The year of an instant by the cluster's clock, and the serial that follows its highest."""
    year = local_day(at, current_app.extensions["cluster"].zone).year
    highest = db.session.scalar(select(func.max(Certificate.serial)).where(Certificate.year == year))
    return year, (highest or 0) + 1


def number_words(year: int, serial: int) -> str:
    """The number as printed: “MH-2026-00042”."""
    return f"{current_app.extensions['cluster'].certificate_prefix}-{year}-{serial:05d}"


def printed(draft: Draft) -> bytes:
    """The document's bytes: the same for the same record, on any machine. Raises UnprintableName."""
    try:
        return render("certificate", document_of(draft.record), issued_epoch=int(draft.issued_at.timestamp()))
    except UnprintableText as error:
        raise UnprintableName(error.characters) from error


def keep(draft: Draft, pdf: bytes, job_id: int | None, *, tell: bool) -> Certificate | None:
    """Write the certificate with its mail and its step of the job. None when the registration has one meanwhile."""
    try:
        with writing() as session:
            registration = registration_locked(draft.registration_id)
            if job_id is not None:
                advance_locked(job_id)
            if (
                session.scalar(
                    select(Registration.id).where(Registration.id == registration.id, *due(registration.event_id))
                )
                is None
            ):
                return None
            certificate = add_locked(draft, pdf)
            if tell:
                tell_locked("certificate_ready", registration, {"certificate": certificate.public_id})
            return certificate
    except IntegrityError as error:
        raise NumberTaken(draft.record["number"]) from error


def registration_locked(registration_id: int) -> Registration:
    return (
        require_writing()
        .execute(
            select(Registration)
            .where(Registration.id == registration_id)
            .options(joinedload(Registration.order))
            .with_for_update(of=Registration)
            .execution_options(**FRESH)
        )
        .scalar_one()
    )


def add_locked(draft: Draft, pdf: bytes) -> Certificate:
    """Add the drafted certificate, unless its number is no longer the next one (NumberTaken, IntegrityError)."""
    session = require_writing()
    if next_number(draft.issued_at) != (draft.year, draft.serial):
        raise NumberTaken(draft.record["number"])
    snapshot = canonical_json(draft.record)
    until = draft.record.get("valid_until")
    certificate = Certificate(
        public_id=draft.public_id,
        registration_id=draft.registration_id,
        year=draft.year,
        serial=draft.serial,
        snapshot=snapshot,
        sha256=fingerprint(snapshot),
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        issued_at=draft.issued_at,
        valid_until=date.fromisoformat(until) if until else None,
    )
    session.add(certificate)
    session.flush()
    return certificate


def issue_missing(event_id: int, actor: Person) -> Job:
    """Start issuing to everybody who completed the event and has no certificate, such as after a name was written in
    Latin letters. Raises NothingMissing."""
    with writing() as session:
        event = lock_event_locked(event_id)
        missing = session.scalar(select(func.count()).select_from(Registration).where(*due(event_id))) or 0
        if not missing or event.course_id is None:
            raise NothingMissing(event.slug)
        return start_job_locked("issue_certificates", event, actor, missing)


def name_for_print(event_id: int, registration_public_id: str, name: str, actor: Person) -> None:
    """Write the name that the certificates of this person print. Raises NoResultFound, and UnprintableName when these
    letters cannot be printed either; then nothing is written."""
    name = clean(name)[:250]
    wanted = (Registration.event_id == event_id, Registration.public_id == registration_public_id)
    draft = drafted(db.session.execute(select(Registration.id).where(*wanted)).scalar_one(), now())
    printed(replace(draft, record={**draft.record, "name": name}))
    with writing() as session:
        registration = session.execute(
            select(Registration).where(*wanted).options(joinedload(Registration.person))
        ).scalar_one()
        if registration.person is None:
            registration.given_name, registration.family_name = "", name[:120]
        else:
            registration.person.certificate_name = name
        event = session.get_one(Event, event_id)
        record_locked("certificate.named", actor, event=event, subject_kind="registration", subject_id=registration.id)


def revoke(public_id: str, reason: str, actor: Person, at: datetime | None = None) -> Certificate:
    """Withdraw a certificate: its page says so, when, and why, for ever. Raises NoResultFound and NotInForce."""
    at = at or now()
    with writing() as session:
        certificate = certificate_locked(public_id)
        if certificate.status != CertificateStatus.ISSUED:
            raise NotInForce(certificate.status)
        certificate.status, certificate.revoked_at = CertificateStatus.REVOKED, at
        certificate.revocation_reason = clean(reason)[:300]
        event = session.get_one(Event, certificate.registration.event_id)
        record_locked("certificate.revoked", actor, event=event, subject_kind="certificate", subject_id=certificate.id)
        return certificate


def certificate_locked(public_id: str) -> Certificate:
    return (
        require_writing()
        .execute(
            select(Certificate)
            .where(Certificate.public_id == public_id)
            .options(joinedload(Certificate.registration).joinedload(Registration.order))
            .with_for_update(of=Certificate)
            .execution_options(**FRESH)
        )
        .scalar_one()
    )


def supersede(public_id: str, *, name: str, actor: Person, at: datetime | None = None) -> Certificate:
    """Replace a certificate by one with the corrected name; everything else stays as the first one said it.

    The old page leads to the new one and stays. A revoked certificate stays revoked and gets a successor.
    Raises NoResultFound, NotInForce (replaced before, or erased) and UnprintableName.
    """
    at = at or now()
    for _ in range(ATTEMPTS):
        draft = corrected(public_id, clean(name)[:250], at)
        pdf = printed(draft)
        try:
            return replace_by(public_id, draft, pdf, actor)
        except NumberTaken:
            continue
    raise NumberTaken(draft.record["number"])


def corrected(public_id: str, name: str, at: datetime) -> Draft:
    query = select(Certificate).where(Certificate.public_id == public_id).execution_options(**FRESH)
    old = db.session.execute(query).scalar_one()
    refuse_replaced(old)
    year, serial = next_number(at)
    new_id = random_id()
    zone = current_app.extensions["cluster"].zone
    record = reissued(
        old.printed, name=name, number=number_words(year, serial), public_id=new_id, issued_at=at, zone=zone
    )
    registration_id = old.registration_id
    db.session.rollback()
    return Draft(registration_id, new_id, year, serial, at, record)


def refuse_replaced(certificate: Certificate) -> None:
    if certificate.superseded_by_id is not None or certificate.is_erased:
        raise NotInForce(certificate.status)


def replace_by(public_id: str, draft: Draft, pdf: bytes, actor: Person) -> Certificate:
    try:
        with writing() as session:
            old = certificate_locked(public_id)
            refuse_replaced(old)
            if old.status == CertificateStatus.ISSUED:
                old.status = CertificateStatus.SUPERSEDED
            session.flush()
            new = add_locked(draft, pdf)
            old.superseded_by_id = new.id
            tell_locked("certificate_ready", old.registration, {"certificate": new.public_id})
            event = session.get_one(Event, old.registration.event_id)
            record_locked("certificate.replaced", actor, event=event, subject_kind="certificate", subject_id=old.id)
            return new
    except IntegrityError as error:
        raise NumberTaken(draft.record["number"]) from error


def erase_locked(person: Person) -> int:
    """Remove the identity of an erased person from their certificates; how many. The pages stay, with number, course,
    dates and the hashes of what was removed; the documents are deleted."""
    query = (
        select(Certificate)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Registration.person_id == person.id)
        .with_for_update(of=Certificate)
    )
    certificates = list(require_writing().scalars(query))
    for certificate in certificates:
        certificate.erase()
    return len(certificates)
