"""The certificates of an event at the desk: the list, a corrected name, a revocation."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.base import db
from models.certificates import Certificate, CertificateStatus
from models.events import EventKind
from services.closing import close
from tasks.jobs import run_waiting_jobs
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.held import PRESENT, Held, held


@pytest.fixture
def done(cast: Cast) -> Held:
    """A closed training with the certificates of Bob and Carol."""
    found = held(cast, [PRESENT, PRESENT], [PRESENT, PRESENT], trainers=[cast.emil], organisers=[cast.otto])
    close(found.event.id, cast.alice)
    run_waiting_jobs()
    return found


def path_of(found: Held, tail: str = "") -> str:
    return f"/organise/events/{found.event.slug}/certificates{tail}"


def rows() -> list[Certificate]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Certificate).order_by(Certificate.id).all()


def test_it_works(client: FlaskClient, cast: Cast, done: Held) -> None:
    sign_in(client, cast.otto)
    page = client.get(path_of(done))
    assert [name in words(page) for name in ("Bob Lambert", "Carol Nguyễn")] == [True, True]
    assert words(page).count("Valid") == 2
    assert f"/certificates/{rows()[0].public_id}" in page.get_data(as_text=True)
    assert "aria-current=page" in page.get_data(as_text=True)


def test_a_corrected_name(client: FlaskClient, cast: Cast, done: Held) -> None:
    sign_in(client, cast.alice)
    bob = rows()[0]
    path = path_of(done, f"/{bob.public_id}/name")
    assert 'value="Bob Lambert"' in client.get(path).get_data(as_text=True)
    same = post_form(client, path, {"name": "Bob  Lambert"})
    assert same.status_code == 422
    assert "This is the name that it has." in words(same)
    assert post_form(client, path, {"name": "李"}).status_code == 422
    assert post_form(client, path, {"name": "see www.example.com"}).status_code == 422
    answer = post_form(client, path, {"name": "Bob Lamberts"}, follow_redirects=True)
    assert "Bob Lamberts has a new certificate" in words(answer)
    assert "Replaced" in words(answer)
    assert [(row.status, row.printed["name"]) for row in rows()] == [
        ("superseded", "Bob Lambert"), ("issued", "Carol Nguyễn"), ("issued", "Bob Lamberts"),
    ]  # fmt: skip
    assert "replaced, revoked or erased meanwhile" in words(client.get(path, follow_redirects=True))


def test_a_revocation_needs_a_reason(client: FlaskClient, cast: Cast, done: Held) -> None:
    sign_in(client, cast.alice)
    path = path_of(done, f"/{rows()[0].public_id}/revoke")
    assert post_form(client, path, {"reason": " "}).status_code == 422
    assert rows()[0].status == CertificateStatus.ISSUED
    answer = post_form(client, path, {"reason": "Issued by mistake."}, follow_redirects=True)
    assert "The certificate is revoked." in words(answer)
    assert "Issued by mistake." in words(answer)
    again = post_form(client, path, {"reason": "Again."}, follow_redirects=True)
    assert "replaced, revoked or erased meanwhile" in words(again)
    assert rows()[0].revocation_reason == "Issued by mistake."


def test_certificates_of_other_events_are_not_found(client: FlaskClient, cast: Cast, done: Held) -> None:
    other = held(cast, [PRESENT, PRESENT], people=[cast.dora])
    sign_in(client, cast.alice)
    bob = rows()[0].public_id
    for tail in (f"/{bob}/name", f"/{bob}/revoke", "/nothing/name", f"/letters/{done.registrations[0].public_id}"):
        assert client.get(path_of(other, tail)).status_code == 404
        token_page = path_of(done, f"/{bob}/name")
        assert (
            post_form(client, path_of(other, tail), {"name": "X Y", "reason": "x"}, page=token_page).status_code == 404
        )
    assert [row.status for row in rows()] == ["issued", "issued"]


@pytest.mark.parametrize(
    "who, status", [("otto", 200), ("ada", 200), ("emil", 403), ("fay", 403), ("bob", 404), ("", 303)]
)
def test_who_may(client: FlaskClient, cast: Cast, done: Held, who: str, status: int) -> None:
    if who:
        sign_in(client, getattr(cast, who))
    bob = rows()[0].public_id
    for tail in ("", f"/{bob}/name", f"/{bob}/revoke"):
        assert client.get(path_of(done, tail)).status_code == status


def test_issuing_again_finds_nothing_missing(client: FlaskClient, cast: Cast, done: Held) -> None:
    sign_in(client, cast.alice)
    page = path_of(done, f"/{rows()[0].public_id}/name")
    answer = post_form(client, path_of(done), page=page, follow_redirects=True)
    assert "Everybody who completed the event has a certificate." in words(answer)


@pytest.mark.parametrize(
    "kind, sentence",
    [
        (EventKind.TRAINING, "once the event is closed"),
        (EventKind.NETWORKING, "Only trainings have certificates"),
    ],
)
def test_before_there_are_any(client: FlaskClient, cast: Cast, kind: EventKind, sentence: str) -> None:
    event = make_event(kind=kind)
    sign_in(client, cast.alice)
    assert sentence in words(client.get(f"/organise/events/{event.slug}/certificates"))


def test_a_training_nobody_completed(client: FlaskClient, cast: Cast) -> None:
    found = held(cast)
    close(found.event.id, cast.alice)
    sign_in(client, cast.alice)
    assert "Nobody completed this training" in words(client.get(path_of(found)))
