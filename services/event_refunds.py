"""Giving everybody's money back when an event is cancelled: one order after the other, with progress and a report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, func, literal, select

from models.base import db, now
from models.events import Event
from models.orders import LedgerEntry, Order
from models.outbox import Job
from models.payments import Refund, RefundState
from models.people import Person
from models.registrations import Registration
from services.jobs import advance, start_job_locked
from services.orders import balance, load_order
from services.outbox import queue_mail_locked
from services.places import FRESH
from services.refund_accounts import known_account
from services.refunds import AccountMissing, MoreThanReceived, Wanted, carry_out, request
from services.returnable import UNDER_WAY, under_way_cents
from services.transaction import writing
from services.transfers import orders_with_money, row_of

KIND = "refund_event"  # a key of tasks/jobs.py: STEPS
REASON = "event_cancelled"


def start_refunds_locked(event: Event, actor: Person | None) -> Job | None:
    """Write the job that gives back what the orders of a cancelled event paid too much; None when nobody paid."""
    paid = len(paid_orders(event.id))
    return start_job_locked(KIND, event, actor, paid) if paid else None


def latest_refunds(limit: int = 8) -> list[tuple[Job, Event, int]]:
    """The latest cancelled events whose money goes back, or went, each with how many of its orders still need somebody."""
    query = select(Job, Event).join(Event, Event.id == Job.event_id).where(Job.kind == KIND)
    found = [(job, event) for job, event in db.session.execute(query.order_by(Job.id.desc()).limit(limit))]
    waiting = unsettled(code for job, _event in found for code in orders_in(job))
    return [(job, event, len(waiting & set(orders_in(job)))) for job, event in found]


def orders_in(job: Job) -> list[str]:
    """The codes that the job's problems begin with, and other first words of what went wrong."""
    return [problem.partition(" ")[0] for problem in job.problems]


def unsettled(codes: Iterable[str]) -> set[str]:
    """Those of the orders whose money has still to go back. One query."""
    query = orders_with_money().where(Order.code.in_(sorted(codes)))
    rows = [row_of(values) for values in db.session.execute(query)]
    return {row.code for row in rows if row.to_return_cents}


def buyers_of(job: Job) -> dict[str, str]:
    """Code → buyer of the orders that the job's problems begin with."""
    query = select(Order.code, Person.given_name, Person.family_name).join(Person, Person.id == Order.buyer_id)
    rows = db.session.execute(query.where(Order.code.in_(orders_in(job))))
    return {code: f"{given} {family}".strip() for code, given, family in rows}


def paid_orders(event_id: int, asked_for: str | None = None) -> list[str]:
    """The codes of the orders with a registration here and money in the ledger; without those whose refund for the reason
    `asked_for` is under way."""
    going = exists().where(
        Refund.order_id == Order.id,
        Refund.reason == asked_for,
        Refund.state.in_(UNDER_WAY),
        literal(asked_for is not None),
    )
    query = (
        select(Order.code)
        .join(Registration, Registration.order_id == Order.id)
        .join(LedgerEntry, LedgerEntry.order_id == Order.id)
        .where(Registration.event_id == event_id, ~going)
        .group_by(Order.id, Order.code)
        .having(func.sum(LedgerEntry.cents) != 0)
        .order_by(Order.id)
    )
    return list(db.session.scalars(query))


def refund_next(job_id: int) -> bool:
    """Ask for the refund of the next order of the job and send it on its way; False when none is left.

    One step of tasks/jobs.py, safe to repeat: what is under way is not asked for again. What cannot be refunded becomes
    a problem `<order> account <cents>` (nobody knows where to), `<order> eyes <cents>` (a second person must approve) or
    `<order> failed <cents>` (the provider refused).
    """
    job = db.session.execute(select(Job).where(Job.id == job_id).execution_options(**FRESH)).scalar_one()
    assert job.event_id is not None
    seen = set(orders_in(job))
    actor = db.session.get(Person, job.actor_id) if job.actor_id else None
    for code in paid_orders(job.event_id, REASON):
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
    ends = [carry_out(refund.public_id, at) for refund in refunds]
    return f"{code} failed {cents}" if RefundState.FAILED in ends else None


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
