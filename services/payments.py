"""Paying through a provider: a payment page is opened, its truth read again whoever asks, and closed before its place goes.

Web hook, return page and clock all call `refresh`. The provider is asked outside of any transaction; what it said is
applied under the order's lock. Order and repetition do not matter: the ledger counts each payment once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from integrations.payments import ProviderError, ProviderUnreachable, Started
from models.base import db, now
from models.orders import Order
from models.payments import UNSETTLED, AttemptState, PaymentAttempt
from models.registrations import Registration, Status
from services.orders import balance, load_order, lock_order_locked
from services.payment_pages import PAGE_LIVES, USABLE, hold_for_page_locked, wish_for
from services.payment_truths import apply, lock_attempt_locked
from services.places import FRESH
from services.providers import card_provider, provider_for
from services.transaction import require_writing, writing

log = logging.getLogger(__name__)

JUST_NOW = timedelta(seconds=3)  # whoever reloads a page does not make us ask each time


class PaymentRefused(Exception):
    """No payment page was opened; each subclass says why."""


class CardsNotOffered(PaymentRefused):
    """This installation takes no cards."""


class NothingToPay(PaymentRefused):
    """The order asks for nothing now."""


class MoneyOnItsWay(PaymentRefused):
    """The payer's bank has not answered yet about a payment for this order: paying again would pay twice."""


class PageRefused(PaymentRefused):
    """The provider did not open a page, or gave no answer."""


@dataclass(frozen=True)
class Page:
    """A payment page to go to."""

    attempt: str  # its public id
    url: str


def start(code: str, at: datetime | None = None) -> Page:
    """Open a payment page for what the order asks now, or go back to the one that is open: several tabs, one page.

    The place is held longer than the page lives. Raises a PaymentRefused.
    """
    at = at or now()
    provider = card_provider()
    if provider is None:
        raise CardsNotOffered(code)
    settle_pages(code, at)
    with writing():
        attempt = wanted_attempt_locked(code, provider.key, at)
        public_id, url = attempt.public_id, attempt.url
    return Page(public_id, url or opened(public_id, at))


def wanted_attempt_locked(code: str, provider: str, at: datetime) -> PaymentAttempt:
    """The open attempt for what is to pay now, or a new one. Raises NothingToPay and MoneyOnItsWay."""
    session = require_writing()
    order = lock_order_locked(code)
    cents = to_pay_locked(order)
    if not cents:
        raise NothingToPay(code)
    for attempt in unsettled_locked(order):
        if attempt.state == AttemptState.PROCESSING or attempt.review:
            raise MoneyOnItsWay(code)
        if is_usable(attempt, cents, at):
            return attempt
    expires_at = (at + PAGE_LIVES).replace(microsecond=0)
    attempt = PaymentAttempt(
        order_id=order.id, provider=provider, cents=cents, currency=order.currency, expires_at=expires_at,
        created_at=at, updated_at=at,
    )  # fmt: skip
    session.add(attempt)
    session.flush()
    hold_for_page_locked(order, expires_at)
    return attempt


def is_usable(attempt: PaymentAttempt, cents: int, at: datetime) -> bool:
    """Whether the payer can still go to this page for this amount."""
    return attempt.cents == cents and attempt.expires_at is not None and attempt.expires_at > at + USABLE


def to_pay_locked(order: Order) -> int:
    """What the locked order asks for now, in cents."""
    require_writing().flush()
    loaded = load_order(order.code)
    return balance(loaded).to_pay_cents if loaded else 0


def unsettled_locked(order: Order) -> list[PaymentAttempt]:
    """The attempts of the order that may still bring money, read anew."""
    query = (
        select(PaymentAttempt)
        .where(PaymentAttempt.order_id == order.id, PaymentAttempt.state.in_(UNSETTLED))
        .order_by(PaymentAttempt.id)
        .execution_options(**FRESH)
    )
    return list(require_writing().scalars(query))


def opened(public_id: str, at: datetime) -> str:
    """Ask the provider for the page of an attempt, and keep its address. Raises PageRefused."""
    attempt, order = attempt_of(public_id)
    wish, key = wish_for(order, attempt), attempt.provider
    db.session.rollback()
    try:
        started = provider_for(key).start(wish)
    except ProviderError as error:
        log.warning("no payment page for %s: %s", order.code, error)
        return given_up(public_id, error, at)
    with writing():
        attempt = lock_attempt_locked(public_id)
        keep_page(attempt, started, at)
        return attempt.url


def keep_page(attempt: PaymentAttempt, started: Started, at: datetime) -> None:
    """Another tab may have kept the same page already, or the money may even be there."""
    attempt.provider_reference = started.reference
    attempt.url = started.url
    if attempt.state == AttemptState.CREATED:
        attempt.move(AttemptState.OPEN, at)


def given_up(public_id: str, error: ProviderError, at: datetime) -> str:
    """Nobody saw the address of this page, so nobody can pay on it: the next try is a new attempt with a new key (a
    repeated key would get the same error again for a day). Unless another tab got it. Raises PageRefused."""
    with writing():
        attempt = lock_attempt_locked(public_id)
        if attempt.url:
            return attempt.url
        ended = AttemptState.CANCELLED if isinstance(error, ProviderUnreachable) else AttemptState.FAILED
        if attempt.state == AttemptState.CREATED:
            attempt.move(ended, at)
        attempt.error = str(error)[:300]
    raise PageRefused(str(error))


