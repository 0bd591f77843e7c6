"""What an order says that it costs is what its invoice will ask: Σ lines, VAT once for each rate, whole cents."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from models.events import VatTreatment
from models.orders import OrderLine
from models.registrations import Registration, Status
from services.order_totals import totals_of
from services.prices import VAT_RATES, vat_on
from services.vat import CATEGORIES

pytestmark = pytest.mark.pure
ASKED = (Status.CONFIRMED, Status.AWAITING_PAYMENT)


def line(net: int, vat: str, status: Status = Status.CONFIRMED, fee: int = 0) -> OrderLine:
    rate = VAT_RATES[vat]
    return OrderLine(
        net_cents=net, vat=vat, vat_rate=rate, vat_cents=vat_on(net, rate), gross_cents=net + vat_on(net, rate),
        fee_cents=fee, registration=Registration(status=status),
    )  # fmt: skip


lines = st.lists(
    st.builds(line, st.integers(0, 300_000), st.sampled_from(list(VatTreatment)), st.sampled_from(ASKED)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150)
@given(lines)
def test_sums_hold_for_any_lines(rows: list[OrderLine]) -> None:
    found = totals_of(rows)
    assert found.gross_cents == sum(row.gross_cents for row in rows) == sum(row.owed_cents for row in rows)
    assert found.net_cents == sum(row.net_cents for row in rows) == sum(tax.base_cents for tax in found.taxes)
    assert found.gross_cents == found.net_cents + found.vat_cents + found.rounding_cents
    assert 2 * abs(found.rounding_cents) <= len(rows) + len(found.taxes)  # half a cent for each rounding at most
    for tax in found.taxes:
        here = [row for row in rows if (CATEGORIES[row.vat], row.vat_rate) == (tax.category, tax.rate)]
        assert tax.base_cents == sum(row.net_cents for row in here)
        assert tax.vat_cents == vat_on(tax.base_cents, tax.rate)
    assert all(isinstance(cents, int) for cents in (found.net_cents, found.vat_cents, found.rounding_cents))


def test_what_ended_asks_for_its_fee_alone_and_what_waits_for_nothing() -> None:
    left = line(10_000, "standard", Status.CANCELLED, fee=6050)
    waits = line(10_000, "standard", Status.WAITLISTED)
    found = totals_of([left, waits, line(10_000, "standard")])
    assert (found.net_cents, found.vat_cents, found.gross_cents) == (15_000, 3150, 18_150)


def test_where_nothing_is_owed_yet_it_says_what_it_would_cost() -> None:
    found = totals_of([line(10_000, "standard", Status.WAITLISTED)])
    assert (found.net_cents, found.gross_cents) == (10_000, 12_100)


def test_the_cent_between_lines_and_document_is_its_rounding() -> None:
    found = totals_of(
        [line(842, "standard") for _number in range(10)]
    )  # 10 × 1.77 of VAT on the lines, 17.68 on the sum
    assert (found.gross_cents, found.vat_cents, found.rounding_cents) == (10_190, 1768, 2)
