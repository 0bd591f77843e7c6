"""The mail that tells a buyer that money is on its way back."""

from __future__ import annotations

from sqlalchemy import select

from models.payments import Refund
from models.registrations import Registration
from services.outbox import queue_mail_locked
from services.providers import BY_HAND
from services.transaction import require_writing


def tell_refunded_locked(refund: Refund) -> None:
    """One mail for each refund that succeeded, to whoever ordered."""
    session = require_writing()
    first = (
        select(Registration.event_id, Registration.id)
        .where(Registration.order_id == refund.order_id)
        .order_by(Registration.id)
        .limit(1)
    )
    event_id, registration_id = session.execute(first).one()
    order = refund.order
    queue_mail_locked(
        "refund_paid",
        order.buyer_email,
        locale=order.locale,
        person=order.buyer_id,
        event=event_id,
        registration=registration_id,
        context={"cents": refund.cents, "by_card": refund.provider not in BY_HAND},
        unique_key=f"refund_paid:{refund.public_id}",
    )
