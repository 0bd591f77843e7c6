"""Invoices at the desk: found, read, issued by hand, credited, sent."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models.base import db
from models.invoices import Invoice, InvoiceKind, Transmission
from tests.blueprints.organise.desk import counted_queries
from tests.cast import Cast, post_form, sign_in, words
from tests.services.billed import as_company, invoices, issued, ordered, pay, team_ordered


@pytest.fixture
def invoice(cast: Cast, client: FlaskClient) -> Invoice:
    """Lysara's invoice of 605.00; Fay looks."""
    as_company(cast)
    found = issued(team_ordered(cast, purchase_order="PO 77"))
    sign_in(client, cast.fay)
    return found


def test_it_works(client: FlaskClient, invoice: Invoice) -> None:
    page = words(client.get("/organise/invoices"))
    assert "1 e-invoice is to be sent" in page
    assert invoice.label in page
    page = words(client.get(f"/organise/invoices/{invoice.public_id}"))
    for said in (f"Invoice {invoice.label} of €605.00", "Lysara Biologics SA", "PO 77", "0208:0101357179",
                 "The law asks for an e-invoice", "pay@lysara.example", "On its way", "Invoice issued"):  # fmt: skip
        assert said in page


@pytest.mark.parametrize(
    "query, found",
    [
        ("00001", True),
        ("lysara", True),
        ("LYSARA 605,00", True),
        ("605.00", True),
        ("po 77", True),
        ("nobody", False),
        ("604.00", False),
    ],
)
def test_search(client: FlaskClient, invoice: Invoice, query: str, found: bool) -> None:
    page = words(client.get("/organise/invoices", query_string={"q": query}))
    assert (invoice.label in page) is found


def test_the_structured_communication_finds_it(client: FlaskClient, invoice: Invoice) -> None:
    page = words(client.get("/organise/invoices", query_string={"q": invoice.payment_reference}))
    assert invoice.label in page


def test_papers_are_downloaded_under_their_number(client: FlaskClient, invoice: Invoice) -> None:
    for ending, begins in (("pdf", b"%PDF"), ("xml", b"<?xml")):
        answer = client.get(f"/organise/invoices/{invoice.public_id}.{ending}")
        assert answer.data.startswith(begins)
        assert f"{invoice.label}.{ending}" in answer.headers["Content-Disposition"]
    assert client.get(f"/organise/invoices/{'x' * 26}.pdf").status_code == 404


def test_an_invoice_by_hand(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    sign_in(client, cast.fay)
    path = f"/organise/orders/{order.code}/invoice"
    page = words(post_form(client, path, {}, page=f"/organise/orders/{order.code}", follow_redirects=True))
    assert "is issued and mailed." in page
    (invoice,) = invoices(order)
    assert invoice.issued_by_id == cast.fay.id
    page = words(post_form(client, path, {}, page=f"/organise/orders/{order.code}", follow_redirects=True))
    assert "Nothing is left to invoice" in page
    assert len(invoices(order)) == 1
    assert invoice.label in words(client.get(f"/organise/orders/{order.code}"))


def credit(client: FlaskClient, invoice: Invoice, **form: str) -> str:
    path = f"/organise/invoices/{invoice.public_id}/credit"
    return words(post_form(client, path, form, follow_redirects=True))


def test_a_credit_note_for_everything(client: FlaskClient, invoice: Invoice) -> None:
    page = credit(client, invoice, what="all", reason="Billed twice")
    assert "is issued and mailed." in page
    note = db.session.query(Invoice).filter_by(kind=InvoiceKind.CREDIT_NOTE).one()
    assert (note.gross_cents, note.reason, note.corrects_id) == (60500, "Billed twice", invoice.id)
    assert note.label in words(client.get(f"/organise/invoices/{invoice.public_id}"))
    page = credit(client, invoice, what="all", reason="Again")
    assert "Nothing is left to credit" in page


def test_a_credit_note_for_an_amount_of_a_line(client: FlaskClient, invoice: Invoice) -> None:
    credit(client, invoice, **{"what": "some", "amounts-1": "100,00", "reason": "A cheaper date"})
    note = db.session.query(Invoice).filter_by(kind=InvoiceKind.CREDIT_NOTE).one()
    assert (note.net_cents, note.vat_cents, note.gross_cents) == (8264, 1735, 10000)
    assert note.rounding_cents == 1


@pytest.mark.parametrize(
    "form, problem",
    [
        ({"what": "some", "amounts-0": "302.51", "reason": "x"}, "more than what is left: €302.50"),
        ({"what": "some", "reason": "x"}, "no amount was written"),
        ({"what": "some", "amounts-0": "much", "reason": "x"}, "This is not an amount"),
        ({"what": "all", "reason": " "}, "Why"),
    ],
)
def test_what_cannot_be_credited_is_told_at_its_field(
    client: FlaskClient, invoice: Invoice, form: dict[str, str], problem: str
) -> None:
    page = credit(client, invoice, **form)
    assert problem in page
    assert db.session.query(Invoice).filter_by(kind=InvoiceKind.CREDIT_NOTE).count() == 0


def test_the_e_invoice_is_sent_once(client: FlaskClient, invoice: Invoice) -> None:
    path = f"/organise/invoices/{invoice.public_id}"
    assert "on its way" in words(post_form(client, f"{path}/send", {}, page=path, follow_redirects=True))
    assert db.session.query(Transmission).filter_by(channel="folder").count() == 1
    assert "Send the e-invoice" not in words(client.get(path))
    assert "Invoices and credit notes" in words(client.get("/organise/invoices"))


def test_the_list_takes_few_queries(cast: Cast, client: FlaskClient, invoice: Invoice) -> None:
    with counted_queries() as few:
        client.get("/organise/invoices")
    for person in (cast.carol, cast.bob, cast.alice):
        order = ordered(person)
        pay(order, 50820, person.given_name)
        if not invoices(order):
            issued(order)
    with counted_queries() as many:
        client.get("/organise/invoices")
    assert len(many) <= len(few)
