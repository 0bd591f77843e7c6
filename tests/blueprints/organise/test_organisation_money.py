"""What finance knows of an organisation: its VAT status, its Peppol address, its payment term."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.base import db, now
from models.organisations import Organisation
from tests.cast import Cast, post_form, sign_in, words


def save(client: FlaskClient, cast: Cast, **form: str) -> str:
    path = f"/organise/organisations/{cast.lysara.public_id}/money"
    values = {"vat_status": "taxable", "peppol_id": "", "payment_term_days": "", **form}
    return words(post_form(client, path, values, follow_redirects=True))


def test_it_works(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.fay)
    page = save(client, cast, peppol_id="0208: 0101.357.179", payment_term_days="45")
    assert "Saved." in page
    row = db.session.get_one(Organisation, cast.lysara.id, populate_existing=True)
    assert (row.vat_status, row.peppol_id, row.payment_term_days) == ("taxable", "0208:0101357179", 45)
    assert row.vat_status_on
    assert abs((row.vat_status_on - now().date()).days) <= 1


@pytest.mark.parametrize(
    "form, problem",
    [
        ({"peppol_id": "0208:0101357178"}, "This is no Peppol address"),
        ({"peppol_id": "Lysara"}, "This is no Peppol address"),
        ({"payment_term_days": "90"}, "60"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    cast: Cast, client: FlaskClient, form: dict[str, str], problem: str
) -> None:
    sign_in(client, cast.fay)
    assert problem in save(client, cast, **form)
    assert db.session.get_one(Organisation, cast.lysara.id, populate_existing=True).vat_status is None
