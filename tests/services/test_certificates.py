"""Certificates: one for whoever completed, frozen for ever, with numbers that have no gaps."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from models.base import db, now
from models.certificates import Certificate, CertificateStatus, fingerprint
from models.courses import Course
from models.events import Event
from models.outbox import Job, OutboxMessage
from models.people import Person
from models.registrations import Registration
from services import certificates
from services.certificate_records import months_after
from services.certificates import (
    NothingMissing,
    NotInForce,
    erase_locked,
    issue,
    issue_missing,
    issue_next,
    name_for_print,
    revoke,
    supersede,
)
from services.closing import close
from services.letters import compose
from services.registrations import rename
from services.transaction import writing
from tasks.jobs import run_waiting_jobs
from tests.cast import Cast, make_event, morning_in
from tests.services.held import ABSENT, PRESENT, Held, held


def issued() -> list[Certificate]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Certificate).order_by(Certificate.id).all()


def closed(cast: Cast, people: int = 1, **changes: object) -> Held:
    found = held(cast, *([[PRESENT, PRESENT]] * people), **changes)  # type: ignore[arg-type]
    close(found.event.id, cast.alice)
    return found


def one(cast: Cast, **changes: object) -> Certificate:
    closed(cast, **changes)  # type: ignore[arg-type]
    run_waiting_jobs()
    [certificate] = issued()
    return certificate


def pdf_of(certificate: Certificate) -> bytes:
    assert certificate.pdf is not None
    return certificate.pdf


def said(certificate: Certificate) -> str:
    pages = PdfReader(io.BytesIO(pdf_of(certificate))).pages
    assert len(pages) == 1
    return " ".join(pages[0].extract_text().split())


def test_it_works(cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT], [PRESENT, ABSENT], [PRESENT, PRESENT], city="Namur")
    close(found.event.id, cast.alice)
    assert run_waiting_jobs() == 1
    first, second = issued()
    year = now().year
    assert [row.printed["number"] for row in (first, second)] == [f"MH-{year}-00001", f"MH-{year}-00002"]
    record = first.printed
    assert (record["name"], record["title"], record["lang"]) == ("Bob Lambert", "Aseptic techniques", "en")
    assert record["minutes"] == {"attended": 420, "planned": 420}
    assert record["hours"] == "7\N{NO-BREAK SPACE}hours of 7\N{NO-BREAK SPACE}hours"
    assert record["place"] == "Le Delta, Namur"
    assert str(found.slots[0].starts_at.year) in record["dates"]
    assert record["verify"] == f"http://localhost/certificates/{first.public_id}"
    assert record["issuer"]["legal"] == "Mosan Health ASBL, rue des Verriers 14, 5000 Namur, BE 0123.456.749"
    assert first.is_intact
    assert first.pdf_sha256 == hashlib.sha256(pdf_of(first)).hexdigest()
    for words in ("Bob Lambert", "Aseptic techniques", record["number"], record["dates"], "Dress for a clean room"):
        assert words in said(first)
    job = db.session.query(Job).one()
    assert (job.done, job.total, job.problems) == (2, 2, [])
    assert job.finished_at


def test_each_is_told_once_by_a_mail_that_leads_to_the_page(cast: Cast) -> None:
    certificate = one(cast)
    mail = db.session.query(OutboxMessage).filter_by(template="certificate_ready").one()
    assert mail.context == {"certificate": certificate.public_id}
    letter = compose(mail)
    assert certificate.printed["number"] in letter.text
    assert f"http://localhost/certificates/{certificate.public_id}" in letter.text


def test_running_the_job_again_issues_nothing(cast: Cast) -> None:
    closed(cast, 2)
    run_waiting_jobs()
    job = db.session.query(Job).one()
    assert issue_next(job.id) is False
    with pytest.raises(NothingMissing):
        issue_missing(job.event_id or 0, cast.alice)
    assert len(issued()) == 2


def test_two_workers_at_once_issue_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have drafted and rendered; the second to write finds the first one's certificate."""
    found = closed(cast)
    row = found.registrations[0]
    other = certificates.drafted(row.id, now())
    pdf = certificates.printed(other)
    assert issue(row.id, now()) is not None
    assert certificates.keep(other, pdf, None, tell=True) is None
    assert len(issued()) == 1
    assert db.session.query(OutboxMessage).filter_by(template="certificate_ready").count() == 1


