"""/me/company for HR managers, and where a person says they work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db, now
from models.organisations import Affiliation, AffiliationStatus, Membership, MembershipStatus
from models.people import Person
from services.affiliations import claim
from services.membership_plans import PlanFacts, add_plan
from services.transaction import writing
from tests.blueprints.organise.desk import counted_queries, enrol
from tests.cast import (
    Cast,
    add_member_locked,
    add_person_locked,
    affiliate_locked,
    make_event,
    post_form,
    sign_in,
    words,
)


@pytest.fixture
def dora(cast: Cast, client: FlaskClient) -> FlaskClient:
    """A browser in which Dora is signed in."""
    sign_in(client, cast.dora)
    return client


@pytest.fixture
def here(cast: Cast) -> str:
    return f"/me/company/{cast.lysara.public_id}"


def affiliation(person: Person) -> Affiliation:
    return db.session.scalars(select(Affiliation).where(Affiliation.person_id == person.id)).one()


def test_it_works(cast: Cast, dora: FlaskClient, here: str) -> None:
    assert dora.get("/me/company").location == here
    claim(cast.carol, cast.lysara.public_id)
    page = words(dora.get(here))
    assert "1 person says to work here" in page
    assert "Carol Nguyễn carol@kelvin-home.example" in page
    answer = post_form(dora, f"{here}/people/{cast.carol.public_id}/verify", page=here)
    assert answer.location == here
    assert affiliation(cast.carol).status == AffiliationStatus.VERIFIED
    page = words(dora.get(here))
    assert "Confirmed. They are told by mail." in page
    assert "Carol Nguyễn" in page
    assert "carol@kelvin-home.example" not in page  # a private address is not the employer's to read


def test_an_employee_finds_nothing(cast: Cast, client: FlaskClient, here: str) -> None:
    sign_in(client, cast.bob)
    assert client.get("/me/company").status_code == 404
    assert client.get(here).status_code == 404
    assert "Organisation" not in words(client.get("/me/password"))


def test_of_several_one_chooses(cast: Cast, dora: FlaskClient, here: str) -> None:
    with writing():
        affiliate_locked(cast.dora, add_member_locked("Orvane", "orvane.example"), is_main=False, is_hr_manager=True)
    page = dora.get("/me/company")
    assert "Which organisation? Lysara Biologics Orvane" in words(page)
    assert "Another organisation" in words(dora.get(here))


def test_no_needs_its_reason(cast: Cast, dora: FlaskClient, here: str) -> None:
    claim(cast.carol, cast.lysara.public_id)
    path = f"{here}/people/{cast.carol.public_id}/reject"
    empty = post_form(dora, path, {"reason": ""})
    assert (empty.status_code, "This is still empty" in words(empty)) == (422, True)
    assert "Dora Wouters" in words(empty)  # whose page it is
    assert post_form(dora, path, {"reason": "We do not know you."}).status_code == 303
    assert affiliation(cast.carol).status == AffiliationStatus.REJECTED
    late = post_form(dora, f"{here}/people/{cast.carol.public_id}/verify", page=here)
    assert late.status_code == 404


def test_people_of_elsewhere_are_not_there(cast: Cast, dora: FlaskClient, here: str) -> None:
    with writing():
        orvane = add_member_locked("Orvane", "orvane.example")
        eve = add_person_locked("Eve", "Stone", "eve@orvane.example")
        affiliate_locked(eve, orvane)
    for act in ("verify", "hr"):
        assert post_form(dora, f"{here}/people/{eve.public_id}/{act}", page=here).status_code == 404
    for act in ("reject", "end"):
        assert dora.get(f"{here}/people/{eve.public_id}/{act}").status_code == 404
    assert affiliation(eve).status == AffiliationStatus.VERIFIED


def test_the_last_hr_manager_stays_and_may_hand_over(cast: Cast, dora: FlaskClient, here: str) -> None:
    post_form(dora, f"{here}/people/{cast.dora.public_id}/hr", {"act": "take"}, page=here)
    assert "Make another HR manager first." in words(dora.get(here))
    post_form(dora, f"{here}/people/{cast.bob.public_id}/hr", {"act": "give"}, page=here)
    away = post_form(dora, f"{here}/people/{cast.dora.public_id}/hr", {"act": "take"}, page=here)
    assert away.location == "/me/profile"
    assert dora.get(here).status_code == 404


def test_registrations_say_who_goes_and_who_pays(cast: Cast, dora: FlaskClient, here: str) -> None:
    free, paid = make_event(title="Members’ evening", public_cents=0, member_cents=None), make_event(title="Aseptics")
    enrol(cast.bob, free)
    registration = enrol(cast.bob, paid)
    enrol(cast.carol, paid)
    page = words(dora.get(f"{here}/registrations"))
    assert "Members’ evening" in page
    assert "the person" in page
    assert "Carol" not in page
    with writing() as session:
        row = session.merge(registration)
        session.refresh(row, ["order"])
        row.order.payer_organisation_id = cast.lysara.id
    assert "Lysara Biologics €302.50" in words(dora.get(f"{here}/registrations"))
    assert "€302.50" in words(dora.get(f"{here}/documents"))


def test_places_without_a_name_are_counted(cast: Cast, dora: FlaskClient, here: str) -> None:
    registration = enrol(cast.bob, make_event())
    with writing() as session:
        session.merge(registration).person_id = None
    assert "1 place has no name yet" in words(dora.get(f"{here}/registrations"))


def test_the_pages_ask_the_database_seldom(cast: Cast, dora: FlaskClient, here: str) -> None:
    for number in range(4):
        enrol(cast.bob, make_event(title=f"Event {number}"))
    for path in (here, f"{here}/registrations", f"{here}/documents", f"{here}/membership"):
        with counted_queries() as seen:
            assert dora.get(path).status_code == 200
        assert len(seen) <= 14, (path, len(seen))


def test_renewing(cast: Cast, dora: FlaskClient, here: str) -> None:
    add_plan(PlanFacts({"en": "Company"}, {"en": "Up to 250 people."}, 180000, 60), cast.ada)
    early = dora.get(f"{here}/membership/apply")
    assert early.location == f"{here}/membership"
    assert "You can renew it from" in words(dora.get(f"{here}/membership"))
    with writing() as session:
        session.scalars(select(Membership)).one().ends_on = now().date() + timedelta(days=30)
    assert "€1,800" in words(dora.get(f"{here}/membership/apply"))
    assert post_form(dora, f"{here}/membership/apply", {}).status_code == 422
    assert post_form(dora, f"{here}/membership/apply", {"plan": "company"}).status_code == 303
    assert "Applied for" in words(dora.get(f"{here}/membership"))
    post_form(dora, f"{here}/membership/withdraw", page=f"{here}/membership")
    assert "taken back by the organisation" in words(dora.get(f"{here}/membership"))


def test_giving_up_and_keeping(cast: Cast, dora: FlaskClient, here: str) -> None:
    post_form(dora, f"{here}/membership/resign", {"act": "leave"}, page=f"{here}/membership")
    assert "It is not renewed: it ends then." in words(dora.get(f"{here}/membership"))
    post_form(dora, f"{here}/membership/resign", {"act": "stay"}, page=f"{here}/membership")
    assert not db.session.scalars(select(Membership)).one().leaves_at_end


# ---- where a person works -------------------------------------------------------------------------------------


@pytest.fixture
def carol(cast: Cast, client: FlaskClient) -> FlaskClient:
    sign_in(client, cast.carol)
    return client


def test_saying_where_one_works(cast: Cast, carol: FlaskClient) -> None:
    assert "I have none, but I work somewhere" in words(carol.get("/me/profile"))
    page = words(carol.get("/me/work?q=LYSARA+biol"))
    assert "Lysara Biologics" in page
    assert "Bob" not in page
    assert "lysara.example" not in page
    answer = post_form(carol, "/me/work", {"organisation": cast.lysara.public_id}, page="/me/work?q=lysara")
    assert answer.location == "/me/profile#work"
    page = words(carol.get("/me/profile"))
    assert "We have asked there." in page
    assert "Waiting to be confirmed" in page
    assert "on your profile" in words(carol.get("/me/work?q=lysara"))
    again = post_form(carol, "/me/work", {"organisation": cast.lysara.public_id}, page="/me/work?q=lysara")
    assert again.status_code == 303
    assert "You have said so already" in words(carol.get("/me/profile"))
    post_form(carol, "/me/work/leave", {"organisation": cast.lysara.public_id}, page="/me/profile")
    assert "Your organisation will be here" in words(carol.get("/me/profile"))


@pytest.mark.parametrize("query", ["", "l", "zzz", "%", "lysara.example", "Bob"])
def test_what_finds_nothing(cast: Cast, carol: FlaskClient, query: str) -> None:
    assert "I work here" not in words(carol.get("/me/work", query_string={"q": query}))


def test_a_member_again_after_the_grace(cast: Cast, dora: FlaskClient, here: str) -> None:
    with writing() as session:
        row = session.scalars(select(Membership)).one()
        row.status = MembershipStatus.LAPSED
    add_plan(PlanFacts({"en": "Company"}, {}, 0, 60), cast.ada)
    page = words(dora.get(f"{here}/membership"))
    assert "Lysara Biologics is no member" in page
    assert "Apply for a membership" in page
    assert "Free" in words(dora.get(f"{here}/membership/apply"))


def test_nobody_else_reads_it(cast: Cast, client: FlaskClient, here: str) -> None:
    assert client.get(here).location.startswith("/sign-in")
    with writing():
        other = add_member_locked("Orvane", "orvane.example")
    sign_in(client, cast.dora)
    assert client.get(f"/me/company/{other.public_id}/documents").status_code == 404
