"""Sentences of the page that checks a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask_babel import get_locale, gettext as _

from models.certificates import Certificate
from services.dates import LONG_AGO, day_words, local_day
from services.verification import Verdict, Verification

VOID = frozenset({Verdict.REVOKED, Verdict.SUPERSEDED, Verdict.ALTERED})


@dataclass(frozen=True)
class VerdictWords:
    """The verdict in one word, the sentence that explains it, and the tone of both: good, wait, stop."""

    word: str
    sentence: str
    tone: str


def say_date(moment: datetime, zone: str) -> str:
    """A day with its year, whatever the year."""
    return day_words(local_day(moment, zone), str(get_locale()), False, LONG_AGO)


def say_end(found: Verification) -> str:
    """The last day of the certificate's validity; '' when it holds for ever."""
    until = found.certificate.valid_until
    return day_words(until, str(get_locale()), False, LONG_AGO) if until else ""


def verdict_words(found: Verification, zone: str) -> VerdictWords:
    """What anybody who checks reads first."""
    issuer = found.printed["issuer"]["name"]
    match found.verdict:
        case Verdict.VALID:
            return VerdictWords(_("Valid"), valid_words(found, issuer), "valid")
        case Verdict.EXPIRED:
            return VerdictWords(_("No longer in force"), expired_words(found, issuer), "wait")
        case Verdict.SUPERSEDED:
            said = _("%(issuer)s replaced this certificate by a corrected one. Rely on the new one.", issuer=issuer)
            return VerdictWords(_("Replaced"), said, "wait")
        case Verdict.REVOKED:
            when = say_date(found.certificate.revoked_at or found.certificate.issued_at, zone)
            said = _("%(issuer)s withdrew this certificate on %(when)s. Do not rely on it.", issuer=issuer, when=when)
            return VerdictWords(_("Revoked"), said, "revoked")
        case Verdict.ERASED:
            return VerdictWords(_("Identity removed"), erased_words(issuer), "wait")
    said = _(
        "The record of this certificate is not the one that %(issuer)s issued. Do not rely on it, and tell us.",
        issuer=issuer,
    )
    return VerdictWords(_("Not confirmed"), said, "revoked")


def valid_words(found: Verification, issuer: str) -> str:
    if not found.certificate.valid_until:
        return _("%(issuer)s issued this certificate, and nothing in it has changed since.", issuer=issuer)
    return _(
        "%(issuer)s issued this certificate, nothing in it has changed since, and it is in force until %(until)s.",
        issuer=issuer,
        until=say_end(found),
    )


def expired_words(found: Verification, issuer: str) -> str:
    return _(
        "%(issuer)s issued this certificate, and nothing in it has changed since. It was in force until %(ended)s.",
        issuer=issuer,
        ended=say_end(found),
    )


def erased_words(issuer: str) -> str:
    return _(
        "%(issuer)s issued this certificate. The identity of its holder was removed since, as the law gives "
        "everybody the right to ask; what is left names nobody.",
        issuer=issuer,
    )


def history(found: Verification, zone: str) -> list[tuple[str, str]]:
    """What happened, and when: (what, when)."""
    certificate = found.certificate
    rows = [(_("Issued"), say_date(certificate.issued_at, zone))]
    if certificate.revoked_at:
        rows.append((_("Revoked"), say_date(certificate.revoked_at, zone)))
    if found.successor:
        rows.append((_("Replaced by a new certificate"), say_date(found.successor.issued_at, zone)))
    if found.verdict is Verdict.EXPIRED:
        rows.append((_("No longer in force"), say_end(found)))
    return rows


def add_to_profile(certificate: Certificate) -> str:
    """LinkedIn's page that adds a certification to one's own profile, filled in."""
    printed = certificate.printed
    fields = {
        "startTask": "CERTIFICATION_NAME",
        "name": printed["title"],
        "organizationName": printed["issuer"]["name"],
        "issueYear": printed["issued_on"][:4],
        "issueMonth": str(int(printed["issued_on"][5:7])),
        "certUrl": printed["verify"],
        "certId": printed["number"],
    }
    if until := printed.get("valid_until"):
        fields |= {"expirationYear": until[:4], "expirationMonth": str(int(until[5:7]))}
    return f"https://www.linkedin.com/profile/add?{urlencode(fields)}"
