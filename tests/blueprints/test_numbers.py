"""A number that cannot be is told at its field, on every form that takes one, and stays as it was typed. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.orders import Order
from models.organisations import Organisation
from models.payments import Refund
from models.registrations import Registration
from services.registrations import cancel
from tests.cast import Cast, make_event, post_form, sign_in
from tests.services.billed import ordered, pay

COMPANY = {
    "company_name": "Kelvin", "company_street": "Rue Haute 1", "company_postcode": "5000", "company_city": "Namur",
    "company_country": "BE", "company_email": "pay@kelvin.example", "payer": "company",
}  # fmt: skip
GUEST = {"given_name": "Zoé", "family_name": "Zola", "email": "zoe@zola.example", "terms": "y"}
BILLING = {
    "kind": "company", "name": "Kelvin", "street": "Rue Haute 1", "postcode": "5000", "city": "Namur", "country": "BE",
    "email": "pay@kelvin.example",
}  # fmt: skip
ORGANISATION = {"name": "Kelvin", "legal_name": "Kelvin SRL", "kind": "company", "country": "BE"}

Form = Callable[[FlaskClient, Cast], tuple[str, dict[str, Any]]]


def registering(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.carol)
    return f"/events/{make_event().slug}/register", COMPANY


def registering_as_a_guest(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    return f"/events/{make_event().slug}/register", {**COMPANY, **GUEST}


def billing(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.carol)
    return f"/orders/{ordered(cast.carol).code}/billing", BILLING


def owed_back(cast: Cast) -> Order:
    order = ordered(cast.carol)
    pay(order, 50820)
    cancel(db.session.scalars(select(Registration.public_id)).one(), actor=cast.alice, by_organiser=True)
    return order


def refund_account(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.carol)
    return f"/orders/{owed_back(cast).code}/refund", {"holder": "Carol"}


def refund_at_the_desk(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.fay)
    return f"/organise/orders/{owed_back(cast).code}/refund", {"amount": "10", "reason": "ill", "holder": "Carol"}


def organisation(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.ada)
    return "/organise/organisations/new", ORGANISATION


def organisation_corrected(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.ada)
    return f"/organise/organisations/{cast.lysara.public_id}/edit", ORGANISATION


def organisation_money(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, Any]]:
    sign_in(client, cast.fay)
    return f"/organise/organisations/{cast.lysara.public_id}/money", {"vat_status": "taxable"}


ENTERPRISE = ["0101.357.178", "101357", "0101.357.17A"]
VAT = ["BE 0101.357.178", "FR 40 303 265 046", "NL123", "ZZ123456789"]
IBANS = ["BE68 5390 0754 7035", "BE68", "GB82 WEST 1234 5698 7654 33"]
PEPPOL = ["0208:0101357178", "0101357179"]
FORMS: list[tuple[Form, str, list[str]]] = [
    (registering, "company_number", ENTERPRISE + VAT),
    (registering_as_a_guest, "company_number", ENTERPRISE + VAT),
    (billing, "vat_number", ENTERPRISE + VAT),
    (refund_account, "iban", IBANS),
    (refund_at_the_desk, "iban", IBANS),
    (organisation, "enterprise_number", ENTERPRISE),
    (organisation, "vat_number", VAT),
    (organisation_corrected, "enterprise_number", ENTERPRISE),
    (organisation_corrected, "vat_number", VAT),
    (organisation_money, "peppol_id", PEPPOL),
]


def count() -> tuple[int, ...]:
    rows = [db.session.query(table).count() for table in (Order, Organisation, Refund)]
    billed = [order.billing for order in db.session.query(Order)]
    assert not any(billed)
    return tuple(rows)


@pytest.mark.parametrize("form, field, wrong", FORMS)
def test_it_is_told_at_its_field_and_kept_as_typed(
    cast: Cast, client: FlaskClient, form: Form, field: str, wrong: list[str]
) -> None:
    path, rest = form(client, cast)
    before = count()
    for typed in wrong:
        answer = post_form(client, path, {**rest, field: typed})
        assert answer.status_code == 422, typed
        told = re.search(rf'id="{field}-problem">([^<]+)<', answer.text)
        assert told, typed
        assert re.search("digits|number|address", unescape(told[1])), told[1]
        control = re.search(rf'<input[^>]*name="{field}"[^>]*>', answer.text)
        assert control, typed
        assert f'value="{typed}"' in control[0]
        assert 'aria-invalid="true"' in control[0]
    assert count() == before
