"""A consumer withdraws within fourteen days: everything comes back, and a mail proves when it was received."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models.base import db, now
from models.events import EventKind
from models.orders import Order
from models.outbox import OutboxMessage
from models.payments import Withdrawal
from models.registrations import Registration, Status
from services.letters import compose
from services.order_links import key_of
from services.orders import balance, load_order
from services.registrations import cancel
from services.transaction import writing
from services.withdrawals import WithdrawalRefused, last_day, withdraw
from tests.cast import Cast, make_event, morning_in, post_form, sign_in, words
from tests.services.billed import invoices, issued, ordered, pay, team_ordered

TIERS = [{"days": 60, "percent": 100}, {"days": 0, "percent": 100}]


def test_everything_comes_back_at_no_cost(cast: Cast) -> None:
    order = ordered(cast.carol, make_event(tiers=TIERS))
    pay(order, 50820)
    withdraw(order.code, "Carol Nguyễn", cast.carol)
    row = db.session.query(Withdrawal).one()
    assert (row.order_id, row.name, row.email) == (order.id, "Carol Nguyễn", "carol@kelvin-home.example")
    assert db.session.query(Registration).one().status == Status.CANCELLED
    after = load_order(order.code)
    assert after
    assert balance(after).to_return_cents == 50820


def test_the_mail_proves_when_it_was_received(cast: Cast) -> None:
    order = ordered(cast.carol)
    withdraw(order.code, "Carol", cast.carol, at=now())
    message = db.session.query(OutboxMessage).filter_by(template="withdrawal_received").one()
    letter = compose(message)
    assert message.recipient == "carol@kelvin-home.example"
    day = now().astimezone()
    assert order.code in letter.text
    assert f"{day.year}" in letter.text.split("We received it on")[1][:60]
    assert f"What you sent: “Carol withdraws from order {order.code}.”" in letter.text


def test_an_invoice_is_credited(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    issued(order)
    withdraw(order.code, "Carol", cast.carol)
    assert [str(each.kind) for each in invoices(order)] == ["invoice", "credit_note"]


def test_the_next_in_line_gets_the_place(cast: Cast) -> None:
    event = make_event(capacity=1)
    first, _second = ordered(cast.carol, event), ordered(cast.alice, event)
    withdraw(first.code, "Carol", cast.carol)
    statuses = [row.status for row in db.session.query(Registration).order_by(Registration.id)]
    assert statuses == [Status.CANCELLED, Status.OFFERED]


def age(order: Order, days: int) -> None:
    with writing() as session:
        session.get_one(Order, order.id).created_at = now() - timedelta(days=days)


def test_after_the_days_it_is_over(cast: Cast) -> None:
    order = ordered(cast.carol, make_event(starts_at=morning_in(40)))
    age(order, 21)
    with pytest.raises(WithdrawalRefused):
        withdraw(order.code, "Carol", cast.carol)


@pytest.mark.parametrize(
    "placed, last",
    [
        (datetime(2026, 11, 3, 10, tzinfo=UTC), date(2026, 11, 17)),
        (datetime(2026, 11, 2, 23, 30, tzinfo=UTC), date(2026, 11, 17)),  # already the third in Brussels
        (datetime(2026, 11, 7, 10, tzinfo=UTC), date(2026, 11, 23)),  # a Saturday: until Monday
        (datetime(2026, 12, 11, 10, tzinfo=UTC), date(2026, 12, 28)),  # Christmas, then a week-end
    ],
)
def test_the_last_day(app: Flask, placed: datetime, last: date) -> None:
    assert last_day(Order(created_at=placed)) == last


def test_never_for_a_company_nor_for_what_costs_nothing(cast: Cast) -> None:
    free = ordered(cast.carol, make_event(public_cents=0, member_cents=None))
    company = team_ordered(cast)
    billed = ordered(cast.bob)
    with writing() as session:
        session.get_one(Order, billed.id).billing = {"name": "X", "is_business": True}
    for order in (free, company, billed):
        with pytest.raises(WithdrawalRefused):
            withdraw(order.code, "Somebody", None)
    assert db.session.query(Withdrawal).count() == 0


def test_once_and_not_from_nothing(cast: Cast) -> None:
    order = ordered(cast.carol)
    cancel(db.session.query(Registration).one().public_id, actor=cast.carol)
    with pytest.raises(WithdrawalRefused):
        withdraw(order.code, "Carol", cast.carol)


def test_the_cluster_may_switch_it_off(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions["cluster"].data, "consumers", {"withdrawal": False})
    order = ordered(cast.carol)
    with pytest.raises(WithdrawalRefused):
        withdraw(order.code, "Carol", cast.carol)


def test_the_page(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    sign_in(client, cast.carol)
    assert "Withdraw from the contract" in words(client.get(f"/orders/{order.code}"))
    path = f"/orders/{order.code}/withdraw"
    page = words(post_form(client, path, {"name": " "}, follow_redirects=True))
    assert db.session.query(Withdrawal).count() == 0
    assert "Confirm the withdrawal" in page
    page = words(post_form(client, path, {"name": "Carol Nguyễn"}, follow_redirects=True))
    assert "You have withdrawn. A mail confirms it" in page
    assert "Withdraw from the contract" not in page
    assert client.get(path).status_code == 404


def test_the_terms_stay_as_they_were_accepted(
    app: Flask, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, again = ordered(cast.carol), ordered(cast.bob)
    changed = {**app.extensions["cluster"].terms, "text": {"en": "We may keep your money."}}
    monkeypatch.setitem(app.extensions["cluster"].data, "terms", changed)  # the version was not raised
    after = ordered(cast.alice)
    assert before.terms_sha256 == again.terms_sha256 != after.terms_sha256
    sign_in(client, cast.carol)
    page = words(client.get(f"/orders/{before.code}/terms"))
    assert "These terms apply to every registration" in page
    assert "keep your money" not in page
    sign_in(client, cast.alice)
    assert "keep your money" in words(client.get(f"/orders/{after.code}/terms"))


def test_the_terms_of_the_day_are_kept_in_a_file_and_come_with_the_mail(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    sign_in(client, cast.carol)
    answer = client.get(f"/orders/{order.code}/terms.txt")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={order.code}-{order.terms_version}.txt"
    assert f"Version {order.terms_version} (SHA-256 {order.terms_sha256})" in answer.text
    assert f"Accepted with order {order.code} on " in answer.text
    assert "If you cannot come: Free until midnight, two days before it begins." in answer.text
    assert "These terms apply to every registration" in answer.text
    message = db.session.query(OutboxMessage).filter_by(template="registration_received").one()
    (paper,) = compose(message).attachments
    assert paper.content.decode() == answer.text


def test_what_costs_nothing_needs_no_paper(cast: Cast) -> None:
    ordered(cast.carol, make_event(public_cents=0, member_cents=None))
    message = db.session.query(OutboxMessage).filter_by(template="registration_confirmed").one()
    assert compose(message).attachments == ()


def test_leisure_on_a_fixed_day_has_none_when_the_cluster_says_so(
    app: Flask, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions["cluster"].data, "consumers", {"withdrawal_not_for": ["networking"]})
    evening = ordered(cast.carol, make_event(kind=EventKind.NETWORKING, member_cents=None))
    with pytest.raises(WithdrawalRefused):
        withdraw(evening.code, "Carol", cast.carol)
    training = ordered(cast.carol)
    withdraw(training.code, "Carol", cast.carol)


def test_the_mailed_link_shows_the_way_and_a_code_opens_it(cast: Cast, client: FlaskClient) -> None:
    order = ordered(cast.carol)
    page = client.get(f"/orders/{order.code}?key={key_of(order.code)}", follow_redirects=True)
    assert "Withdraw from the contract" in words(page)
    assert f"/orders/{order.code}/prove" in client.get(f"/orders/{order.code}/withdraw").location
