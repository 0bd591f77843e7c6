"""Credit notes: they never exceed their invoice, and the last one leaves nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from models.base import db, now
from models.invoices import Invoice, InvoiceTax, VatCategory
from models.orders import OrderLine
from models.registrations import Registration
from services.credit_notes import (
    Credit,
    CreditReasonMissing,
    CreditTooLarge,
    NothingToCredit,
    credit_not_owed_locked,
    credit_notes_of,
    left_of_invoice,
    loaded,
)
from services.event_changes import cancel as cancel_event
from services.invoice_files import whole_invoice
from services.prices import vat_on
from services.registrations import cancel
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.billed import as_company, credited, invoices, issued, lines_of, locked, ordered, pay, team_ordered


def test_it_refers_to_its_invoice_and_says_why(cast: Cast) -> None:
    as_company(cast)
    invoice = issued(team_ordered(cast))
    note = credited(invoice, Credit(30250, invoice.lines[0]), reason="One of you cannot come")
    assert note.label == f"CN-{note.year}-00001"
    assert note.corrects_id == invoice.id
    assert (note.net_cents, note.vat_cents, note.gross_cents) == (25000, 5250, 30250)
    assert note.reason == "One of you cannot come"
    assert note.buyer == invoice.buyer
    assert [line.order_line_id for line in note.lines] == [invoice.lines[0].order_line_id]
    assert note.notes == ["VAT to be paid back to the State in so far as it was originally deducted."]


def test_numbers_of_credit_notes_are_a_series_of_their_own(cast: Cast) -> None:
    invoice = issued(team_ordered(cast))
    labels = [credited(invoice, Credit(1000)).label for _ in range(2)]
    assert [label[-5:] for label in labels] == ["00001", "00002"]
    assert issued(ordered(cast.carol)).number == 2


@pytest.mark.parametrize("cents", [60501, 999999])
def test_it_never_exceeds_its_invoice(cast: Cast, cents: int) -> None:
    invoice = issued(team_ordered(cast))
    with pytest.raises(CreditTooLarge) as refused:
        credited(invoice, Credit(cents))
    assert refused.value.left_cents == 60500
    assert credit_notes_of(invoice.id) == []


def test_a_line_is_credited_once(cast: Cast) -> None:
    invoice = issued(team_ordered(cast))
    first, second = invoice.lines
    credited(invoice, Credit(30250, first))
    with pytest.raises(CreditTooLarge):
        credited(invoice, Credit(1, first))
    assert credited(whole_invoice(invoice.public_id), Credit(30250, second)).gross_cents == 30250


def test_what_the_invoice_does_not_tax_cannot_be_credited(cast: Cast) -> None:
    invoice = issued(team_ordered(cast))
    with pytest.raises(CreditTooLarge):
        credited(invoice, Credit(100, category=VatCategory.EXEMPT, rate=0))


def test_nothing_is_no_credit_note(cast: Cast) -> None:
    invoice = issued(team_ordered(cast))
    for wrong in ([], [Credit(0)], [Credit(-5)]):
        with pytest.raises(NothingToCredit):
            credited(whole_invoice(invoice.public_id), *wrong)
    invoice = whole_invoice(invoice.public_id)
    with pytest.raises(CreditReasonMissing):
        credited(invoice, Credit(100), reason="  ")
    note = credited(whole_invoice(invoice.public_id), Credit(100))
    with pytest.raises(NothingToCredit):
        credited(note, Credit(50))


def test_a_cancellation_in_time_gives_the_whole_line_back(cast: Cast) -> None:
    order = team_ordered(cast)
    pay(order, 60500)
    first = db.session.query(Registration).order_by(Registration.id).first()
    assert first
    cancel(first.public_id, actor=cast.dora)
    invoice, note = invoices(order)
    assert (note.net_cents, note.vat_cents, note.gross_cents) == (25000, 5250, 30250)
    assert (note.corrects_id, note.reason) == (invoice.id, "Places given back")
    with locked(order) as found:
        assert credit_not_owed_locked(found, "Again", now(), actor=None) == []


def test_the_fee_of_a_late_cancellation_stays_invoiced(cast: Cast) -> None:
    order = team_ordered(cast, 1, make_event(tiers=[{"days": 60, "percent": 50}, {"days": 0, "percent": 50}]))
    pay(order, 30250)
    cancel(db.session.query(Registration).one().public_id, actor=cast.dora)
    invoice, note = invoices(order)
    assert (note.net_cents, note.vat_cents, note.gross_cents) == (12500, 2625, 15125)
    assert invoice.gross_cents - note.gross_cents == lines_of(order)[0].fee_cents == 15125


def test_an_event_that_is_cancelled_is_credited_in_full(cast: Cast) -> None:
    event = make_event(tiers=[{"days": 0, "percent": 50}])
    order = team_ordered(cast, 3, event)
    pay(order, 3 * 30250)
    cancel_event(event.id, "Aseptic techniques", {}, cast.alice)
    invoice, note = invoices(order)
    assert note.gross_cents == invoice.gross_cents


def test_a_private_person_without_an_invoice_needs_no_credit_note(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    cancel(db.session.query(Registration).one().public_id, actor=cast.carol)
    assert invoices(order) == []


amounts = st.lists(st.tuples(st.integers(1, 20_000), st.sampled_from([21, 0])), min_size=1, max_size=5)
credits = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 100)), max_size=8)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts, credits)
def test_whatever_is_credited_in_any_order(
    cast: Cast, amounts: list[tuple[int, int]], credits: list[tuple[int, int]]
) -> None:
    """By line or by rate, in parts and to the end: per category and rate nothing goes below zero, and all of it can go."""
    invoice = invoice_of(cast, amounts)
    for which, percent in credits:
        invoice = whole_invoice(invoice.public_id)
        line = invoice.lines[which % len(invoice.lines)]
        part = max(line.gross_cents * percent // 100, 1)
        named = Credit(part, line) if which % 2 else Credit(part, category=line.vat_category, rate=line.vat_rate)
        try:
            note = credited(invoice, named)
        except CreditTooLarge:
            continue
        assert note.gross_cents == part == note.net_cents + note.vat_cents + note.rounding_cents
        assert all(min(left.base, left.vat, left.gross) >= 0 for left in left_of_invoice(loaded(invoice.id)).values())
        assert more_credited_than_invoiced(invoice.id) == []
    for (category, rate), left in left_of_invoice(loaded(invoice.id)).items():
        if left.gross:
            credited(whole_invoice(invoice.public_id), Credit(left.gross, category=category, rate=rate))
    for left in left_of_invoice(loaded(invoice.id)).values():
        assert (left.base, left.vat, left.gross) == (0, 0, 0)


def more_credited_than_invoiced(invoice_id: int) -> list[tuple[str, int]]:
    """The rates of which the documents as printed give back more base or VAT than the invoice asked; counted here, not by us."""
    sums: dict[tuple[str, int], list[int]] = {}
    documents = select(Invoice.id).where((Invoice.id == invoice_id) | (Invoice.corrects_id == invoice_id))
    for tax in db.session.scalars(select(InvoiceTax).where(InvoiceTax.invoice_id.in_(documents))):
        sign = 1 if tax.invoice_id == invoice_id else -1
        row = sums.setdefault((tax.vat_category, tax.vat_rate), [0, 0])
        row[0] += sign * tax.base_cents
        row[1] += sign * tax.vat_cents
    return [rate for rate, left in sums.items() if min(left) < 0]


def invoice_of(cast: Cast, amounts: list[tuple[int, int]]) -> Invoice:
    order = team_ordered(cast, len(amounts), make_event())
    with writing() as session:
        for line, (net, rate) in zip(lines_of(order), amounts, strict=True):
            row = session.get_one(OrderLine, line.id)
            row.net_cents, row.vat_rate, row.vat = net, rate, "standard" if rate else "exempt_training"
            row.vat_cents = vat_on(net, rate)
            row.gross_cents = net + row.vat_cents
    return issued(order)
