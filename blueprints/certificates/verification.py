"""The page of one certificate, its document, and its record for machines."""

from __future__ import annotations

from flask import Response, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from blueprints.certificates import blueprint
from blueprints.certificates.words import VOID, add_to_profile, history, verdict_words
from blueprints.guards import current_person
from blueprints.security import cluster
from services.certificate_records import address_of
from services.verification import Verdict, Verification, code_of, document, verify


def verification_of(public_id: str) -> Verification:
    """The certificate, or 404."""
    return verify(public_id) or abort(404)


@blueprint.get("/certificates/<public_id>")
def certificate(public_id: str) -> ResponseReturnValue:
    """The verdict, everything printed, and how to check it oneself."""
    found, zone = verification_of(public_id), str(cluster().zone)
    person = current_person()
    is_holder = person is not None and person.id == found.holder_id
    page = render_template(
        "certificates/certificate.html",
        certificate=found.certificate,
        printed=found.printed,
        words=found.printed["words"],
        verdict=found.verdict,
        said=verdict_words(found, zone),
        is_void=found.verdict in VOID,
        successor=found.successor,
        history=history(found, zone),
        page_lang=str(get_locale()),
        code=Markup(code_of(public_id)),
        profile_link=add_to_profile(found.certificate) if is_holder and found.verdict is Verdict.VALID else None,
        has_document=not found.certificate.is_erased,
    )
    return page, {"X-Robots-Tag": "noindex"}


@blueprint.get("/certificates/<public_id>.pdf")
def certificate_pdf(public_id: str) -> ResponseReturnValue:
    """The very bytes that were issued. Whoever has the unguessable address may have them; its page says whether they
    still hold. 410 after the identity was removed."""
    row, pdf = document(public_id) or abort(404)
    if pdf is None:
        abort(410)
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{row.printed["number"]}.pdf"'
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-cache"  # it may be removed
    response.set_etag(row.pdf_sha256)
    return response.make_conditional(request)


@blueprint.get("/certificates/<public_id>.json")
def certificate_json(public_id: str) -> ResponseReturnValue:
    """The record for machines. `sha256` is of the UTF-8 bytes of `snapshot`, which is canonical JSON."""
    found = verification_of(public_id)
    row = found.certificate
    successor = found.successor
    answer = jsonify(
        {
            "address": address_of(public_id),
            "status": row.status,
            "verdict": found.verdict.value,
            "number": found.printed["number"],
            "issued_at": row.issued_at.isoformat(),
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
            "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
            "revocation_reason": row.revocation_reason or None,
            "superseded_by": address_of(successor.public_id) if successor else None,
            "snapshot": row.snapshot,
            "sha256": row.sha256,
            "pdf": url_for("certificates.certificate_pdf", public_id=public_id) if not row.is_erased else None,
            "pdf_sha256": row.pdf_sha256,
        }
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
