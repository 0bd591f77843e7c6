"""The bank at the desk: a file is read, exact proposals are accepted at once, the rest is decided line by line."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from integrations.bank.writing import Transfer
from models.bank import BankLine
from models.base import db
from models.events import Event
from models.orders import LedgerEntry
from services.registrations import cancel
from tests.blueprints.organise.desk import counted_queries
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.bank_files import bank_file, order_of, transfer
from tests.services.post import registered


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=42000, member_cents=None)  # 508.20 with VAT


def upload(client: FlaskClient, *entries: Transfer, spoilt: bool = False) -> TestResponse:
    content = bank_file(*entries)
    if spoilt:
        content = io.BytesIO(content.read().replace(b">508.20<", b">eleven<", 1))
    return post_form(client, "/organise/bank", {"file": (content, "november.xml")}, follow_redirects=True)


def lines() -> list[BankLine]:
    db.session.rollback()
    return list(db.session.scalars(select(BankLine).order_by(BankLine.id)))


def act(client: FlaskClient, line: BankLine, name: str, value: str = "") -> str:
    path = f"/organise/bank/lines/{line.public_id}/{name}"
    return words(post_form(client, path, {"value": value}, page=f"/organise/bank/lines/{line.public_id}", follow_redirects=True))  # fmt: skip


def test_it_works(cast: Cast, client: FlaskClient, event: Event) -> None:
    carol, bob = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    sign_in(client, cast.fay)
    assert "Every line of the bank has its place" in words(client.get("/organise/bank"))
    page = words(
        upload(client, transfer(carol), transfer(name="Bob Lambert"), transfer(cents=700), transfer(cents=-250))
    )
    assert "4 lines, 1 matched, €508.20; 1 proposal; 1 unknown; 1 set aside" in page
    assert "2 lines wait for you" in page
    assert "Accept 1 exact proposal, €508.20" in page
    done = post_form(
        client, "/organise/bank/proposals", {"statement": ""}, page="/organise/bank", follow_redirects=True
    )
    assert "1 proposal is booked, €508.20." in words(done)
    assert bob.code in words(client.get("/organise/bank?show=matched"))
    assert "1 line of the bank waits for you" in words(client.get("/organise/bank"))
    assert "The line is set aside." in act(client, lines()[2], "ignore", "Membership fee")
    assert "Every line of the bank has its place" in words(client.get("/organise/bank"))


def test_the_same_file_again(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.fay)
    upload(client, transfer())
    assert "Every line of this file was here already: nothing was added." in words(upload(client, transfer()))


def test_a_broken_file_is_told_at_the_field(cast: Cast, client: FlaskClient, event: Event) -> None:
    sign_in(client, cast.fay)
    answer = upload(client, transfer(order_of(registered(cast.carol, event))), spoilt=True)
    assert answer.status_code == 422
    assert "“eleven” is not an amount that can be taken." in words(answer)
    assert "Nothing of the file was taken." in words(answer)
    assert lines() == []
    nothing = post_form(client, "/organise/bank", {}, follow_redirects=True)
    assert "Choose the file that you downloaded from the bank." in words(nothing)


def test_a_large_file_is_taken(cast: Cast, client: FlaskClient) -> None:
    """A year of a busy account is larger than what forms may hold elsewhere."""
    sign_in(client, cast.fay)
    many = [transfer(cents=700 + number, free_text="x" * 4_000) for number in range(1_700)]
    assert "1700 lines" in words(upload(client, *many)).replace(",", "")


def test_a_line_is_matched_by_hand_in_two_parts(cast: Cast, client: FlaskClient, event: Event) -> None:
    first, second = order_of(registered(cast.carol, event)), order_of(registered(cast.bob, event))
    sign_in(client, cast.fay)
    upload(client, transfer(cents=80000, name="Lysara"))
    path = f"/organise/bank/lines/{lines()[0].public_id}"
    page = words(client.get(f"{path}?q=carol"))
    assert first.code in page
    assert "€508.20 is booked." in words(
        post_form(client, path, {"code": first.code, "amount": "508,20"}, follow_redirects=True)
    )
    assert "Still to place" in words(client.get(path))
    page = words(post_form(client, path, {"code": second.code, "amount": "300"}, follow_redirects=True))
    assert "Write an amount above zero, and at most the €291.80 that is left." in page
    page = words(post_form(client, path, {"code": second.code, "amount": "291.80"}, follow_redirects=True))
    assert "€291.80 is booked." in page
    assert "matched" in page


@pytest.mark.parametrize("code, sentence", [("", "This is still empty."), ("MH-0000-0000", "No order has this code.")])
def test_a_wrong_code_is_told_at_its_field(cast: Cast, client: FlaskClient, code: str, sentence: str) -> None:
    sign_in(client, cast.fay)
    upload(client, transfer(cents=700))
    path = f"/organise/bank/lines/{lines()[0].public_id}"
    assert sentence in words(post_form(client, path, {"code": code, "amount": "7"}, follow_redirects=True))


def test_a_match_is_undone(cast: Cast, client: FlaskClient, event: Event) -> None:
    order = order_of(registered(cast.carol, event))
    sign_in(client, cast.fay)
    upload(client, transfer(order))
    page = act(client, lines()[0], "undo", order.code)
    assert f"The match with {order.code} is undone" in page
    assert db.session.scalars(select(LedgerEntry.cents).order_by(LedgerEntry.id)).all() == [50820, -50820]
    assert "Somebody decided about this line meanwhile." in act(client, lines()[0], "undo", order.code)


def test_money_without_a_place_is_shown_as_an_error(cast: Cast, client: FlaskClient) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    carol = registered(cast.carol, event)
    order = order_of(carol)
    sign_in(client, cast.fay)
    upload(client, transfer(order))
    cancel(carol.public_id, actor=cast.carol)
    page = client.get(f"/organise/bank/lines/{lines()[0].public_id}")
    assert "its place was given up: decide" in words(page)
    assert "Give the money back" in words(page)


@pytest.mark.parametrize(
    "query, found", [("nguyen", True), ("508,20", True), ("BE71", True), ("zzz", False), ("7,00", False)]
)
def test_a_line_is_found(cast: Cast, client: FlaskClient, event: Event, query: str, found: bool) -> None:
    order = order_of(registered(cast.carol, event))
    sign_in(client, cast.fay)
    upload(client, transfer(order))
    for sought in (query, f"{query} {order.code}"):
        page = words(client.get("/organise/bank", query_string={"q": sought}))
        assert ("Carol Nguyễn" in page) is found


def test_the_list_in_few_queries(cast: Cast, client: FlaskClient, event: Event) -> None:
    orders = [order_of(registered(person, event)) for person in (cast.bob, cast.carol, cast.dora, cast.emil)]
    sign_in(client, cast.fay)
    upload(client, *(transfer(order) for order in orders), transfer(cents=1))
    client.get("/organise/bank")
    with counted_queries() as seen:
        client.get("/organise/bank?show=all")
    assert len(seen) <= 11, seen


def test_a_search_in_few_queries(cast: Cast, client: FlaskClient, event: Event) -> None:
    """Whatever the words are, and the reader's own queries included; what else the page shows is not looked up for it."""
    order = order_of(registered(cast.carol, event))
    sign_in(client, cast.fay)
    upload(client, transfer(order), transfer(cents=1))
    client.get("/organise/bank")
    with counted_queries() as seen:
        page = words(client.get("/organise/bank", query_string={"q": f"nguyen 508,20 {order.reference}"}))
    assert "Carol Nguyễn" in page
    assert "Read a statement" not in page
    assert len(seen) <= 8, seen


def test_a_search_says_what_it_found(cast: Cast, client: FlaskClient, event: Event) -> None:
    """And offers nothing that is about other lines than those."""
    sign_in(client, cast.fay)
    registered(cast.carol, event)
    upload(client, transfer(), transfer(cents=1, name="Somebody"))
    assert "Accept 1 exact proposal" in words(client.get("/organise/bank"))
    page = words(client.get("/organise/bank?q=somebody"))
    assert "1 line has “somebody”" in page
    assert "Accept 1 exact proposal" not in page


def test_account_and_reference_are_written_as_people_read_them(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.fay)
    upload(client, transfer(cents=100, structured="999999999948"), transfer(cents=200, structured="RF18539007547034"))
    first, second = (words(client.get(f"/organise/bank/lines/{line.public_id}")) for line in lines())
    assert "BE71 0961 2345 6769" in first
    assert "999/9999/99948" in first
    assert "RF18 5390 0754 7034" in second
