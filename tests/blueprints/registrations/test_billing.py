"""To whom an order is invoiced, by whoever ordered; and the documents to download."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from models.base import db
from models.events import Modality, Quota
from models.orders import Order
from services.transaction import writing
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.billed import as_company, invoices, issued, lines_of, ordered, pay, team_ordered

COMPANY = {
    "kind": "company", "name": "Kelvin Consulting SRL", "vat_number": "be 0101.357.179", "street": "Rue Haute 1",
    "postcode": "5000", "city": "Namur", "country": "BE", "email": "pay@kelvin.example", "purchase_order": "PO 9",
}  # fmt: skip


def ask(client: FlaskClient, order: Order, **changes: str) -> str:
    path = f"/orders/{order.code}/billing"
    return words(post_form(client, path, {**COMPANY, **changes}, follow_redirects=True))


def test_a_person_gives_the_details_of_a_company(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    sign_in(client, cast.carol)
    assert "Ask for an invoice, to you or to a company" in words(client.get(f"/orders/{order.code}"))
    assert "The invoice comes by mail as soon as the order is paid." in ask(client, order)
    assert invoices(order) == []
    pay(order, 50820)
    (invoice,) = invoices(order)
    assert invoice.buyer["name"] == "Kelvin Consulting SRL"
    assert invoice.buyer["attention"] == "Carol Nguyễn"
    assert invoice.buyer["vat_number"] == "BE0101357179"
    assert invoice.buyer["endpoint"] == "0208:0101357179"
    assert (invoice.buyer["email"], invoice.purchase_order) == ("pay@kelvin.example", "PO 9")
    page = words(client.get(f"/orders/{order.code}"))
    assert f"Invoice {invoice.label}" in page
    answer = client.get(f"/orders/{order.code}/invoices/{invoice.public_id}.pdf")
    assert answer.data.startswith(b"%PDF")


def test_what_is_paid_is_invoiced_at_once(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    sign_in(client, cast.carol)
    page = ask(client, order, kind="person", name="Carol Nguyễn", vat_number="")
    assert "is on its way to you by mail" in page
    (invoice,) = invoices(order)
    assert not invoice.buyer["is_business"]
    assert invoice.buyer["street"] == "Rue Haute 1"


@pytest.mark.parametrize(
    "number, problem",
    [
        ("", "needs its enterprise or VAT number"),
        ("BE 0101.357.178", "The digits of this number"),
        ("FR12", "This is no VAT number"),
    ],
)
def test_a_wrong_vat_number_is_told_at_its_field(cast: Cast, client: FlaskClient, number: str, problem: str) -> None:
    order = ordered(cast.carol)
    sign_in(client, cast.carol)
    assert problem in ask(client, order, vat_number=number)
    assert db.session.scalars(select(Order.billing).where(Order.id == order.id)).one() == {}


def online(cast: Cast) -> Order:
    event = make_event()
    with writing() as session:
        session.execute(update(Quota).where(Quota.event_id == event.id).values(modality=Modality.ONLINE))
    return ordered(cast.carol, event)


FRENCH = {"vat_number": "FR 40 303 265 045", "country": "FR"}


def test_a_business_abroad_owes_the_vat_of_an_online_place_at_home(cast: Cast, client: FlaskClient) -> None:
    order = online(cast)
    sign_in(client, cast.carol)
    ask(client, order, **FRENCH)
    (line,) = lines_of(order)
    assert (line.vat, line.net_cents, line.vat_cents, line.gross_cents) == ("reverse_charge", 42000, 0, 42000)
    pay(order, 42000)
    (invoice,) = invoices(order)
    assert (invoice.gross_cents, invoice.buyer["endpoint"]) == (42000, "9957:FR40303265045")
    ask(client, order)  # the next one would be Belgian, but what is paid and invoiced stays
    assert lines_of(order)[0].vat == "reverse_charge"


def test_who_comes_to_namur_pays_belgian_vat(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    sign_in(client, cast.carol)
    ask(client, order, **FRENCH)
    assert (lines_of(order)[0].vat, lines_of(order)[0].gross_cents) == ("standard", 50820)


def test_documents_are_for_who_sees_the_whole_order(cast: Cast, client: FlaskClient) -> None:
    as_company(cast)
    order = team_ordered(cast)
    invoice = issued(order)
    path = f"/orders/{order.code}/invoices/{invoice.public_id}"
    sign_in(client, cast.carol)
    assert client.get(f"{path}.pdf").status_code == 404
    sign_in(client, cast.dora)
    assert client.get(f"{path}.xml").data.startswith(b"<?xml")
    other = issued(ordered(cast.carol))
    assert client.get(f"/orders/{order.code}/invoices/{other.public_id}.pdf").status_code == 404
    page = words(client.get(f"/me/company/{cast.lysara.public_id}/documents"))
    assert invoice.label in page
    assert other.label not in page


def test_an_organisation_is_invoiced_by_its_own_details(cast: Cast, client: FlaskClient) -> None:
    order = team_ordered(cast)
    sign_in(client, cast.dora)
    assert client.get(f"/orders/{order.code}/billing").status_code == 404


def test_a_total_that_the_details_change_is_told_first(cast: Cast, client: FlaskClient) -> None:
    order = online(cast)
    sign_in(client, cast.carol)
    path = f"/orders/{order.code}/billing"
    assert 'name="shown_cents" type="hidden" value="50820"' in client.get(path).text
    told = post_form(client, path, {**COMPANY, **FRENCH, "shown_cents": "50820"})
    assert told.status_code == 422
    assert "With these details the order costs €420.00 instead of €508.20." in words(told)
    assert "reverse charge" in words(told)
    assert lines_of(order)[0].gross_cents == 50820
    assert post_form(client, path, {**COMPANY, **FRENCH, "shown_cents": "42000"}).status_code == 303
    assert lines_of(order)[0].gross_cents == 42000
    back = post_form(client, path, {**COMPANY, "shown_cents": "42000"})
    assert "costs €508.20 instead of €420.00. Belgian VAT comes on top." in words(back)


def test_what_was_paid_too_much_is_owed_back_once_the_details_are_known(cast: Cast, client: FlaskClient) -> None:
    order = online(cast)
    pay(order, 50820)
    sign_in(client, cast.carol)
    ask(client, order, **FRENCH)
    (invoice,) = invoices(order)
    assert invoice.gross_cents == 42000
    assert "We owe you €88.20" in words(client.get(f"/orders/{order.code}"))


def test_part_of_the_money_may_cover_the_order_then(cast: Cast, client: FlaskClient) -> None:
    order = online(cast)
    pay(order, 42000)
    sign_in(client, cast.carol)
    ask(client, order, **FRENCH)
    assert "You have a place" in words(client.get(f"/orders/{order.code}"))
    assert [each.gross_cents for each in invoices(order)] == [42000]


def test_an_order_takes_over_what_its_organisation_corrected(cast: Cast, client: FlaskClient) -> None:
    as_company(cast)
    event = make_event()
    with writing() as session:
        session.execute(update(Quota).where(Quota.event_id == event.id).values(modality=Modality.ONLINE))
    order = team_ordered(cast, 2, event)
    as_company(cast, country="FR", vat_number="FR40303265045", enterprise_number=None, city="Paris")
    sign_in(client, cast.dora)
    assert "Its details have changed since" in words(client.get(f"/orders/{order.code}"))
    path = f"/orders/{order.code}/billing"
    page = words(client.get(path))
    assert "€500.00 instead of €605.00" in page
    assert [line.gross_cents for line in lines_of(order)] == [30250, 30250]
    stale = post_form(client, path, {"shown_cents": "60500"})
    assert (stale.status_code, lines_of(order)[0].gross_cents) == (422, 30250)
    assert post_form(client, path, {"shown_cents": "50000"}).status_code == 303
    assert [(line.vat, line.gross_cents) for line in lines_of(order)] == [("reverse_charge", 25000)] * 2
    assert client.get(path).status_code == 404  # nothing differs any more
    pay(order, 50000)
    assert invoices(order)[0].buyer["city"] == "Paris"
