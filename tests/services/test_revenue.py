"""Money in the month it is earned: shared to the cent, earned once the event has begun, deferred until then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from models.base import now
from models.events import VatTreatment
from services.orders import receive_money
from services.registrations import cancel, register
from services.revenue import by_month, paid_lines, shared
from services.wishes import Wish
from tests.cast import ADDRESSES, Cast, make_event, morning_in

ZONE = "Europe/Brussels"


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_the_parts_add_up_and_none_is_a_cent_off(cents: int, weights: list[int]) -> None:
    parts = shared(cents, weights)
    assert sum(parts) == cents
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - cents * weight) < sum(weights)


def order_on(cast: Cast, days: int, cents: int, paid: int, vat: VatTreatment = VatTreatment.STANDARD) -> str:
    event = make_event(starts_at=morning_in(days), public_cents=cents, member_cents=None, vat=vat, slots=1)
    code = register(cast.carol, event.id, Wish("Carol", "Nguyễn", ADDRESSES["carol"]), locale="en").code
    if paid:
        receive_money(code, paid, provider="transfer", provider_reference=code, booked_at=now(), actor=None)
    return code


def test_it_works(cast: Cast) -> None:
    order_on(cast, 10, 10000, 12100)
    order_on(cast, 100, 20000, 24200)
    at = now() + timedelta(days=50)
    first, second = by_month(paid_lines(), at, ZONE)
    assert (first.earned_cents, first.deferred_cents) == (10000, 0)
    assert (second.earned_cents, second.deferred_cents) == (0, 20000)
    assert first.first_day < second.first_day


@pytest.mark.parametrize("paid, net", [(12100, 10000), (6050, 5000), (1, 1), (20000, 10000)])
def test_partly_and_overpaid(cast: Cast, paid: int, net: int) -> None:
    """What came too much is no revenue: it is owed back."""
    order_on(cast, 10, 10000, paid)
    (month,) = by_month(paid_lines(), now(), ZONE)
    assert month.deferred_cents == net


def test_nothing_was_paid_or_the_place_was_given_back(cast: Cast) -> None:
    order_on(cast, 10, 10000, 0)
    assert paid_lines() == []
    event = make_event(public_cents=10000, member_cents=None)
    order = register(cast.bob, event.id, Wish("Bob", "Lambert", ADDRESSES["bob"]), locale="en")
    public_id = order.registrations[0].public_id
    receive_money(order.code, 12100, provider="transfer", provider_reference="b", booked_at=now(), actor=None)
    cancel(public_id, actor=None, by_organiser=True)
    assert paid_lines() == []
