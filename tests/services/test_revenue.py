"""Money in the month it is earned: shared to the cent, earned once the event has begun, deferred until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select

from models.base import db, now
from models.events import Event, VatTreatment
from models.orders import EntryKind
from services.event_changes import postpone, resume
from services.events import load_plan
from services.ledger import Movement, book_locked
from services.orders import lock_order_locked, receive_money
from services.registrations import cancel, register
from services.revenue import Month, by_month, paid_lines, shared
from services.transaction import writing
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
    assert first.first_day
    assert second.first_day
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


def test_the_month_moves_with_its_event(cast: Cast) -> None:
    """Postponed: not earned, even on the day it would have been, until it has a new date; then in that date's month."""
    order_on(cast, 10, 10000, 12100)
    event = db.session.scalars(select(Event)).one()
    there = event.starts_at.astimezone(ZoneInfo(ZONE)).date().replace(day=1)
    assert by_month(paid_lines(), now(), ZONE) == [Month(there, 0, 10000, 1)]
    postpone(event.id, {"en": "The trainer is ill."}, cast.alice)
    for at in (now(), now() + timedelta(days=50)):
        assert by_month(paid_lines(), at, ZONE) == [Month(None, 0, 10000, 1)]
    present, plan = load_plan(event.id)
    begins = plan.slots[0].starts_at + timedelta(days=90)
    moved = (replace(plan.slots[0], starts_at=begins, ends_at=begins + timedelta(hours=3)),)
    resume(event.id, moved, present.version, cast.alice)
    then = begins.astimezone(ZoneInfo(ZONE)).date().replace(day=1)
    assert by_month(paid_lines(), now() + timedelta(days=50), ZONE) == [Month(then, 0, 10000, 1)]
    assert by_month(paid_lines(), begins, ZONE) == [Month(then, 10000, 0, 1)]


def test_what_was_disputed_or_given_back_is_no_revenue(cast: Cast) -> None:
    code = order_on(cast, 10, 10000, 12100)
    move(code, EntryKind.DISPUTE, -12100)
    assert paid_lines() == []
    move(code, EntryKind.DISPUTE_WON, 12100)
    move(code, EntryKind.REFUND, -6050)
    (month,) = by_month(paid_lines(), now(), ZONE)
    assert (month.deferred_cents, month.total_cents) == (5000, 5000)


def move(code: str, kind: EntryKind, cents: int) -> None:
    """What a provider takes back, or gives again, as it stands in the ledger."""
    with writing():
        order = lock_order_locked(code)
        book_locked(order, Movement(kind, "stripe", f"{kind}-{cents}", cents, now()), now())
