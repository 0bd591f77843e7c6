"""Money that goes back, in the states worth looking at: waiting for a yes, failed, in a file for the bank, of a cancelled event."""

from __future__ import annotations

from sqlalchemy import select

from models.base import db, now
from models.outbox import Job
from models.payments import Refund, RefundFile
from services.event_changes import cancel
from services.orders import receive_money
from services.refund_files import make_file
from services.refunds import Wanted, carry_out, refuse, request
from services.registrations import register
from services.wishes import Wish
from tasks.jobs import run_waiting_jobs
from tests.cast import ADDRESSES, make_event
from tests.journeys.desk import person

PRICE, IBAN = 50820, "BE68539007547034"


def of_state(state: str) -> str:
    """A refund that waits for a second person (`eyes`) or was not paid back (`failed`); made once."""
    reason = {"eyes": "The trainer did not come", "failed": "The account is closed"}[state]
    known = db.session.scalar(select(Refund.public_id).where(Refund.reason == reason))
    if known is not None:
        return known
    (refund,) = request(paid_order(reason), Wanted(PRICE, reason, IBAN, "Carol Nguyễn"), actor=person("ada"))
    if state == "failed":
        refuse(refund.public_id, "The bank sent it back: the account is closed.", actor=person("fay"))
    return refund.public_id


def in_a_file(_: str) -> str:
    """A file for the bank."""
    known = db.session.scalar(select(RefundFile.public_id).limit(1))
    if known is not None:
        return known
    for name in ("Zoë Brüggemann-Van den Broeck", "Carol Nguyễn"):
        (refund,) = request(paid_order(f"To {name}"), Wanted(12345, "Paid twice", IBAN, name), actor=person("fay"))
        carry_out(refund.public_id)
    return make_file(actor=person("fay"))


def of_a_cancelled_event(_: str) -> str:
    """The report of an event that was cancelled after somebody had paid."""
    known = db.session.scalar(select(Job.public_id).where(Job.kind == "refund_event").limit(1))
    if known is None:
        title = "Cancelled after it was paid"
        paid_order(title)
        event = event_of(title)
        cancel(event, title, {}, person("alice"))
        run_waiting_jobs()
        known = db.session.scalars(select(Job.public_id).where(Job.kind == "refund_event").limit(1)).one()
    return known


EVENTS: dict[str, int] = {}


def event_of(title: str) -> int:
    if title not in EVENTS:
        EVENTS[title] = make_event(title=title, public_cents=42000, member_cents=None).id
    return EVENTS[title]


def paid_order(title: str) -> str:
    """Carol's order of a new event, paid by transfer: its code."""
    carol = person("carol")
    wish = Wish(given_name=carol.given_name, family_name=carol.family_name, email=ADDRESSES["carol"])
    code = register(carol, event_of(title), wish, locale="en").code
    receive_money(code, PRICE, provider="transfer", provider_reference=f"in-{code}", booked_at=now(), actor=None)
    return code
