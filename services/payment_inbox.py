"""The inbox of web hooks: each notice kept once, then worked off by asking the provider how things stand.

A notice that cannot be worked off stays open and is tried again by the clock. The clock also asks the provider what
happened since it last asked: a web hook that never came is found there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from integrations.payments import About, BadSignature, Notice, ProviderError, ProviderUnreachable
from models.base import db, now
from models.payments import PaymentAttempt, ProviderEvent, ProviderWatermark
from services import payments
from services.audit import record_locked
from services.disputes import apply_dispute
from services.ledger import booked
from services.many_rows import insert_new
from services.providers import CARDS, card_provider, provider_for
from services.refund_notices import learn_refund
from services.throttles import TooMany, allow, count_locked, network_key
from services.transaction import require_writing, writing

log = logging.getLogger(__name__)


class NoticeRefused(Exception):
    """A web hook that its provider did not sign, or signed too long ago."""


GIVES_UP = timedelta(days=30)  # so long the provider keeps its events
BACK = timedelta(hours=1)  # the clock asks again for what it has already seen
AT_ONCE = 200
MOST_NOTED = 60  # refused web hooks of one network in an hour


def receive(
    provider: str, body: bytes, headers: Mapping[str, str], *, ip: str, at: datetime | None = None
) -> int | None:
    """Verify a web hook and keep it; the id of a new row of the inbox, None for one that is known or none of ours.

    Raises NoticeRefused, after writing an audit entry, and ProviderMissing.
    """
    try:
        notice = provider_for(provider).parse_webhook(body, headers)
    except BadSignature as error:
        note_refusal(provider, str(error), ip)
        raise NoticeRefused(str(error)) from error
    return keep(provider, notice, at or now()) if notice.about is not About.NOTHING else None


def note_refusal(provider: str, why: str, ip: str) -> None:
    """An audit entry, as long as one network does not write a flood of them."""
    try:
        allow("webhook_refused", network_key(ip), MOST_NOTED, timedelta(hours=1))
    except TooMany:
        log.warning("another web hook of %s refused: %s", ip, why)
        return
    with writing():
        count_locked("webhook_refused", network_key(ip))
        record_locked("webhook.refused", None, details={"provider": provider, "why": why}, ip=ip)


def keep(provider: str, notice: Notice, at: datetime) -> int | None:
    """Write a notice into the inbox, once: its id there, None when it is known."""
    row = {
        "provider": provider, "event_id": notice.id, "kind": notice.kind, "reference": notice.reference,
        "payload": dict(notice.payload), "received_at": at,
    }  # fmt: skip
    with writing() as session:
        statement = insert_new(ProviderEvent, "provider", "event_id").values(**row)
        found: int | None = session.scalar(statement.returning(ProviderEvent.id))
        return found


def work_off(event_id: int, at: datetime | None = None) -> bool:
    """Do what a notice asks for; whether it is done. An error stays with the row, for the clock to try again."""
    at = at or now()
    row = db.session.get(ProviderEvent, event_id)
    if row is None or row.processed_at is not None:
        return row is not None
    reference = row.reference
    try:
        if provider_for(row.provider).about(row.kind) is About.PAYMENT:
            return learn_payment(row, at)
        ours = act_on(row.provider, row.kind, reference, at)
    except ProviderError as failure:
        error = str(failure)[:300] or type(failure).__name__
        log.warning("notice %s of %s waits: %s", event_id, reference, error)
        with writing() as session:
            session.get_one(ProviderEvent, event_id).failed(error)
        return False
    close_notice(event_id, at, ours=ours)
    return True


def close_notice(event_id: int, at: datetime, *, ours: bool) -> None:
    with writing() as session:
        session.get_one(ProviderEvent, event_id).done(at, "" if ours else "none of ours")


def learn_payment(row: ProviderEvent, at: datetime) -> bool:
    """Read the truth of the payment that a notice is about, and apply it. Raises ProviderError."""
    event_id, provider, reference = row.id, row.provider, row.reference
    attempt = attempt_named(provider, reference, str(row.payload.get("key", "")))
    if attempt is None:
        close_notice(event_id, at, ours=False)
    else:
        payments.learn(provider, attempt, reference, at, event_id)
    return True


def act_on(provider: str, kind: str, reference: str, at: datetime) -> bool:
    """Read the truth of a refund or a dispute, and apply it. False: it is none of ours. Raises ProviderError."""
    db.session.rollback()  # nothing is held while we wait for an answer
    account = provider_for(provider)
    match account.about(kind):
        case About.REFUND:
            refund = account.refund_truth(reference)
            known = knows_payment(provider, refund.payment_reference, refund.attempt, at)
            return known and learn_refund(provider, refund, at)
        case About.DISPUTE:
            dispute = account.dispute_truth(reference)
            known = knows_payment(provider, dispute.payment_reference, dispute.key, at)
            return known and apply_dispute(provider, dispute, at)
    return True


def knows_payment(provider: str, payment_reference: str, key: str, at: datetime) -> bool:
    """Whether a payment is in our ledger; it is asked about first when its own notice has not come yet. False: it is
    none of ours. Raises ProviderUnreachable while it is ours and not there."""
    if booked(provider, payment_reference) is not None:
        return True
    attempt = attempt_named(provider, payment_reference, key)
    if attempt is None:
        return False
    payments.refresh(attempt, at)
    if booked(provider, payment_reference) is None:
        raise ProviderUnreachable(f"payment {payment_reference} is not known yet")
    return True


def attempt_named(provider: str, reference: str, key: str) -> str | None:
    """The public id of the attempt that a payment page belongs to."""
    query = select(PaymentAttempt.public_id).where(PaymentAttempt.provider == provider)
    found = db.session.scalar(query.where(PaymentAttempt.provider_reference == reference))
    found = found or db.session.scalar(query.where(PaymentAttempt.public_id == key))
    db.session.rollback()
    return found


def work_off_due(at: datetime | None = None) -> int:
    """Every notice that is still open, oldest first; how many are done now. The clock calls it."""
    at = at or now()
    query = (
        select(ProviderEvent.id)
        .where(ProviderEvent.processed_at.is_(None), ProviderEvent.received_at > at - GIVES_UP)
        .order_by(ProviderEvent.received_at, ProviderEvent.id)
        .limit(AT_ONCE)
    )
    due = list(db.session.scalars(query))
    db.session.rollback()
    return sum(work_off(event_id, at) for event_id in due)


def catch_up(at: datetime | None = None) -> int:
    """Ask the provider what happened since the last time, and keep what no web hook brought; how many were new.

    Nothing is asked before the first payment page.
    """
    at = at or now()
    provider = card_provider()
    since = caught_up_at(CARDS)
    db.session.rollback()
    if provider is None or since is None:
        return 0
    try:
        notices = list(provider.notices_since(max(since - BACK, at - GIVES_UP)))
    except ProviderError as error:
        log.warning("the events of %s cannot be read: %s", CARDS, error)
        return 0
    kept = [keep(CARDS, notice, at) for notice in reversed(notices)]
    with writing():
        note_locked(CARDS, at)
    return sum(event_id is not None for event_id in kept)


def caught_up_at(provider: str) -> datetime | None:
    """When everything was last known; before the first time, when the first page was opened."""
    known = db.session.scalar(select(ProviderWatermark.caught_up_at).where(ProviderWatermark.provider == provider))
    first = select(PaymentAttempt.created_at).where(PaymentAttempt.provider == provider)
    return known or db.session.scalar(first.order_by(PaymentAttempt.id).limit(1))


def note_locked(provider: str, at: datetime) -> None:
    """Remember until when everything is known."""
    session = require_writing()
    row = session.scalar(select(ProviderWatermark).where(ProviderWatermark.provider == provider).with_for_update())
    if row is None:
        session.add(ProviderWatermark(provider=provider, caught_up_at=at))
    else:
        row.caught_up_at = max(row.caught_up_at, at)