def refresh(public_id: str, at: datetime | None = None) -> AttemptState:
    """Read the provider's truth about an attempt and apply it. Raises ProviderError when it cannot be read."""
    state, key, reference = known_of(public_id)
    if reference is None:
        return state
    return apply(public_id, provider_for(key).refresh(reference), at or now())


def learn(provider: str, public_id: str, reference: str, at: datetime, notice: int) -> AttemptState:
    """The same for an attempt whose page a notice of the provider names: we may have died before we could write it
    down. The notice is worked off with it."""
    return apply(public_id, provider_for(provider).refresh(reference), at, notice)


def look(code: str, at: datetime | None = None, *, again: bool = False) -> AttemptState | None:
    """Where the order's last payment page stands, for a payer who comes back from it; None when there never was one.

    The provider is asked, unless this is another look and it just was; when it gives no answer we know no more than before.
    """
    at = at or now()
    for public_id, checked_at in [(one.public_id, one.checked_at) for one in open_attempts(code)]:
        if not again or checked_at is None or checked_at <= at - JUST_NOW:
            try:
                refresh(public_id, at)
            except ProviderError as error:
                log.warning("payment %s cannot be asked about: %s", public_id, error)
    db.session.rollback()
    return last_state(code)


def last_state(code: str) -> AttemptState | None:
    """The state of the order's last attempt, as far as we know."""
    last = select(PaymentAttempt.state).join(Order, Order.id == PaymentAttempt.order_id).where(Order.code == code)
    state = db.session.scalar(last.order_by(PaymentAttempt.id.desc()).limit(1))
    return AttemptState(state) if state else None


def close(public_id: str, at: datetime | None = None) -> AttemptState:
    """Close the page of an attempt, unless it was paid meanwhile; what it was then is applied. Raises ProviderError."""
    at = at or now()
    state, key, reference = known_of(public_id)
    if state not in UNSETTLED:
        return state
    if reference is not None:
        return apply(public_id, provider_for(key).cancel(reference), at)
    with writing():  # nobody ever saw its address
        attempt = lock_attempt_locked(public_id)
        if attempt.provider_reference is None and attempt.state == AttemptState.CREATED:
            attempt.move(AttemptState.CANCELLED, at)
        return AttemptState(attempt.state)


def settle_pages(code: str, at: datetime) -> None:
    """Before a payer is sent to a page: close those that ask for another amount or are about to run out, and ask about
    the one that could be used, which may be paid already. Raises PageRefused when one cannot be closed."""
    order = load_order(code)
    cents = balance(order).to_pay_cents if order else 0
    pages = [(attempt.public_id, is_usable(attempt, cents, at)) for attempt in open_attempts(code)]
    db.session.rollback()
    for public_id, usable in pages:
        try:
            (refresh if usable else close)(public_id, at)
        except ProviderError as error:
            if not usable:
                raise PageRefused(str(error)) from error
            log.warning("payment %s cannot be asked about: %s", public_id, error)


def close_for_places(public_ids: list[str], at: datetime) -> None:
    """Before places are given up: close the payment pages of the orders of these registrations, as far as it works."""
    query = (
        select(PaymentAttempt.public_id)
        .join(Registration, Registration.order_id == PaymentAttempt.order_id)
        .where(Registration.public_id.in_(public_ids), Registration.status == Status.AWAITING_PAYMENT)
        .where(PaymentAttempt.state.in_((AttemptState.CREATED, AttemptState.OPEN)))
        .distinct()
    )
    found = list(db.session.scalars(query))
    db.session.rollback()
    for public_id in found:
        try:
            close(public_id, at)
        except ProviderError as error:
            log.warning("payment page %s stays, and its place with it: %s", public_id, error)


def open_attempts(code: str) -> list[PaymentAttempt]:
    """The attempts of an order that may still bring money, for pages and checks that hold no lock."""
    query = (
        select(PaymentAttempt)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .where(Order.code == code, PaymentAttempt.state.in_(UNSETTLED))
        .order_by(PaymentAttempt.id)
    )
    return list(db.session.scalars(query))


def may_still_be_paid_locked(order_id: int) -> bool:
    """Whether a payment page of the order is open, or its money on the way: its places are not given up meanwhile."""
    query = select(PaymentAttempt.id).where(PaymentAttempt.order_id == order_id, PaymentAttempt.state.in_(UNSETTLED))
    return require_writing().scalar(query.limit(1)) is not None


def known_of(public_id: str) -> tuple[AttemptState, str, str | None]:
    """State, provider and page of an attempt, before the provider is asked. NoResultFound for an unknown id."""
    columns = (PaymentAttempt.state, PaymentAttempt.provider, PaymentAttempt.provider_reference)
    state, provider, reference = db.session.execute(select(*columns).where(PaymentAttempt.public_id == public_id)).one()
    db.session.rollback()
    return AttemptState(state), provider, reference


def attempt_of(public_id: str) -> tuple[PaymentAttempt, Order]:
    """The attempt and its order, with lines and events. NoResultFound for an unknown id."""
    query = (
        select(PaymentAttempt).where(PaymentAttempt.public_id == public_id).options(joinedload(PaymentAttempt.order))
    )
    attempt = db.session.scalars(query).one()
    order = load_order(attempt.order.code)
    assert order is not None
    return attempt, order
