"""Giving everybody's money back when an event is cancelled: one order after the other, with progress and a report."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from models.base import db, now
from models.events import Event
from models.orders import LedgerEntry, Order
from models.outbox import Job
from models.people import Person
from models.registrations import Registration
from services.jobs import advance, start_job_locked
from services.orders import balance, load_order
from services.outbox import queue_mail_locked
from services.places import FRESH
from services.refund_accounts import known_account
from services.refunds import AccountMissing, MoreThanReceived, Wanted, carry_out, request
from services.returnable import under_way_cents
from services.transaction import writing

KIND = "refund_event"  # a key of tasks/jobs.py: STEPS
REASON = "event_cancelled"


def start_refunds_locked(event: Event, actor: Person | None) -> Job | None:
    """Write the job that gives back what the orders of a cancelled event paid too much; None when nobody paid."""
    paid = len(paid_orders(event.id))
    return start_job_locked(KIND, event, actor, paid) if paid else None


def latest_refunds(limit: int = 8) -> list[tuple[Job, Event]]:
    """The latest cancelled events whose money goes back, or went."""
    query = select(Job, Event).join(Event, Event.id == Job.event_id).where(Job.kind == KIND)
    return [(job, event) for job, event in db.session.execute(query.order_by(Job.id.desc()).limit(limit))]


def buyers_of(job: Job) -> dict[str, str]:
    """Code → buyer of the orders that the job's problems begin with."""
    codes = [problem.partition(" ")[0] for problem in job.problems]
    query = select(Order.code, Person.given_name, Person.family_name).join(Person, Person.id == Order.buyer_id)
    rows = db.session.execute(query.where(Order.code.in_(codes)))
    return {code: f"{given} {family}".strip() for code, given, family in rows}


def paid_orders(event_id: int) -> list[str]:
    """The codes of the orders with a registration here and money in the ledger."""
    query = (
        select(Order.code)
        .join(Registration, Registration.order_id == Order.id)
        .join(LedgerEntry, LedgerEntry.order_id == Order.id)
        .where(Registration.event_id == event_id)
        .group_by(Order.id, Order.code)
        .having(func.sum(LedgerEntry.cents) != 0)
        .order_by(Order.id)
    )
    return list(db.session.scalars(query))


def refund_next(job_id: int) -> bool:
    """Ask for the refund of the next order of the job and send it on its way; False when none is left.

    One step of tasks/jobs.py, safe to repeat: what is under way is not asked for again. What cannot be refunded becomes
    a problem `<order> account <cents>` (nobody knows where to) or `<order> eyes <cents>` (a second person must approve).
    """
    job = db.session.execute(select(Job).where(Job.id == job_id).execution_options(**FRESH)).scalar_one()
    assert job.event_id is not None
    seen = {problem.partition(" ")[0] for problem in job.problems}
    actor = db.session.get(Person, job.actor_id) if job.actor_id else None
    for code in paid_orders(job.event_id):
        cents = 0 if code in seen else to_return(code)
        if cents:
            advance(job_id, refund_order(code, cents, actor, now()))
            return True
    return False


def to_return(code: str) -> int:
    """What the order was paid too much and nobody gives back yet, in cents."""
    order = load_order(code)
    assert order is not None
    return max(balance(order).to_return_cents - under_way_cents(order.id), 0)


def refund_order(code: str, cents: int, actor: Person | None, at: datetime) -> str | None:
    """Refund one order; the problem that a person must solve, or None."""
    order_id = db.session.scalars(select(Order.id).where(Order.code == code)).one()
    account = known_account(order_id)
    db.session.rollback()
    try:
        refunds = request(code, Wanted(cents, REASON, account.iban, account.holder), actor=actor, at=at)
    except AccountMissing:
        ask_for_account(code)
        return f"{code} account {cents}"
    except MoreThanReceived as refused:
        return f"{code} receipts {refused.left_cents}"
    if any(refund.needs_approval for refund in refunds):
        return f"{code} eyes {cents}"
    for refund in refunds:
        carry_out(refund.public_id, at)
    return None


def ask_for_account(code: str) -> None:
    """Ask the buyer by mail where the money shall go, once for each order."""
    with writing() as session:
        order = session.execute(select(Order).where(Order.code == code)).scalar_one()
        first = select(Registration).where(Registration.order_id == order.id).order_by(Registration.id).limit(1)
        registration = session.scalars(first).one()
        queue_mail_locked(
            "refund_account",
            order.buyer_email,
            locale=order.locale,
            person=order.buyer_id,
            event=registration.event_id,
            registration=registration.id,
            context={"order": code},
            unique_key=f"refund_account:{order.id}",
        )
