"""Checking a certificate: what its page answers, for ever and to anybody who has its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import undefer

from models.base import ALPHABET, db, now
from models.certificates import Certificate, CertificateStatus
from models.registrations import Registration
from services.certificate_records import address_of
from services.dates import local_day
from services.search import words_of
from services.throttles import allow, count_locked, network_key
from services.transaction import writing

NUMBER = re.compile(r"(?:[A-Z]{1,6}[\s-]?)?(\d{4})[\s-](\d{1,8})")
MISREAD = str.maketrans({"o": "0", "i": "1", "l": "1"})  # Crockford's base 32, read by a person
TRIES, WINDOW = (
    20,
    timedelta(hours=1),
)  # of number and name: numbers follow each other, and names are not for harvesting
LONGEST_CHAIN = 20


class Verdict(StrEnum):
    """What anybody who checks wants to know first."""

    VALID = "valid"
    EXPIRED = "expired"  # issued and unchanged, but its validity is over
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    ERASED = "erased"  # the identity was removed at the person's wish
    ALTERED = "altered"  # the record is not the one that was issued: do not rely on it


@dataclass(frozen=True)
class Verification:
    """A certificate with its verdict. `successor` is the latest certificate that replaces it."""

    certificate: Certificate
    verdict: Verdict
    printed: dict[str, Any]
    successor: Certificate | None
    holder_id: int | None


def verify(public_id: str, at: datetime | None = None) -> Verification | None:
    """The certificate with this id as it stands; None when there is none."""
    row = db.session.execute(
        select(Certificate, Registration.person_id)
        .join(Registration, Registration.id == Certificate.registration_id)
        .where(Certificate.public_id == public_id)
    ).first()
    if row is None:
        return None
    certificate = row[0]
    return Verification(
        certificate, verdict_of(certificate, at or now()), certificate.printed, successor_of(certificate), row[1]
    )


def verdict_of(certificate: Certificate, at: datetime) -> Verdict:
    """The strongest thing to say: a record that was altered says nothing, a revoked one is not merely out of date."""
    if not certificate.is_erased and not certificate.is_intact:
        return Verdict.ALTERED
    if certificate.status == CertificateStatus.REVOKED:
        return Verdict.REVOKED
    if certificate.is_erased:
        return Verdict.ERASED
    if certificate.status == CertificateStatus.SUPERSEDED:
        return Verdict.SUPERSEDED
    ended = certificate.has_ended(local_day(at, current_app.extensions["cluster"].zone))
    return Verdict.EXPIRED if ended else Verdict.VALID


def successor_of(certificate: Certificate) -> Certificate | None:
    """The end of the chain of replacements; None for a certificate that nothing replaces."""
    last: Certificate | None = None
    following = certificate.superseded_by_id
    for _ in range(LONGEST_CHAIN):
        if following is None:
            break
        last = db.session.get_one(Certificate, following)
        following = last.superseded_by_id
    return last


def code_of(public_id: str) -> str:
    """The QR code that leads to the certificate's page, as SVG for the screen."""
    from integrations import qr

    return qr.svg(address_of(public_id))


def document(public_id: str) -> tuple[Certificate, bytes | None] | None:
    """The certificate and the very bytes that were issued (None after erasure); None when there is no such certificate."""
    certificate = db.session.scalar(
        select(Certificate).where(Certificate.public_id == public_id).options(undefer(Certificate.pdf))
    )
    return None if certificate is None else (certificate, certificate.pdf)


def typed_id(typed: str) -> str | None:
    """The public id in what somebody typed or pasted: an id, or the address of the page; None when there is none."""
    last = re.split(r"[/\s]", typed.strip().removesuffix("/"))[-1].partition("?")[0].lower()
    found = re.sub(r"\.(pdf|json)$", "", last).replace("-", "").translate(MISREAD)
    return found if len(found) == 26 and set(found) <= set(ALPHABET) else None


def typed_number(typed: str) -> tuple[int, int] | None:
    """Year and serial of a number as printed, “MH-2026-00042”; None when it is none."""
    found = NUMBER.fullmatch(typed.strip().upper())
    return (int(found[1]), int(found[2])) if found else None


def find_by_number(year: int, serial: int, name: str, ip: str) -> str | None:
    """The id of the certificate with this number, for somebody who knows the name printed on it; None otherwise.

    Numbers follow each other: without the name, counting up would list everybody who was ever trained. For the same
    reason twenty answers an hour and network are enough (TooMany).
    """
    key = network_key(ip)
    allow("certificate_number", key, TRIES, WINDOW)
    with writing():
        count_locked("certificate_number", key)
    certificate = db.session.scalar(select(Certificate).where(Certificate.year == year, Certificate.serial == serial))
    if certificate is None:
        return None
    typed, printed = set(words_of(name)), set(words_of(certificate.printed.get("name", "")))
    long_enough = sum(map(len, typed)) >= min(3, sum(map(len, printed)))
    return certificate.public_id if typed and typed <= printed and long_enough else None