def test_a_number_that_was_taken_meanwhile_is_drawn_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    found = closed(cast, 2)
    first, second = found.registrations
    stale = certificates.drafted(second.id, now())
    issue(first.id, now())
    with pytest.raises(certificates.NumberTaken):
        certificates.keep(stale, b"%PDF", None, tell=True)
    drafts = iter([stale, certificates.drafted(second.id, now())])
    monkeypatch.setattr(certificates, "drafted", lambda *_: next(drafts))
    assert issue(second.id, now()) is not None
    assert [row.serial for row in issued()] == [1, 2]


def test_numbers_begin_anew_each_year(cast: Cast) -> None:
    with time_machine.travel("2027-12-31T12:00:00Z", tick=False):
        closed(cast, people=1)
        run_waiting_jobs()
    with time_machine.travel("2027-12-31T23:30:00Z", tick=False):  # half past midnight in Namur
        found = held(cast, [PRESENT, PRESENT], people=[cast.carol])
        close(found.event.id, cast.alice)
        run_waiting_jobs()
    assert [row.printed["number"] for row in issued()] == ["MH-2027-00001", "MH-2028-00001"]
    assert [row.printed["issued_on"] for row in issued()] == ["2027-12-31", "2028-01-01"]


def test_later_changes_change_nothing_byte_for_byte(app: Flask, cast: Cast) -> None:
    certificate = one(cast)
    before = (certificate.snapshot, certificate.sha256, pdf_of(certificate), certificate.pdf_sha256)
    registration = db.session.get_one(Registration, certificate.registration_id)
    rename(registration.public_id, given_name="Robert", family_name="Lambertz", actor=cast.alice)
    with writing() as session:
        session.get_one(Person, cast.bob.id).certificate_name = "Robert Lambertz"
        event = session.get_one(Event, registration.event_id)
        event.titles, event.venue = {"en": "Another title"}, "Elsewhere"
        course = session.get_one(Course, event.course_id)
        course.outcomes, course.validity_months = {"en": ["Nothing"]}, 12
    [after] = issued()
    assert (after.snapshot, after.sha256, pdf_of(after), after.pdf_sha256) == before
    assert after.is_intact


def test_the_same_record_prints_the_same_bytes(cast: Cast) -> None:
    found = closed(cast)
    draft = certificates.drafted(found.registrations[0].id, now())
    assert certificates.printed(draft) == certificates.printed(draft)


