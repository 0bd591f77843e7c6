"""“Who pays?” on the registration form: answered already, two clicks stay two, and nothing that is typed is lost."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from models.base import db
from models.events import Event, Modality, Quota
from models.orders import Order
from models.outbox import OutboxMessage
from models.registrations import Registration, RegistrationDraft
from services.transaction import writing
from tests.browsing import csrf_token
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.billed import as_company, invoices

COMPANY = {
    "payer": "company", "company_name": "Kelvin Consulting SRL", "company_number": "be 0101.357.179",
    "company_street": "Rue Haute 1", "company_postcode": "5000", "company_city": "Namur", "company_country": "BE",
    "company_email": "pay@kelvin.example",
}  # fmt: skip
FRENCH = {**COMPANY, "company_number": "FR 40 303 265 045", "company_country": "FR", "company_city": "Paris"}
GUEST = {"given_name": "Zoé", "family_name": "Zola", "email": "zoe@zola.example", "terms": "y"}


def path_of(event: Event) -> str:
    return f"/events/{event.slug}/register"


def online() -> Event:
    event = make_event()
    with writing() as session:
        session.execute(update(Quota).where(Quota.event_id == event.id).values(modality=Modality.ONLINE))
    return event


def order() -> Order:
    return db.session.scalars(select(Order)).one()


def hidden(html: str) -> dict[str, str]:
    """What the page sends back of what it showed."""
    return {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', html).group(1)  # type: ignore[union-attr]
        for name in ("shown_cents", "shown_for")
    }


def test_a_person_pays_unless_they_say_otherwise(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    path = path_of(make_event())
    page = words(client.get(path))
    assert "I pay myself €508.20 VAT included, €420 without" in page
    assert "My company pays Write below to whom it is invoiced. €420 without VAT, €508.20 with" in page
    assert post_form(client, path, {}).status_code == 303
    assert (order().payer_organisation_id, order().billing) == (None, {})


def test_an_organisation_that_told_us_where_its_invoices_go_pays_in_two_clicks(cast: Cast, client: FlaskClient) -> None:
    as_company(cast)
    sign_in(client, cast.bob)
    path = path_of(make_event())
    page = client.get(path)
    assert "€250 for you, because Lysara Biologics is a member. €420 for others. VAT 21 % excluded: €302.50" in words(
        page
    )
    assert f'value="{cast.lysara.public_id}" checked' in page.text
    assert "pays later, by invoice" not in words(page)
    token = csrf_token(page)
    sent = {"csrf_token": token, "payer": cast.lysara.public_id, **hidden(page.text)}
    answer = client.post(path, data=sent)
    assert answer.status_code == 303
    assert order().payer_organisation_id == cast.lysara.id
    page_words = words(client.get(answer.location))
    assert "Without VAT €250.00 VAT 21 % €52.50 With VAT €302.50" in page_words
    assert "Lysara Biologics SA, Rue de l’Industrie 3, 5032 Gembloux, BE 0101.357.179" in page_words


def test_whoever_works_there_may_pay_themselves(cast: Cast, client: FlaskClient) -> None:
    as_company(cast)
    sign_in(client, cast.bob)
    path = path_of(make_event())
    shown = hidden(client.get(path).text)
    answer = post_form(client, path, {"payer": "person", **shown})
    assert answer.status_code == 303  # VAT is the same: nothing has to be told first
    assert order().billing == {}
    assert "Price €302.50 VAT 21 % included: €250.00 without VAT." in words(client.get(answer.location))


def test_on_account_with_the_number_to_come(cast: Cast, client: FlaskClient) -> None:
    as_company(cast, payment_term_days=45)
    sign_in(client, cast.bob)
    path = path_of(make_event())
    page = words(client.get(path))
    assert "Lysara Biologics pays later, by invoice Your place is yours at once. To be paid within 45 days." in page
    answer = post_form(client, path, {"payer": f"{cast.lysara.public_id}+account", "purchase_order_later": "y"})
    page = words(client.get(answer.location))
    assert "You have a place" in page
    assert "Your place is confirmed. Lysara Biologics pays the invoice of €302.50 by" in page
    assert "The invoice waits for your purchase-order number." in page
    kept = f"/orders/{order().code}/purchase-order"
    post_form(client, kept, {"purchase_order": "PO 12"}, page=answer.location)
    assert [each.purchase_order for each in invoices(order())] == ["PO 12"]


def test_a_company_is_typed(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    answer = post_form(client, path_of(make_event()), COMPANY)
    assert answer.status_code == 303
    kept = order().billing
    assert (kept["name"], kept["vat_number"], kept["enterprise_number"], kept["is_business"]) == (
        "Kelvin Consulting SRL", "BE0101357179", "0101357179", True
    )  # fmt: skip
    page = words(client.get(answer.location))
    assert "Paid by Kelvin Consulting SRL" in page
    assert "Change to whom it is invoiced" in page


def test_an_enterprise_number_alone_will_do(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    post_form(client, path_of(make_event()), {**COMPANY, "company_number": "0101.357.179"})
    assert (order().billing["vat_number"], order().billing["enterprise_number"]) == ("", "0101357179")


@pytest.mark.parametrize(
    "field, typed, problem",
    [
        ("company_number", "0101.357.178", "The digits of this number do not fit together."),
        ("company_number", "BE 0101.357.178", "The digits of this number do not fit together."),
        ("company_number", "FR12", "This is no VAT number."),
        ("company_number", "", "An invoice for a company needs its enterprise or VAT number."),
        ("company_name", "", "This is still empty."),
        ("company_street", "", "This is still empty."),
        ("company_city", "", "This is still empty."),
        ("company_email", "pay at kelvin", "There is no @ in this address."),
        ("company_country", "XX", "Choose one of the answers in the list."),
        ("payer", "somebody", "Choose who pays. Nothing was booked."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_kept_as_typed(
    cast: Cast, client: FlaskClient, field: str, typed: str, problem: str
) -> None:
    sign_in(client, cast.carol)
    answer = post_form(client, path_of(make_event()), {**COMPANY, field: typed})
    assert answer.status_code == 422
    assert problem in words(answer)
    assert db.session.query(Order).count() == 0
    if field not in ("payer", "company_country"):
        assert f'value="{typed}"' in answer.text
    if field != "company_name":
        assert 'value="Kelvin Consulting SRL"' in answer.text


def test_nobody_is_asked_of_a_company_who_pays_themselves(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    answer = post_form(client, path_of(make_event()), {"payer": "person", "company_number": "nonsense"})
    assert answer.status_code == 303


def test_another_organisation_cannot_be_made_to_pay(cast: Cast, client: FlaskClient) -> None:
    as_company(cast, payment_term_days=30)
    sign_in(client, cast.carol)
    answer = post_form(client, path_of(make_event()), {"payer": f"{cast.lysara.public_id}+account"})
    assert answer.status_code == 422
    assert db.session.query(Order).count() == 0


def test_a_company_abroad_sees_its_price_before_it_confirms(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.carol)
    path = path_of(online())
    shown = hidden(client.get(path).text)
    told = post_form(client, path, {**FRENCH, **shown})
    assert told.status_code == 200
    assert db.session.query(Order).count() == 0
    assert "No Belgian VAT: your company owes it at home (reverse charge)." in words(told)
    assert "The price follows whoever pays. Read it, then confirm." in words(told)
    answer = post_form(client, path, {**FRENCH, **hidden(told.text)})
    assert answer.status_code == 303
    assert "Reverse charge" in words(client.get(answer.location))
    assert "Pay €420.00 by" in words(client.get(answer.location))


def test_a_guests_company_waits_with_the_draft_and_the_page_that_binds_says_the_total(
    cast: Cast, client: FlaskClient
) -> None:
    answer = post_form(client, path_of(make_event()), {**GUEST, **COMPANY, "purchase_order": "PO 3"})
    page = words(client.get(answer.location))
    assert "€420 without membership." in page
    assert "VAT 21 % excluded: €508.20 with VAT." in page
    assert "Hold my place, with an obligation to pay" in page
    code = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first().context["code"]  # type: ignore[union-attr]
    post_form(client, answer.location, {"digits": str(code)})
    assert db.session.scalars(select(RegistrationDraft.order_id)).one() == order().id
    assert (order().billing["name"], order().purchase_order) == ("Kelvin Consulting SRL", "PO 3")


def test_where_nothing_costs_anything_nobody_is_asked(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.bob)
    path = path_of(make_event(public_cents=0, member_cents=None))
    assert "Who pays?" not in words(client.get(path))
    assert post_form(client, path, {"payer": "company"}).status_code == 303
    assert db.session.query(Registration).count() == 1
