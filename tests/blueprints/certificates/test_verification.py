"""The public page of a certificate: everything printed, the verdict in every state, the document and its record."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient

from models.base import db
from models.certificates import Certificate
from models.courses import Course
from services.certificates import erase_locked, revoke, supersede
from services.closing import close
from services.transaction import writing
from tasks.jobs import run_waiting_jobs
from tests.cast import Cast, sign_in, words
from tests.services.held import PRESENT, held


def one(cast: Cast, **course: Any) -> Certificate:
    """Bob's certificate."""
    found = held(cast, [PRESENT, PRESENT], city="Namur")
    if course:
        with writing() as session:
            row = session.get_one(Course, found.event.course_id)
            for name, value in course.items():
                setattr(row, name, value)
    close(found.event.id, cast.alice)
    run_waiting_jobs()
    db.session.rollback()
    return db.session.query(Certificate).one()


def record_of(client: FlaskClient, certificate: Certificate) -> dict[str, Any]:
    """What a machine reads."""
    found: dict[str, Any] | None = client.get(f"/certificates/{certificate.public_id}.json").json
    assert found
    return found


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    page = client.get(f"/certificates/{certificate.public_id}")
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    said, printed = words(page), certificate.printed
    assert said.startswith("Valid: certificate of Bob Lambert")
    for value in (
        printed["name"], printed["title"], printed["number"], printed["dates"], printed["place"], printed["issued"],
        printed["issuer"]["legal"], printed["signatory"]["name"], printed["signatory"]["role"], *printed["outcomes"],
        printed["words"]["title"], printed["words"]["did"],
    ):  # fmt: skip
        assert " ".join(value.split()) in said
    assert printed["hours"].replace("\N{NO-BREAK SPACE}", " ") in said.replace("\N{NO-BREAK SPACE}", " ")
    assert certificate.sha256 in said.replace(" ", "")


