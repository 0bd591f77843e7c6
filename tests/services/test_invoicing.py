"""Invoices: what is on them, when they are issued, and under which number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from models.base import db, now
from models.events import VatTreatment
from models.invoices import Invoice, InvoiceKind, InvoiceSeries, VatCategory
from models.orders import Order, OrderLine
from models.outbox import AuditEntry
from models.registrations import Registration, Status
from services.dates import local_day
from services.invoicing import NothingToInvoice, PurchaseOrderAwaited, issue_due_locked, issue_locked
from services.prices import vat_on
from services.registrations import cancel
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.billed import as_company, invoices, issued, lines_of, locked, ordered, pay, team_ordered


def test_an_invoice_says_who_sells_who_buys_and_what(cast: Cast) -> None:
    as_company(cast)
    order = team_ordered(cast, 2, purchase_order="PO 77")
    invoice = issued(order)
    assert invoice.label == f"{invoice.year}-00001"
    assert (invoice.net_cents, invoice.vat_cents, invoice.rounding_cents, invoice.gross_cents) == (
        50000,
        10500,
        0,
        60500,
    )
    assert invoice.seller["name"] == "Mosan Health ASBL"
    assert invoice.seller["enterprise_number"] == "0123456749"
    assert invoice.buyer["name"] == "Lysara Biologics SA"
    assert invoice.buyer["attention"] == "Dora Wouters"
    assert invoice.buyer["endpoint"] == "0208:0101357179"
    assert (invoice.purchase_order, invoice.payment_reference) == ("PO 77", order.reference)
    assert [line.description for line in invoice.lines] == ["Aseptic techniques"] * 2
    assert "Place named later" in invoice.lines[0].detail
    assert [(tax.vat_category, tax.vat_rate, tax.base_cents) for tax in invoice.taxes] == [("S", 21, 50000)]
    entry = db.session.query(AuditEntry).filter_by(action="invoice.issued").one()
    assert entry.details == {"number": invoice.label, "cents": 60500}


def test_a_person_is_invoiced_by_name_in_their_language(cast: Cast) -> None:
    order = ordered(cast.carol, make_event(vat=VatTreatment.EXEMPT_TRAINING), locale="fr")
    invoice = issued(order)
    assert invoice.buyer["name"] == "Carol Nguyễn"
    assert invoice.buyer["email"] == "carol@kelvin-home.example"
    assert invoice.buyer["endpoint"] == ""
    (tax,) = invoice.taxes
    assert tax.reason_code == "VATEX-EU-132-1I"
    assert tax.mention.startswith("Exempté de la TVA")


def test_it_asks_exactly_what_the_order_says(cast: Cast) -> None:
    """Ten lines of 84.85: 17.82 of VAT each, but 178.19 on their sum."""
    order = team_ordered(cast, 10, make_event(public_cents=8485, member_cents=None))
    invoice = issued(order)
    assert invoice.vat_cents == 17819
    assert invoice.rounding_cents == 1
    assert invoice.gross_cents == sum(line.gross_cents for line in lines_of(order)) == 102670


def test_what_is_invoiced_is_not_invoiced_again(cast: Cast) -> None:
    order = team_ordered(cast)
    issued(order)
    with pytest.raises(NothingToInvoice):
        issued(order)


def test_who_waits_is_left_out_and_invoiced_later(cast: Cast) -> None:
    order = team_ordered(cast, 3, make_event(capacity=2), may_wait=True)
    first = issued(order)
    assert len(first.lines) == 2
    with writing() as session:
        row = session.get_one(OrderLine, lines_of(order)[2].id)
        session.get_one(Registration, row.registration_id).status = Status.AWAITING_PAYMENT
    second = issued(order)
    assert [line.order_line_id for line in second.lines] == [lines_of(order)[2].id]


def test_a_free_order_has_no_invoice(cast: Cast) -> None:
    with pytest.raises(NothingToInvoice):
        issued(ordered(cast.bob, make_event(public_cents=0, member_cents=None)))


def test_a_late_cancellation_is_invoiced_for_its_fee(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    cancel(registration_of(order), actor=cast.carol)
    with writing() as session:
        session.get_one(OrderLine, lines_of(order)[0].id).fee_cents = 25410
    invoice = issued(order)
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (21000, 4410, 25410)
    assert invoice.lines[0].description == "Cancellation fee: Aseptic techniques"


def registration_of(order: Order) -> str:
    return str(db.session.scalars(select(Registration.public_id).where(Registration.order_id == order.id)).one())


def test_what_lies_outside_vat_has_a_document_of_its_own(cast: Cast) -> None:
    order = team_ordered(cast, 2)
    with writing() as session:
        line = session.get_one(OrderLine, lines_of(order)[0].id)
        line.vat, line.vat_rate, line.vat_cents, line.gross_cents = "out_of_scope", 0, 0, line.net_cents
    with locked(order) as found:
        both = issue_locked(found, now(), actor=None)
    assert [invoice.gross_cents for invoice in both] == [30250, 25000]
    assert [invoice.number for invoice in both] == [1, 2]


# ---- when ---------------------------------------------------------------------------------------------------


def due(order: Order) -> list[Invoice]:
    with locked(order) as found:
        issue_due_locked(found, now())
    return invoices(order)


def test_a_company_is_invoiced_once_it_has_paid(cast: Cast) -> None:
    order = team_ordered(cast)
    assert due(order) == []
    pay(order, 60500)
    (invoice,) = due(order)
    assert (invoice.prepaid_cents, invoice.due_on) == (60500, None)
    assert invoice.notes == [f"Paid in full on {day_said()}."]
    assert due(order) == [invoice]


def day_said() -> str:
    day = now().astimezone(UTC)
    return f"{day.day} {day:%B} {day.year}"


def test_an_order_on_account_is_invoiced_at_once_with_its_own_term(cast: Cast) -> None:
    as_company(cast, payment_term_days=45)
    order = team_ordered(cast)
    with locked(order) as found:
        found.is_on_account = True
    (invoice,) = due(order)
    assert invoice.due_on == invoice.issued_on + timedelta(days=45)
    assert invoice.prepaid_cents == 0


def test_the_purchase_order_number_releases_the_invoice(cast: Cast) -> None:
    order = team_ordered(cast)
    with locked(order) as found:
        found.is_on_account = found.awaits_purchase_order = True
    assert due(order) == []
    with pytest.raises(PurchaseOrderAwaited):
        issued(order)
    with locked(order) as found:
        found.purchase_order = "4500012345"
    (invoice,) = due(order)
    assert invoice.purchase_order == "4500012345"


def test_a_private_person_gets_one_on_request_only(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    assert due(order) == []
    with locked(order) as found:
        found.billing = {"wants_invoice": True}
    assert len(due(order)) == 1


def test_the_cluster_may_invoice_everybody(cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions["cluster"].data, "invoices", {"consumers": "always"})
    order = ordered(cast.carol)
    pay(order, 50820)
    assert len(due(order)) == 1


# ---- numbers ------------------------------------------------------------------------------------------------


class Broken(Exception):
    """Something after the number fails."""


def test_a_number_that_was_not_used_is_given_back(cast: Cast) -> None:
    first, second = ordered(cast.carol), ordered(cast.bob)
    with pytest.raises(Broken), locked(first) as found:
        issue_locked(found, now(), actor=None)
        raise Broken
    assert issued(second).number == 1
    assert db.session.query(InvoiceSeries.last).scalar() == 1


def test_dates_never_go_back_while_numbers_go_on(cast: Cast) -> None:
    day = datetime(2026, 6, 1, 12, tzinfo=UTC)
    found = []
    for person, at in ((cast.carol, day), (cast.bob, day - timedelta(days=2)), (cast.dora, day + timedelta(days=1))):
        with locked(ordered(person)) as order:
            found += issue_locked(order, at, actor=None)
    assert [invoice.issued_on for invoice in found] == [date(2026, 6, 1), date(2026, 6, 1), date(2026, 6, 2)]
    assert [invoice.number for invoice in found] == [1, 2, 3]


def test_each_year_begins_anew_by_the_clock_of_the_cluster(cast: Cast) -> None:
    eve = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)  # one minute to midnight in Brussels
    labels = []
    for person, at in ((cast.carol, eve), (cast.bob, eve + timedelta(minutes=2))):
        with locked(ordered(person)) as order:
            labels += [invoice.label for invoice in issue_locked(order, at, actor=None)]
    assert labels == ["2026-00001", "2027-00001"]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 99_999), st.sampled_from([21, 0])), min_size=1, max_size=8))
def test_sums_hold_for_any_amounts(cast: Cast, amounts: list[tuple[int, int]]) -> None:
    order = team_ordered(cast, len(amounts), make_event(capacity=20))
    with writing() as session:
        for line, (net, rate) in zip(lines_of(order), amounts, strict=True):
            row = session.get_one(OrderLine, line.id)
            row.net_cents, row.vat_rate, row.vat = net, rate, "standard" if rate else "exempt_training"
            row.vat_cents = vat_on(net, rate)
            row.gross_cents = net + row.vat_cents
    invoice = issued(order)
    assert invoice.kind == InvoiceKind.INVOICE
    assert invoice.gross_cents == sum(line.gross_cents for line in lines_of(order))
    assert invoice.gross_cents == invoice.net_cents + invoice.vat_cents + invoice.rounding_cents
    assert (
        invoice.net_cents == sum(line.net_cents for line in invoice.lines) == sum(t.base_cents for t in invoice.taxes)
    )
    assert invoice.vat_cents == sum(tax.vat_cents for tax in invoice.taxes)
    for tax in invoice.taxes:
        assert tax.vat_cents == vat_on(tax.base_cents, tax.vat_rate)
    assert {tax.vat_category for tax in invoice.taxes} <= {VatCategory.STANDARD, VatCategory.EXEMPT}
    assert abs(invoice.rounding_cents) <= len(amounts)
    assert invoice.issued_on >= local_day(order.created_at, "Europe/Brussels")
