"""The export page: one choice and one button; a file only for who may have it, and only ever as the answer to a POST."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pypdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.events import Event
from models.outbox import AuditEntry, Export
from services.attendee_columns import Purpose
from services.walk_ins import add_walk_in
from services.wishes import Wish
from tests.browsing import csrf_token, post_form, sign_in, words
from tests.cast import Cast, make_event
from tests.services.post import registered

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def event(cast: Cast) -> Event:
    """Otto organises it, Emil trains; Carol and Bob are expected."""
    made = make_event(organisers=[cast.otto], trainers=[cast.emil], public_cents=0, member_cents=None)
    registered(cast.carol, made, needs="Vegetarian")
    registered(cast.bob, made)
    return made


def path_of(event: Event) -> str:
    return f"/organise/events/{event.slug}/export"


def choice(purpose: str, form: str = "csv", scope: str = "expected") -> dict[str, str]:
    return {"purpose": purpose, "format": form, "scope": scope}


def recorded() -> list[Export]:
    return list(db.session.scalars(select(Export)))


def test_it_works(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.alice)
    assert path_of(event) in client.get(f"/organise/events/{event.slug}/attendees").get_data(as_text=True)
    page = client.get(path_of(event))
    for sentence in ("Sign-in sheet, 2 people", "Who is expected (2)", "Whoever takes a list will be here"):
        assert sentence in words(page)
    answer = post_form(client, path_of(event), choice("full", "xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == ["Last name", "Lambert", "Nguyễn"]
    assert "Alice Renard Everything, XLSX 2" in words(client.get(path_of(event)))


@pytest.mark.parametrize(
    "form, mimetype, begins",
    [("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbf"), ("xlsx", XLSX, b"PK"), ("pdf", "application/pdf", b"%PDF-")],
)
def test_each_file_says_what_it_is_and_is_kept_nowhere(
    client: FlaskClient, cast: Cast, event: Event, form: str, mimetype: str, begins: bytes
) -> None:
    sign_in(client, cast.alice)
    answer = post_form(client, path_of(event), choice("sign_in", form))
    assert answer.content_type == mimetype
    assert answer.data.startswith(begins)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    name = answer.headers["Content-Disposition"]
    assert name.startswith(f"attachment; filename={event.slug}-sign-in-20")
    assert name.endswith(f".{form}")


def test_who_took_it_from_where_is_kept(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.otto)
    rows = list(csv.reader(io.StringIO(post_form(client, path_of(event), choice("catering")).text), delimiter=";"))
    assert rows[-1] == ["In all", "2"]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "attendees.exported")).one()
    assert (entry.actor_id, entry.event_id, entry.ip) == (cast.otto.id, event.id, "127.0.0.1")
    assert entry.details["purpose"] == "catering"


def test_a_get_never_gives_a_file(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.alice)
    answer = client.get(path_of(event), query_string=choice("full"))
    assert answer.mimetype == "text/html"
    assert "Carol" not in answer.text
    assert recorded() == []


def test_a_link_may_choose_beforehand(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.alice)
    html = client.get(path_of(event), query_string={"purpose": "badges", "format": "pdf"}).text
    checked = html[html.index('value="badges"') - 120 : html.index('value="badges"')]
    assert "checked" in checked
    assert '<option selected value="pdf">' in html
    assert client.get(path_of(event), query_string={"purpose": "secrets", "format": "exe"}).status_code == 200


def test_without_its_token_the_form_comes_back_as_chosen(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.alice)
    answer = client.post(path_of(event), data=choice("badges"))
    assert answer.status_code == 422
    assert "Please send the form once more." in words(answer)
    assert recorded() == []


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────

OFFERED = {
    "alice": {"sign_in", "badges", "catering", "full"},
    "otto": {"sign_in", "badges", "catering", "full"},
    "ada": {"sign_in", "badges", "catering", "full", "accounting"},
    "fay": {"accounting"},
    "emil": {"sign_in"},
}


@pytest.mark.parametrize("name", OFFERED)
def test_each_gets_the_lists_of_their_work_and_no_other(
    client: FlaskClient, cast: Cast, event: Event, name: str
) -> None:
    sign_in(client, getattr(cast, name))
    html = client.get(path_of(event)).text
    assert {purpose.value for purpose in Purpose if f'value="{purpose}"' in html} == OFFERED[name]
    for purpose in Purpose:
        answer = post_form(client, path_of(event), choice(purpose))
        allowed = purpose in OFFERED[name]
        assert (answer.status_code, answer.mimetype) == ((200, "text/csv") if allowed else (422, "text/html"))
    assert {export.purpose for export in recorded()} == OFFERED[name]


@pytest.mark.parametrize(
    "name, own, foreign",
    [
        ("carol", 404, 404),
        ("bob", 404, 404),
        ("emil", 200, 403),
        ("otto", 200, 403),
        ("fay", 200, 200),
        ("alice", 200, 200),
    ],
)
def test_a_foreign_event_stays_shut(
    client: FlaskClient, cast: Cast, event: Event, name: str, own: int, foreign: int
) -> None:
    other = make_event(public_cents=0, member_cents=None)
    sign_in(client, getattr(cast, name))
    assert client.get(path_of(event)).status_code == own
    assert client.get(path_of(other)).status_code == foreign
    token = csrf_token(client.get("/me/profile"))
    data = {"csrf_token": token, **choice("accounting" if name == "fay" else "sign_in")}
    assert client.post(path_of(other), data=data).status_code == foreign
    assert {export.event_id for export in recorded()} <= {other.id}
    assert bool(recorded()) == (foreign == 200)


def test_a_visitor_is_asked_to_sign_in(client: FlaskClient, event: Event) -> None:
    assert client.get(path_of(event)).location.startswith("/sign-in")


def test_a_trainer_does_not_see_who_took_what(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.alice)
    post_form(client, path_of(event), choice("full"))
    other = client.application.test_client()
    sign_in(other, cast.emil)
    assert "Alice" not in words(other.get(path_of(event)))
    assert "Taken before" not in words(other.get(path_of(event)))


# ── what cannot be ───────────────────────────────────────────────────────────────────────────────────────────────────


def refused(client: FlaskClient, event: Event, **chosen: Any) -> str:
    answer = post_form(client, path_of(event), choice(**chosen))
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert f'<option selected value="{chosen["form"]}">' in answer.text
    return words(answer)


def test_a_refusal_says_why_and_keeps_the_choice(client: FlaskClient, cast: Cast, event: Event) -> None:
    sign_in(client, cast.alice)
    assert "There is no PDF of this list." in refused(client, event, purpose="catering", form="pdf")
    empty = make_event(public_cents=0, member_cents=None)
    assert "no badge to print" in refused(client, empty, purpose="badges", form="pdf")
    assert recorded() == []


def test_names_without_letters_of_ours_are_told_of(client: FlaskClient, cast: Cast, event: Event) -> None:
    add_walk_in(event.id, Wish("小龍", "李", "li@x.example"), actor=cast.alice, locale="en")
    sign_in(client, cast.alice)
    answer = post_form(client, path_of(event), choice("sign_in", "pdf"))
    assert len(pypdf.PdfReader(io.BytesIO(answer.data)).pages) == 2
    assert "1 name has letters that we cannot print." in words(client.get(path_of(event)))