def test_the_code_on_the_paper_leads_to_the_page(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    pdf = client.get(f"/certificates/{certificate.public_id}.pdf").data
    picture = pypdfium2.PdfDocument(io.BytesIO(pdf))[0].render(scale=150 / 72).to_pil()
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == certificate.printed["verify"]
    followed = client.get(urlsplit(code.text).path)
    assert words(followed).startswith("Valid: certificate of Bob Lambert")


def test_the_document_is_the_very_bytes(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    answer = client.get(f"/certificates/{certificate.public_id}.pdf")
    assert answer.mimetype == "application/pdf"
    assert hashlib.sha256(answer.data).hexdigest() == certificate.pdf_sha256
    name = f'attachment; filename="certificate-{certificate.printed["number"]}.pdf"'
    assert answer.headers["Content-Disposition"] == name
    same = client.get(f"/certificates/{certificate.public_id}.pdf", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


def test_the_record_can_be_checked_by_a_machine(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    found = record_of(client, certificate)
    assert hashlib.sha256(found["snapshot"].encode()).hexdigest() == found["sha256"] == certificate.sha256
    assert json.loads(found["snapshot"])["name"] == "Bob Lambert"
    assert (found["status"], found["verdict"], found["superseded_by"]) == ("issued", "valid", None)
    pdf = client.get(found["pdf"]).data
    assert hashlib.sha256(pdf).hexdigest() == found["pdf_sha256"]


@pytest.mark.parametrize("tail", ["", ".pdf", ".json"])
def test_an_unknown_one(client: FlaskClient, cast: Cast, tail: str) -> None:
    assert client.get(f"/certificates/00000000000000000000000000{tail}").status_code == 404


def test_in_force_until(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast, validity_months=36)
    assert certificate.printed["valid"] in words(client.get(f"/certificates/{certificate.public_id}"))
    with writing() as session:
        session.get_one(Certificate, certificate.id).valid_until = date(2020, 1, 1)
    said = words(client.get(f"/certificates/{certificate.public_id}"))
    assert said.startswith("No longer in force: certificate")
    assert "It was in force until 1 January 2020." in said
    assert record_of(client, certificate)["verdict"] == "expired"


def test_revoked(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    revoke(certificate.public_id, "The hours were wrong.", cast.alice)
    page = client.get(f"/certificates/{certificate.public_id}")
    said = words(page)
    assert said.startswith("Revoked: certificate of Bob Lambert")
    assert "Do not rely on it." in said
    assert "Reason: The hours were wrong." in said
    assert "verdict-revoked" in page.get_data(as_text=True)
    found = record_of(client, certificate)
    assert (found["status"], found["revocation_reason"]) == ("revoked", "The hours were wrong.")
    assert found["revoked_at"]


def test_replaced_and_replaced_again_leads_to_the_last(client: FlaskClient, cast: Cast) -> None:
    first = one(cast)
    second = supersede(first.public_id, name="Bob Lamberts", actor=cast.alice)
    third = supersede(second.public_id, name="Robert Lamberts", actor=cast.alice)
    page = client.get(f"/certificates/{first.public_id}")
    assert words(page).startswith("Replaced: certificate of Bob Lambert")
    assert f'href="/certificates/{third.public_id}"' in page.get_data(as_text=True)
    assert words(client.get(f"/certificates/{third.public_id}")).startswith("Valid: certificate of Robert Lamberts")
    found = record_of(client, first)
    assert found["superseded_by"].endswith(f"/certificates/{third.public_id}")


def test_after_erasure(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    number = certificate.printed["number"]
    with writing():
        erase_locked(cast.bob)
    page = client.get(f"/certificates/{certificate.public_id}")
    said = words(page)
    assert said.startswith(f"Identity removed: {number}")
    assert "Lambert" not in page.get_data(as_text=True)
    assert "Aseptic techniques" in said
    assert certificate.sha256 in said.replace(" ", "")
    assert client.get(f"/certificates/{certificate.public_id}.pdf").status_code == 410
    found = record_of(client, certificate)
    assert (found["verdict"], found["pdf"]) == ("erased", None)
    assert "Lambert" not in found["snapshot"]


def test_erased_and_revoked_is_revoked(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    revoke(certificate.public_id, "A mistake.", cast.alice)
    with writing():
        erase_locked(cast.bob)
    assert words(client.get(f"/certificates/{certificate.public_id}")).startswith("Revoked")


def test_a_record_that_was_altered_is_not_confirmed(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    with writing() as session:
        row = session.get_one(Certificate, certificate.id)
        row.snapshot = row.snapshot.replace("Bob Lambert", "Rob Lambert")
    said = words(client.get(f"/certificates/{certificate.public_id}"))
    assert said.startswith("Not confirmed")
    assert "Do not rely on it" in said


def test_the_holder_can_add_it_to_a_profile_and_others_cannot(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast, validity_months=24)
    path = f"/certificates/{certificate.public_id}"
    assert "linkedin" not in client.get(path).get_data(as_text=True)
    sign_in(client, cast.carol)
    assert "linkedin" not in client.get(path).get_data(as_text=True)
    sign_in(client, cast.bob)
    html = client.get(path).get_data(as_text=True)
    link = html.partition('href="https://www.linkedin.com')[2].partition('"')[0].replace("&amp;", "&")
    asked = parse_qs(link.partition("?")[2])
    printed = certificate.printed
    assert asked["name"] == [printed["title"]]
    assert asked["certId"] == [printed["number"]]
    assert asked["certUrl"] == [printed["verify"]]
    assert asked["expirationYear"] == [printed["valid_until"][:4]]
    revoke(certificate.public_id, "A mistake.", cast.alice)
    assert "linkedin" not in client.get(path).get_data(as_text=True)


def test_the_page_in_another_language_keeps_the_words_of_the_paper(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    html = client.get(f"/certificates/{certificate.public_id}?lang=fr").get_data(as_text=True)
    assert 'class="sheet" aria-label' in html
    assert ' lang="en">' in html.partition("<article")[2].partition("\n")[0]
    assert "Certificate of attendance" in html


def test_a_name_is_shown_as_text(client: FlaskClient, cast: Cast) -> None:
    certificate = one(cast)
    new = supersede(certificate.public_id, name="Bob <i>Lambert</i>", actor=cast.alice)
    assert "<i>Lambert</i>" not in client.get(f"/certificates/{new.public_id}").get_data(as_text=True)
