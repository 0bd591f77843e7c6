"""Organisations and memberships at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.organisations import Affiliation, AffiliationStatus, EmailDomain, Membership, MembershipStatus, Organisation
from services.affiliations import claim
from services.membership_plans import PlanFacts, add_plan
from services.organisation_list import list_organisations
from services.transaction import writing
from tests.cast import Cast, add_member_locked, add_person_locked, affiliate_locked, post_form, sign_in, words

LIST = "/organise/organisations"
FORM: dict[str, Any] = {
    "name": "Kelvin Diagnostics", "legal_name": "Kelvin Diagnostics SRL", "kind": "start_up",
    "enterprise_number": "BE 0102.071.318", "vat_number": "BE 0102 071 318", "street": "quai de Rome 51",
    "postcode": "4000", "city": "Liège", "country": "BE", "billing_email": "invoices@kelvin.example",
}  # fmt: skip


@pytest.fixture
def ada(cast: Cast, client: FlaskClient) -> FlaskClient:
    sign_in(client, cast.ada)
    return client


@pytest.fixture
def here(cast: Cast) -> str:
    return f"{LIST}/{cast.lysara.public_id}"


def kelvin() -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.slug == "kelvin-diagnostics")).one()


def test_it_works(cast: Cast, ada: FlaskClient) -> None:
    answer = post_form(ada, f"{LIST}/new", FORM)
    assert answer.location == f"{LIST}/{kelvin().public_id}"
    assert (kelvin().enterprise_number, kelvin().vat_number) == ("0102071318", "BE0102071318")
    page = words(ada.get(answer.location))
    assert "0102.071.318" in page
    assert "quai de Rome 51, 4000 Liège" in page
    assert "added the organisation" in words(ada.get(f"{answer.location}/history"))
    listed = words(ada.get(f"{LIST}?q=0102.071"))
    assert "Kelvin Diagnostics" in listed
    assert "Lysara" not in listed


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"enterprise_number": "0102.071.319"}, "These digits do not fit together"),
        ({"enterprise_number": "12"}, "These digits do not fit together"),
        ({"vat_number": "0102071318"}, "This is no VAT number"),
        ({"vat_number": "FR 12 345"}, "This is no VAT number"),
        ({"name": ""}, "This is still empty"),
        ({"billing_email": "nobody"}, "There is no @ in this address"),
        ({"country": "XX"}, "Choose one of the answers"),
    ],
)
def test_bad_input_is_told_at_its_field_and_kept(
    cast: Cast, ada: FlaskClient, changes: dict[str, str], says: str
) -> None:
    page = post_form(ada, f"{LIST}/new", {**FORM, **changes})
    assert page.status_code == 422
    assert says in words(page)
    assert "quai de Rome 51" in page.get_data(as_text=True)


def test_a_number_that_is_taken_leads_to_its_organisation(cast: Cast, ada: FlaskClient) -> None:
    post_form(ada, f"{LIST}/new", FORM)
    page = post_form(ada, f"{LIST}/new", {**FORM, "name": "Kelvin again"})
    assert page.status_code == 422
    assert "Another organisation has this number already." in words(page)
    assert f'href="{LIST}/{kelvin().public_id}"' in page.get_data(as_text=True)
    same = post_form(ada, f"{LIST}/{kelvin().public_id}/edit", {**FORM, "city": "Namur"})
    assert same.status_code == 303
    assert kelvin().city == "Namur"


def test_a_domain_brings_its_people(cast: Cast, ada: FlaskClient, here: str) -> None:
    with writing():
        eve = add_person_locked("Eve", "Stone", "eve@lysara-labs.example")
    path = f"{here}/domains"
    assert post_form(ada, path, {"domain": "eve@Lysara-Labs.Example"}).status_code == 303
    assert "1 person has an address in it Not verified" in words(ada.get(path))
    assert db.session.scalar(select(Affiliation.id).where(Affiliation.person_id == eve.id)) is None
    post_form(ada, f"{path}/verify", {"domain": "lysara-labs.example"}, page=path)
    row = db.session.scalars(select(Affiliation).where(Affiliation.person_id == eve.id)).one()
    assert (row.status, row.verified_by) == (AffiliationStatus.VERIFIED, "domain")
    assert "1 person joined by it." in words(ada.get(path))
    post_form(ada, f"{path}/remove", {"domain": "lysara-labs.example"}, page=path)
    assert db.session.scalar(select(EmailDomain.id).where(EmailDomain.domain == "lysara-labs.example")) is None
    assert post_form(ada, f"{path}/verify", {"domain": "lysara-labs.example"}, page=path).status_code == 404


@pytest.mark.parametrize(
    "domain, says",
    [
        ("gmail.com", "Anybody can have an address there"),
        ("Skynet.BE", "Anybody can have an address there"),
        ("mail.proximus.be", "Anybody can have an address there"),
        ("co.uk", "Anybody can have an address there"),
        ("lysara", "This is no domain"),
        ("192.168.1.1", "This is no domain"),
        ("https://lysara.example/x", "This is no domain"),
        ("orvane.example", "Orvane has this domain. Remove it there first."),
        ("lysara.example", "It has this domain already."),
    ],
)
def test_domains_that_cannot_be(cast: Cast, ada: FlaskClient, here: str, domain: str, says: str) -> None:
    with writing():
        add_member_locked("Orvane", "orvane.example")
    page = post_form(ada, f"{here}/domains", {"domain": domain})
    assert page.status_code == 422
    assert says in words(page)


def test_people_are_decided_at_the_desk(cast: Cast, ada: FlaskClient, here: str) -> None:
    claim(cast.carol, cast.lysara.public_id)
    assert "Says to work here" in words(ada.get(here))
    assert post_form(ada, f"{here}/people/{cast.carol.public_id}/verify", page=here).status_code == 303
    post_form(ada, f"{here}/people/{cast.carol.public_id}/hr", {"act": "give"}, page=here)
    row = db.session.scalars(select(Affiliation).where(Affiliation.person_id == cast.carol.id)).one()
    assert (row.status, row.is_hr_manager) == (AffiliationStatus.VERIFIED, True)
    post_form(ada, f"{here}/people/{cast.bob.public_id}/end", {"reason": "Left in May."})
    history = words(ada.get(f"{here}/history"))
    assert "ended the work of Bob Lambert here Left in May." in history
    assert "made Carol Nguyễn HR manager" in history
    late = post_form(ada, f"{here}/people/{cast.bob.public_id}/hr", {"act": "give"}, page=here)
    assert late.status_code == 404
    with writing():
        affiliate_locked(cast.emil, add_member_locked("Orvane", "orvane.example"))
    assert ada.get(f"{here}/people/{cast.emil.public_id}/end").status_code == 404


def test_a_membership_from_application_to_end(cast: Cast, ada: FlaskClient) -> None:
    post_form(ada, f"{LIST}/new", FORM)
    post_form(
        ada, "/organise/plans/new",
        {"names-0": "Entreprise", "names-1": "Company", "fee": "1.800", "grace_days": "60", "is_offered": "y"},
    )  # fmt: skip
    on_behalf = post_form(ada, f"{LIST}/{kelvin().public_id}/memberships/new", {"plan": "entreprise"})
    assert on_behalf.location is not None
    assert on_behalf.location.endswith("/approve")
    assert "1 application to decide" in words(ada.get("/organise/memberships"))
    assert "€1,800" in words(ada.get(on_behalf.location))
    assert post_form(ada, on_behalf.location, {"reason": ""}).status_code == 422
    assert post_form(ada, on_behalf.location, {"reason": "The board agrees.", "starts_on": ""}).status_code == 303
    again = post_form(ada, on_behalf.location, {"reason": "Twice."}, page="/organise/plans/new")
    assert again.status_code == 303
    assert "Somebody has decided meanwhile." in words(ada.get("/organise/memberships"))
    fee = on_behalf.location.replace("/approve", "/fee")
    assert post_form(ada, fee, {"day": "2026-05-04", "reference": ""}).status_code == 422
    assert post_form(ada, fee, {"day": "2026-05-04", "reference": "KBC 4471"}).status_code == 303
    page = words(ada.get(f"{LIST}/{kelvin().public_id}"))
    assert "Fee received: KBC 4471" in page
    post_form(ada, fee.replace("/fee", "/stop"), {"reason": "Bankrupt."})
    row = db.session.scalars(select(Membership).where(Membership.organisation_id == kelvin().id)).one()
    assert (row.status, row.reason) == (MembershipStatus.RESIGNED, "Bankrupt.")
    assert ada.get(fee.replace("/fee", "/forget")).status_code == 404


def test_finance_books_the_fee_and_nothing_else(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.fay)
    row = db.session.scalars(select(Membership)).one()
    with writing() as session:
        session.get_one(Membership, row.id).status = MembershipStatus.APPROVED
    path = f"/organise/memberships/{row.public_id}"
    assert client.get(f"{path}/begin").status_code == 403
    assert "Fee received" in words(client.get("/organise/memberships"))
    assert post_form(client, f"{path}/fee", {"day": "2026-05-04", "reference": "1"}).status_code == 303
    assert db.session.scalars(select(Membership)).one().status == MembershipStatus.ACTIVE


def test_a_plan_needs_a_name_and_a_fee(cast: Cast, ada: FlaskClient) -> None:
    page = post_form(ada, "/organise/plans/new", {"fee": "", "grace_days": "900"})
    assert page.status_code == 422
    for says in ("It needs a name in one language at least.", "This is still empty", "Write a number from 0 to 366."):
        assert says in words(page)
    add_plan(PlanFacts({"en": "Company"}, {}, 1000, 60), cast.ada)
    assert ada.get("/organise/plans/nobody").status_code == 404
    saved = post_form(ada, "/organise/plans/company", {"names-1": "Firm", "fee": "12", "grace_days": "0"})
    assert saved.status_code == 303
    assert "no longer offered" in words(ada.get("/organise/plans"))


def test_the_list_knows_where_each_stands(cast: Cast, ada: FlaskClient) -> None:
    with writing():
        add_member_locked("Orvane", "orvane.example", MembershipStatus.GRACE)
        add_member_locked("Betasign", "beta.example", MembershipStatus.LAPSED)
    claim(cast.carol, cast.lysara.public_id)
    counts = list_organisations("all").counts
    assert counts == {
        "all": 3, "members": 2, "grace": 1, "waiting": 0, "claims": 1, "suspended": 0, "former": 1, "none": 0,
    }  # fmt: skip
    assert [row.name for row in list_organisations("former").rows] == ["Betasign"]
    assert "Orvane" in words(ada.get(f"{LIST}?show=grace"))
    assert "No organisation is like this." in words(ada.get(f"{LIST}?kind=hospital&q=zzz"))
    assert ada.get(f"{LIST}?show=nonsense&kind=nonsense&page=99").status_code == 200


def test_ids_of_nothing(cast: Cast, ada: FlaskClient) -> None:
    for path in ("", "/history", "/domains", "/edit", "/memberships/new"):
        assert ada.get(f"{LIST}/{'x' * 26}{path}").status_code == 404
    assert ada.get(f"/organise/memberships/{'x' * 26}/approve").status_code == 404
