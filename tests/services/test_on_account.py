"""Orders on account: places at once, the invoice with its term, or held until the purchase-order number comes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import db
from models.orders import Order
from models.registrations import Registration, Status
from services.approvals import accept
from services.on_account import NoPaymentTerm
from services.orders import set_purchase_order
from services.registrations import accept_offer, cancel
from services.substitutions import Colleague, substitute
from tests.cast import Cast, make_event
from tests.services.billed import as_company, invoices, pay, team_ordered


def rows(order: Order) -> list[Registration]:
    return list(
        db.session.scalars(select(Registration).where(Registration.order_id == order.id).order_by(Registration.id))
    )


def test_places_are_confirmed_and_invoiced_at_once(cast: Cast) -> None:
    as_company(cast, payment_term_days=45)
    order = team_ordered(cast, 2, on_account=True)
    assert [row.status for row in rows(order)] == [Status.CONFIRMED] * 2
    (invoice,) = invoices(order)
    assert (invoice.gross_cents, invoice.prepaid_cents) == (60500, 0)
    assert invoice.due_on == invoice.issued_on + timedelta(days=45)
    pay(order, 60500)
    assert invoices(order) == [invoice]


def test_only_who_has_a_term_may(cast: Cast) -> None:
    with pytest.raises(NoPaymentTerm):
        team_ordered(cast, on_account=True)
    assert db.session.query(Order).count() == 0


def test_the_invoice_waits_for_the_purchase_order_number(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = team_ordered(cast, on_account=True, purchase_order_later=True)
    assert [row.status for row in rows(order)] == [Status.CONFIRMED] * 2
    assert invoices(order) == []
    set_purchase_order(order.code, " 4500012345 ")
    (invoice,) = invoices(order)
    assert invoice.purchase_order == "4500012345"
    set_purchase_order(order.code, "4500012346")
    assert invoices(order) == [invoice]


def test_a_number_given_at_once_holds_nothing(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = team_ordered(cast, on_account=True, purchase_order_later=True, purchase_order="PO 1")
    assert len(invoices(order)) == 1


def test_who_waited_is_confirmed_and_invoiced_by_a_second_document(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = team_ordered(cast, 2, make_event(capacity=1), on_account=True, may_wait=True)
    first, second = rows(order)
    assert (first.status, second.status) == (Status.CONFIRMED, Status.WAITLISTED)
    cancel(first.public_id, actor=cast.dora)
    accept_offer(second.public_id, actor=cast.dora)
    assert db.session.get_one(Registration, second.id).status == Status.CONFIRMED
    kinds = [(str(each.kind), each.gross_cents) for each in invoices(order)]
    assert kinds == [("invoice", 30250), ("credit_note", 30250), ("invoice", 30250)]


def test_a_request_that_is_accepted_needs_no_payment(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = team_ordered(cast, 1, make_event(approval="organiser"), on_account=True)
    assert invoices(order) == []
    accept(rows(order)[0].public_id, actor=cast.alice)
    assert rows(order)[0].status == Status.CONFIRMED
    assert len(invoices(order)) == 1


def test_a_colleague_who_comes_instead_is_not_invoiced_again(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = team_ordered(cast, 0, make_event(), on_account=True, people="Bob Lambert <bob@lysara.example>")
    substitute(rows(order)[0].public_id, Colleague("Dora", "Wouters", "dora@lysara.example"), actor=cast.dora)
    pay(order, 30250)
    assert len(invoices(order)) == 1
    cancel(rows(order)[1].public_id, actor=cast.dora)
    assert [str(each.kind) for each in invoices(order)] == ["invoice", "credit_note"]
