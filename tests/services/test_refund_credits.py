"""A refund of invoiced money always has a credit note, and the documents never ask for more than the money that stays."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from integrations.payments import Refunded, RefundResult
from models.base import db, now
from models.invoices import Invoice, InvoiceKind
from models.payments import Refund
from models.registrations import Registration
from services.invoicing import asked_before_locked, issue_locked, money_locked
from services.orders import lock_order_locked, receive_money
from services.refunds import MoreThanReceived, Wanted, apply_truth, request
from services.registrations import cancel, register
from services.transaction import writing
from services.wishes import Wish
from tests.cast import ADDRESSES, Cast, make_event


@pytest.fixture
def code(cast: Cast) -> str:
    """Carol's order of €508.20, paid and invoiced."""
    order = register(cast.carol, make_event().id, Wish("Carol", "Nguyễn", ADDRESSES["carol"]), locale="en")
    receive_money(order.code, 50820, provider="manual", provider_reference="in", booked_at=now(), actor=None)
    with writing():
        issue_locked(lock_order_locked(order.code), now(), actor=cast.fay)
    return order.code


def give_back(code: str, cents: int, reason: str = "The room was cold.") -> Refund:
    (refund,) = request(code, Wanted(cents, reason), actor=None)
    apply_truth(refund.public_id, Refunded(RefundResult.PENDING, None))
    apply_truth(refund.public_id, Refunded(RefundResult.SUCCEEDED, f"re_{refund.public_id}"))
    return refund


def notes() -> list[Invoice]:
    db.session.rollback()
    return list(db.session.scalars(select(Invoice).where(Invoice.kind == InvoiceKind.CREDIT_NOTE).order_by(Invoice.id)))


def test_it_works(code: str) -> None:
    refund = give_back(code, 10000)
    (note,) = notes()
    assert (note.gross_cents, note.reason, note.net_cents + note.vat_cents + note.rounding_cents) == (
        10000,
        "The room was cold.",
        10000,
    )
    assert db.session.get_one(Refund, refund.id, populate_existing=True).credit_note_id == note.id


def test_who_left_was_credited_already(code: str, cast: Cast) -> None:
    cancel(db.session.scalars(select(Registration.public_id)).one(), actor=cast.alice, by_organiser=True)
    assert [note.gross_cents for note in notes()] == [50820]
    give_back(code, 50820, "event_cancelled")
    assert [note.gross_cents for note in notes()] == [50820]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 30000), min_size=1, max_size=4))
def test_the_documents_never_ask_for_more_than_stays(cast: Cast, parts: list[int]) -> None:
    event = make_event()
    order = register(cast.bob, event.id, Wish("Bob", "Lambert", ADDRESSES["bob"]), locale="en")
    price = 30250  # the members' 250 with VAT
    receive_money(order.code, price, provider="manual", provider_reference=order.code, booked_at=now(), actor=None)
    with writing():
        issue_locked(lock_order_locked(order.code), now(), actor=None)
    for cents in parts:
        try:
            give_back(order.code, cents)
        except MoreThanReceived:
            continue
    with writing():
        found = lock_order_locked(order.code)
        assert 0 <= asked_before_locked(found) == money_locked(found)