def test_the_record_is_canonical_json_and_its_hash_anybodys_to_compute(cast: Cast) -> None:
    certificate = one(cast)
    again = json.dumps(json.loads(certificate.snapshot), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert again == certificate.snapshot
    assert hashlib.sha256(certificate.snapshot.encode()).hexdigest() == certificate.sha256


@pytest.mark.parametrize(
    "locale, words, title",
    [
        ("en", ("Aseptic techniques", "Dress for a clean room"), "Certificate of attendance"),
        ("fr", ("Techniques aseptiques", "S’habiller pour une salle blanche"), "Attestation de participation"),
        ("nl", ("Aseptische technieken", "Dress for a clean room"), "Deelname"),
    ],
)
def test_it_speaks_the_language_of_the_order(cast: Cast, locale: str, words: tuple[str, str], title: str) -> None:
    found = held(cast, [PRESENT, PRESENT], locale=locale)
    with writing() as session:
        event = session.get_one(Event, found.event.id)
        event.titles = {"en": "Aseptic techniques", "fr": "Techniques aseptiques", "nl": "Aseptische technieken"}
        course = session.get_one(Course, event.course_id)
        course.outcomes = {"en": ["Dress for a clean room"], "fr": ["S’habiller pour une salle blanche"]}
    close(found.event.id, cast.alice)
    run_waiting_jobs()
    [certificate] = issued()
    assert certificate.printed["lang"] == locale
    assert (certificate.printed["title"], certificate.printed["outcomes"][0]) == words
    if locale == "en":
        assert certificate.printed["words"]["title"] == title


def test_the_name_is_the_one_the_person_wants_on_certificates(cast: Cast) -> None:
    with writing() as session:
        session.get_one(Person, cast.bob.id).certificate_name = "Robert Émile Lambert"
    assert one(cast).printed["name"] == "Robert Émile Lambert"


def test_a_name_that_cannot_be_printed_is_a_problem_with_a_way_out(cast: Cast) -> None:
    with writing() as session:
        session.get_one(Person, cast.bob.id).certificate_name = "李小龍 Lambert"
    found = closed(cast, 2)
    run_waiting_jobs()
    job = db.session.query(Job).one()
    [problem] = job.problems
    registration = found.registrations[0]
    assert problem.split(" ")[:2] == [registration.public_id, "unprintable"]
    assert set("李小龍") <= set(problem)
    assert (job.done, job.total, bool(job.finished_at)) == (2, 2, True)
    assert [row.printed["name"] for row in issued()] == ["Carol Nguyễn"]  # the others have theirs, without a gap
    name_for_print(found.event.id, registration.public_id, " Moutassem  Lambert ", cast.alice)
    issue_missing(found.event.id, cast.alice)
    run_waiting_jobs()
    assert [row.printed["name"] for row in issued()] == ["Carol Nguyễn", "Moutassem Lambert"]
    assert [row.serial for row in issued()] == [1, 2]


def test_validity_counts_from_the_last_day(cast: Cast) -> None:
    found = held(cast, [PRESENT, PRESENT])
    with writing() as session:
        session.get_one(Course, found.event.course_id).validity_months = 36
    close(found.event.id, cast.alice)
    run_waiting_jobs()
    [certificate] = issued()
    last = found.slots[-1].ends_at.date()
    assert certificate.valid_until == months_after(last, 36)
    assert certificate.printed["valid_until"] == months_after(last, 36).isoformat()
    assert str(last.year + 3) in certificate.printed["valid"]
    assert not certificate.has_ended(certificate.valid_until)
    assert certificate.has_ended(certificate.valid_until + timedelta(days=1))


@pytest.mark.parametrize(
    "day, months, expected",
    [("2026-01-31", 1, "2026-02-28"), ("2027-11-30", 3, "2028-02-29"), ("2026-12-31", 12, "2027-12-31")],
)
def test_months_after(day: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(day), months).isoformat() == expected


def test_revoking_says_when_and_why(cast: Cast) -> None:
    certificate = one(cast)
    before = (certificate.snapshot, pdf_of(certificate))
    revoke(certificate.public_id, "  Issued by mistake. ", cast.alice)
    [row] = issued()
    assert (row.status, row.revocation_reason) == (CertificateStatus.REVOKED, "Issued by mistake.")
    assert row.revoked_at
    assert (row.snapshot, pdf_of(row)) == before
    with pytest.raises(NotInForce):
        revoke(certificate.public_id, "again", cast.alice)
    run_again(row)
    assert len(issued()) == 1  # no job issues it anew behind the organiser’s back


def run_again(certificate: Certificate) -> None:
    event_id = db.session.query(Registration.event_id).filter_by(id=certificate.registration_id).scalar()
    assert event_id
    job = db.session.query(Job).first()
    assert job
    assert issue_next(job.id) is False


def test_a_corrected_name_is_a_new_certificate(cast: Cast) -> None:
    old = one(cast)
    snapshot, pdf = old.snapshot, pdf_of(old)
    with writing() as session:
        event_id = session.query(Registration.event_id).filter_by(id=old.registration_id).scalar()
        session.get_one(Event, event_id).titles = {"en": "Another title"}
    supersede(old.public_id, name="Bob Lamberts", actor=cast.alice)
    first, second = issued()
    assert (first.status, first.superseded_by_id) == (CertificateStatus.SUPERSEDED, second.id)
    assert (first.snapshot, pdf_of(first)) == (snapshot, pdf)
    assert (second.status, second.serial) == (CertificateStatus.ISSUED, 2)
    assert (second.printed["name"], second.printed["title"]) == ("Bob Lamberts", "Aseptic techniques")
    same = {"dates", "hours", "place", "outcomes", "slots", "minutes", "words", "issuer"}
    assert {key: first.printed[key] for key in same} == {key: second.printed[key] for key in same}
    assert "Bob Lamberts" in said(second)
    assert db.session.query(OutboxMessage).filter_by(template="certificate_ready").count() == 2
    with pytest.raises(NotInForce):
        supersede(old.public_id, name="Bob L.", actor=cast.alice)


def test_a_revoked_one_can_have_a_successor(cast: Cast) -> None:
    old = one(cast)
    revoke(old.public_id, "The name was misspelt.", cast.alice)
    supersede(old.public_id, name="Bob Lamberts", actor=cast.alice)
    first, second = issued()
    assert (first.status, first.superseded_by_id) == (CertificateStatus.REVOKED, second.id)


def test_after_erasure_the_page_keeps_what_names_nobody(cast: Cast) -> None:
    certificate = one(cast)
    hashes = (certificate.sha256, certificate.pdf_sha256)
    with writing():
        assert erase_locked(cast.bob) == 1
    [row] = issued()
    assert "Lambert" not in row.snapshot
    assert row.pdf is None
    assert (row.is_erased, row.is_intact) == (True, False)
    assert (row.sha256, row.pdf_sha256) == hashes
    assert (row.printed["title"], row.printed["number"]) == ("Aseptic techniques", certificate.printed["number"])
    with pytest.raises(NotInForce):
        supersede(row.public_id, name="Bob", actor=cast.alice)


def test_a_record_that_was_tampered_with_is_seen(cast: Cast) -> None:
    certificate = one(cast)
    with writing() as session:
        row = session.get_one(Certificate, certificate.id)
        row.snapshot = row.snapshot.replace("Bob Lambert", "Rob Lambert")
    [row] = issued()
    assert not row.is_intact
    assert fingerprint(row.snapshot) != row.sha256


def test_an_event_of_an_online_house_and_without_an_area(cast: Cast) -> None:
    certificate = one(cast, venue="", city="", areas=())
    assert certificate.printed["place"] == "Online"
    assert certificate.printed["area"] is None
    assert "Bob Lambert" in said(certificate)


def test_a_name_of_120_characters_stays_on_one_page(cast: Cast) -> None:
    name = ("Maria-Magdalena Anastasia Wilhelmina Konstantinopoulou " * 3)[:120]
    with writing() as session:
        session.get_one(Person, cast.bob.id).certificate_name = name
    assert one(cast).printed["name"] == name.strip()


def test_a_worker_that_stops_between_two_leaves_no_half(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(cast, 2)
    rendered = certificates.printed
    calls: list[int] = []

    def dies(draft: certificates.Draft) -> bytes:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("no space left")
        return rendered(draft)

    monkeypatch.setattr(certificates, "printed", dies)
    run_waiting_jobs()
    job = db.session.query(Job).one()
    assert (job.done, job.finished_at) == (1, None)
    assert len(issued()) == 1
    with time_machine.travel(now() + timedelta(minutes=10), tick=False):
        run_waiting_jobs()
    db.session.expire_all()
    assert [row.serial for row in issued()] == [1, 2]
    assert db.session.query(Job).one().finished_at


def test_events_of_others_are_not_touched(cast: Cast) -> None:
    closed(cast)
    other = make_event(starts_at=morning_in(-5))
    with pytest.raises(NothingMissing):
        issue_missing(other.id, cast.alice)
