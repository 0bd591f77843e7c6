"""The fixed words of printed documents, in the document's language, which need not be the reader's.

A certificate in French stays French whoever prints it, so each function takes the locale and not the request's.
Every word carries a context: “issued” agrees with the noun of its document in French (une attestation, un certificat).
The keys are those of `integrations.documents.WORDS`; braces such as {issuer} are filled in by the template.
"""

from __future__ import annotations

from flask_babel import force_locale, pgettext

CERTIFICATE_KINDS = ("attendance", "achievement", "programme")


def certificate_words(locale: str, kind: str = "attendance") -> dict[str, str]:
    """Words of a certificate; `kind` is one of CERTIFICATE_KINDS and decides what the page may claim. ValueError otherwise."""
    if kind not in CERTIFICATE_KINDS:
        raise ValueError(f"There is no certificate of {kind!r}.")
    with force_locale(locale):
        words = _attendance()
        if kind == "achievement":
            words |= _achievement()
        elif kind == "programme":
            words |= _programme()
        return words


def _attendance() -> dict[str, str]:
    return {
        "title": pgettext("certificate of attendance", "Certificate of attendance"),
        "certifies": pgettext("certificate", "{issuer} certifies that"),
        "did": pgettext("certificate of attendance", "attended the training"),
        "dates": pgettext("certificate", "Dates"),
        "hours": pgettext("certificate of attendance", "Hours attended"),
        "place": pgettext("certificate", "Place"),
        "assessment": pgettext("certificate", "Assessment"),
        "outcomes": pgettext("certificate of attendance", "What the training set out to teach"),
        "number": pgettext("certificate of attendance", "Certificate no."),
        "issued": pgettext("certificate of attendance", "Issued on"),
        "valid": pgettext("certificate", "Valid until"),
        "verify": pgettext(
            "certificate",
            "Scan the code or open the address to compare this page, line by line, with the record kept by {issuer}. "
            "The page needs no account and stays online.",
        ),
        "qr": pgettext("certificate", "QR code to the verification page"),
    }


def _achievement() -> dict[str, str]:
    return {
        "title": pgettext("certificate of achievement", "Certificate of achievement"),
        "did": pgettext("certificate of achievement", "completed and passed the training"),
        "outcomes": pgettext("certificate of achievement", "What the holder has shown they can do"),
        "number": pgettext("certificate of achievement", "Certificate no."),
        "issued": pgettext("certificate of achievement", "Issued on"),
    }


def _programme() -> dict[str, str]:
    return {
        "title": pgettext("programme certificate", "Programme certificate"),
        "did": pgettext("programme certificate", "completed every course required by the programme"),
        "hours": pgettext("programme certificate", "Hours in all"),
        "outcomes": pgettext("programme certificate", "Courses completed"),
        "number": pgettext("programme certificate", "Certificate no."),
        "issued": pgettext("programme certificate", "Issued on"),
    }


def sign_in_words(locale: str) -> dict[str, str]:
    """Words of a sign-in sheet. `page` keeps {page} and {pages}."""
    with force_locale(locale):
        return {
            "title": pgettext("attendance sheet", "Attendance sheet"),
            "name": pgettext("attendance sheet", "Name"),
            "organisation": pgettext("attendance sheet", "Organisation"),
            "signature": pgettext("attendance sheet", "Signature"),
            "trainer": pgettext("attendance sheet", "Trainer"),
            "place": pgettext("attendance sheet", "Place"),
            "half-day": pgettext("attendance sheet", "Half-day"),
            "statement": pgettext(
                "attendance sheet",
                "By signing, each participant confirms having been present for the whole half-day named above.",
            ),
            "countersign": pgettext("attendance sheet", "I confirm that the people who signed were present."),
            "sign-off": pgettext("attendance sheet", "Trainer’s countersignature"),
            "present": pgettext("attendance sheet", "Number present"),
            "date": pgettext("attendance sheet", "Date and time"),
            "page": pgettext("document", "Page {page} of {pages}"),
        }


def badge_words(locale: str) -> dict[str, str]:
    """Words of a sheet of badges."""
    with force_locale(locale):
        return {"title": pgettext("badges", "Badges"), "qr": pgettext("badges", "QR code of the badge")}
