"""Orders of which the card payment is looked at: one on its way, one contested, one lost. Made once for each database."""

from __future__ import annotations

from sqlalchemy import select

from integrations.payments import DisputeResult, DisputeTruth, Withdrawn
from models.base import db, now
from models.events import Event
from models.orders import LedgerEntry, Order
from models.payments import AttemptState, PaymentAttempt
from services.disputes import apply_dispute
from services.orders import receive_money
from services.registrations import register
from services.transaction import writing
from tests.cast import make_event
from tests.journeys.desk import person
from tests.services.post import wish_of

PRICE = 50820


def order_of(title: str) -> tuple[str, bool]:
    """The code of Carol's order on an event of this title; whether it is new."""
    carol = person("carol")
    query = select(Order.code).join(Order.registrations).join(Event).where(Event.titles["en"].as_string() == title)
    known = db.session.scalar(query)
    if known:
        return str(known), False
    event = make_event(title=title)
    return register(carol, event.id, wish_of(carol), locale="en").code, True


def on_its_way() -> str:
    """Whoever paid comes back before the bank has answered."""
    code, is_new = order_of("Paid by debit")
    if is_new:
        with writing() as session:
            order = session.scalars(select(Order).where(Order.code == code)).one()
            session.add(
                PaymentAttempt(
                    order_id=order.id, provider="stripe", state=AttemptState.PROCESSING, cents=PRICE,
                    provider_reference=f"cs_{code}", checked_at=now(),
                )
            )  # fmt: skip
    return code


def contested(*, lost: bool = False) -> str:
    """The payer's bank has taken the money back."""
    code, is_new = order_of("Contested and lost" if lost else "Contested")
    if is_new:
        payment = f"pi_{code}"
        receive_money(code, PRICE, provider="stripe", provider_reference=payment, booked_at=now(), actor=None)
        assert db.session.scalar(select(LedgerEntry.id).where(LedgerEntry.provider_reference == payment))
        result = DisputeResult.LOST if lost else DisputeResult.OPEN
        moved = (Withdrawn(f"txn_{code}", -PRICE, now()),)
        apply_dispute("stripe", DisputeTruth(f"du_{code}", payment, "", PRICE, result, "fraudulent", now(), moved))
    return code
