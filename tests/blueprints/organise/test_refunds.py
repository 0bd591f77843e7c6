"""Refunds in the browser: finance asks, a second person says yes, the bank pays; the buyer gives the account."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db, now
from models.events import Event
from models.orders import Order
from models.outbox import AuditEntry
from models.payments import Refund, RefundState
from services.orders import receive_money
from services.registrations import cancel
from tasks.jobs import run_waiting_jobs
from tests.blueprints.organise.desk import enrol
from tests.cast import Cast, make_event, post_form, sign_in, words

IBAN = "BE68 5390 0754 7034"


@pytest.fixture
def order(cast: Cast) -> Order:
    """Carol paid €508.20 by transfer; the organiser ended her registration."""
    event: Event = make_event(public_cents=42000, member_cents=None)
    registration = enrol(cast.carol, event)
    order = db.session.get_one(Order, registration.order_id)
    receive_money(order.code, 50820, provider="transfer", provider_reference="in", booked_at=now(), actor=None)
    cancel(registration.public_id, actor=cast.alice, by_organiser=True)
    return order


def only() -> Refund:
    return db.session.scalars(select(Refund)).one()


def test_it_works(cast: Cast, app: Flask, order: Order) -> None:
    fay, ada = app.test_client(), app.test_client()
    sign_in(fay, cast.fay)
    sign_in(ada, cast.ada)
    assert "Give back €508.20" in words(fay.get(f"/organise/orders/{order.code}"))
    form = {"amount": "508,20", "reason": "The organiser ended it.", "iban": IBAN, "holder": "Carol Nguyễn"}
    page = words(post_form(fay, f"/organise/orders/{order.code}/refund", form, follow_redirects=True))
    assert "€508.20 waits for a second person to say yes." in page
    path = f"/organise/refunds/{only().public_id}"
    page = words(post_form(fay, f"{path}/approve", page=path, follow_redirects=True))
    assert "Somebody else of finance has to say yes." in page
    assert only().state == RefundState.REQUESTED
    assert "1 refund waits for a yes" in words(ada.get("/organise/refunds"))
    page = words(post_form(ada, f"{path}/approve", page=path, follow_redirects=True))
    assert "1 refund is to be paid at the bank" in page
    page = words(post_form(fay, path, {"day": "2026-01-05", "reference": "2026-7-3"}, follow_redirects=True))
    assert "It is in the books, and the buyer is told." in page
    assert only().state == RefundState.SUCCEEDED
    assert "Nothing to do" in words(fay.get(f"/organise/orders/{order.code}"))


def test_a_wrong_account_is_told_at_its_field_and_nothing_is_lost(
    cast: Cast, client: FlaskClient, order: Order
) -> None:
    sign_in(client, cast.fay)
    form = {"amount": "1,50", "reason": "too much", "iban": "BE68 5390 0754 7035", "holder": "Carol"}
    answer = post_form(client, f"/organise/orders/{order.code}/refund", form)
    assert answer.status_code == 422
    assert "These are not the digits of an account." in words(answer)
    html = answer.get_data(as_text=True)
    assert all(f'value="{typed}"' in html for typed in ("1,50", "too much", "BE68 5390 0754 7035", "Carol"))
    assert db.session.scalars(select(Refund)).all() == []


@pytest.mark.parametrize(
    "form, said",
    [
        ({"amount": "508.21", "iban": IBAN}, "Only €508.20 can still go back. Write that or less."),
        ({"amount": "0", "iban": IBAN}, "Write an amount above zero."),
        ({"amount": "10", "iban": ""}, "It came by transfer. Write the account it shall go back to."),
        ({"amount": "10", "iban": IBAN, "reason": ""}, "This is still empty. Please fill it in."),
    ],
)
def test_what_cannot_be_given_back(
    cast: Cast, client: FlaskClient, order: Order, form: dict[str, str], said: str
) -> None:
    sign_in(client, cast.fay)
    answer = post_form(client, f"/organise/orders/{order.code}/refund", {"reason": "ill", "holder": "C", **form})
    assert said in words(answer)
    assert db.session.scalars(select(Refund)).all() == []


def test_the_buyer_says_where_to(cast: Cast, client: FlaskClient, order: Order) -> None:
    sign_in(client, cast.carol)
    assert "Tell us where it shall go" in words(client.get(f"/orders/{order.code}"))
    path = f"/orders/{order.code}/refund"
    assert "These are not the digits" in words(post_form(client, path, {"iban": "1234", "holder": "Carol"}))
    page = words(post_form(client, path, {"iban": IBAN, "holder": "Carol Nguyễn"}, follow_redirects=True))
    assert "€508.20 is on its way back to you." in page
    refund = only()
    assert (refund.state, refund.needs_approval, refund.iban) == ("requested", True, IBAN.replace(" ", ""))
    assert client.get(path).status_code == 303  # nothing more to say


def test_finance_may_refuse_with_a_reason(cast: Cast, app: Flask, order: Order) -> None:
    carol, fay = app.test_client(), app.test_client()
    sign_in(carol, cast.carol)
    sign_in(fay, cast.fay)
    post_form(carol, f"/orders/{order.code}/refund", {"iban": IBAN, "holder": "Carol Nguyễn"})
    path = f"/organise/refunds/{only().public_id}"
    assert "Write why it is not paid back." in words(post_form(fay, f"{path}/refuse", page=path, follow_redirects=True))
    post_form(fay, f"{path}/refuse", {"reason": "Another name."}, page=path)
    assert (only().state, only().error) == (RefundState.FAILED, "Another name.")
    assert "Tell us where it shall go" in words(carol.get(f"/orders/{order.code}"))


def test_the_files_of_finance_leave_a_trace(cast: Cast, client: FlaskClient, order: Order) -> None:
    sign_in(client, cast.fay)
    for path in ("/organise/finance/vat", "/organise/finance/revenue"):
        assert client.get(path).status_code == 200
    # money that is owed back is no revenue, and VAT of a receipt counts until it has gone back
    answer = post_form(client, "/organise/finance/vat", {"from": "2020-01-01", "to": "2099-12-31"})
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "taxed;21;0,00;0,00;420,00;88,20;420,00;88,20" in answer.get_data(as_text=True)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "finance.exported")).all()
    assert [entry.details for entry in entries] == [{"what": "vat", "rows": 1}]


@pytest.mark.parametrize("period", ["from=x&to=y", "from=2026-02-30", "to=2026-01-01", "from=2026-03-01&to=2026-01-01"])
def test_a_period_that_is_none_answers_all_the_same(cast: Cast, client: FlaskClient, period: str) -> None:
    sign_in(client, cast.fay)
    assert client.get(f"/organise/finance/vat?{period}").status_code == 200


def test_a_file_for_the_bank_from_the_list_to_the_statement(cast: Cast, client: FlaskClient, order: Order) -> None:
    sign_in(client, cast.fay)
    form = {"amount": "123,45", "reason": "ill", "iban": IBAN, "holder": "Carol Nguyễn"}
    post_form(client, f"/organise/orders/{order.code}/refund", form)
    assert "1 transfer of €123.45 can be paid with a file for the bank." in words(client.get("/organise/refunds"))
    made = post_form(client, "/organise/refunds/files", page="/organise/refunds")
    page = words(client.get(made.location))
    assert "1 refund for the bank: €123.45" in page
    assert "BE68 5390 0754 7034" in page
    files = [post_form(client, f"{made.location}/take", page=made.location) for _ in range(2)]
    assert files[0].data == files[1].data
    assert only().public_id.encode() in files[0].data
    assert files[0].headers["Cache-Control"] == "no-store"
    assert files[0].headers["Content-Disposition"].endswith(".xml")
    actions = list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "refund_file.taken")))
    assert len(actions) == 2
    assert "In a file for the bank (1)" in words(client.get("/organise/refunds"))
    assert "It stands in a file for the bank" in words(client.get(f"/organise/refunds/{only().public_id}"))
    elsewhere = f"/organise/orders/{order.code}"  # the list has no button any more
    again = post_form(client, "/organise/refunds/files", page=elsewhere, follow_redirects=True)
    assert "No refund waits for a transfer" in words(again)


def test_a_file_that_is_taken_back_is_given_to_nobody(cast: Cast, client: FlaskClient, order: Order) -> None:
    sign_in(client, cast.fay)
    form = {"amount": "123,45", "reason": "ill", "iban": IBAN, "holder": "Carol Nguyễn"}
    post_form(client, f"/organise/orders/{order.code}/refund", form)
    address = post_form(client, "/organise/refunds/files", page="/organise/refunds").location
    page = post_form(client, f"{address}/withdraw", page=address, follow_redirects=True)
    assert "The file is taken back. Its refunds wait for another one." in words(page)
    page = post_form(client, f"{address}/take", page=f"/organise/orders/{order.code}", follow_redirects=True)
    assert "This file was taken back." in words(page)
    assert "1 transfer of €123.45 can be paid" in words(client.get("/organise/refunds"))
    assert client.get("/organise/refunds/files/nothing").status_code == 404


def test_a_cancelled_event_leads_to_the_report_of_its_refunds(cast: Cast, app: Flask) -> None:
    """The organiser comes to it at once and finds it again at the event; finance finds it among the refunds, with the orders."""
    event = make_event(public_cents=42000, member_cents=None)
    code = db.session.get_one(Order, enrol(cast.carol, event).order_id).code
    receive_money(code, 50820, provider="transfer", provider_reference="in", booked_at=now(), actor=None)
    alice, fay, otto = app.test_client(), app.test_client(), app.test_client()
    for client, person in ((alice, cast.alice), (fay, cast.fay), (otto, cast.otto)):
        sign_in(client, person)
    path = f"/organise/events/{event.slug}/cancel"
    report = post_form(alice, path, {"title": "Aseptic techniques", "notices-0": "", "version": "1"}).location
    assert report.startswith("/organise/jobs/")
    assert "The money is going back" in words(alice.get(report))
    assert run_waiting_jobs() == 1
    page = alice.get(report)
    assert "1 order needs somebody" in words(page)
    assert f"Carol Nguyễn · {code} €508.20: the bank does not tell us the account." in words(page)
    assert f"/organise/orders/{code}" not in page.get_data(as_text=True)  # not the organiser's
    assert report in alice.get(f"/organise/events/{event.slug}").get_data(as_text=True)
    assert report in fay.get("/organise/refunds").get_data(as_text=True)
    assert f"/organise/orders/{code}" in fay.get(report).get_data(as_text=True)
    assert otto.get(report).status_code == 404
