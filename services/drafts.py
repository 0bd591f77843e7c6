"""Guests' forms: kept as drafts until the mailed code or link is confirmed. A draft takes no place and changes no person.

The page answers the same whether the address is known, registered or neither; nothing is looked up before it is proven.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from models.base import db, in_language, now
from models.credentials import CodePurpose, OneTimeCode
from models.events import Event
from models.orders import Order
from models.people import Person, address_key
from models.registrations import RegistrationDraft
from services.codes import (
    CodeExpired,
    CodeRefused,
    CodeUsed,
    CodeWrong,
    TooManyTries,
    issue_code_locked,
    redeem_link_locked,
    sha256,
    try_code_locked,
)
from services.entrances import HOUR, QUARTER, TRIES_PER_NETWORK, Visitor, throttle_mail_locked
from services.people import person_for_guest_locked
from services.places import FRESH, lock_event_locked
from services.prerequisites import refuse_unprepared
from services.readers import GUEST
from services.registrations import (
    AlreadyRegistered,
    RegistrationClosed,
    agreed_price_locked,
    register_guest_locked,
)
from services.sign_ins import open_sign_in_locked
from services.throttles import allow, count_locked, network_key
from services.transaction import require_writing, writing
from services.wishes import Payer, Wish

KEPT = timedelta(hours=24)
DRAFTS_PER_EVENT = 600  # in an hour: more than any true rush of guests


@dataclass(frozen=True)
class Guest:
    """A guest whose form became a registration: the order, the person, and the key of the sign-in it opened."""

    order: Order
    person: Person
    key: str


def save_draft(event_id: int, wish: Wish, visitor: Visitor) -> RegistrationDraft:
    """Keep a guest's form for 24 hours and mail a code to its address.

    Raises RegistrationClosed when the event takes nobody now, PriceChanged when the page showed another price,
    PrerequisitesMissing or PrerequisitesUnconfirmed when its course asks for something that a guest cannot prove or has
    not confirmed, and TooMany when this address, this network or this event has asked too often in an hour.
    """
    with writing() as session:
        event = lock_event_locked(event_id)
        if not event.registration_is_open(now()):
            raise RegistrationClosed(event.slug)
        refuse_unprepared(event, None, confirmed=wish.prerequisites_confirmed)
        agreed_price_locked(event, GUEST, wish, now())
        allow("draft_event", str(event_id), DRAFTS_PER_EVENT, HOUR)
        throttle_mail_locked(wish.email, visitor.ip)
        count_locked("draft_event", str(event_id))
        draft = RegistrationDraft(
            event_id=event_id,
            browser_hash=sha256(visitor.browser_key),
            key=address_key(wish.email),
            answers=asdict(wish),
            ip=visitor.ip,
            locale=visitor.locale,
            expires_at=now() + KEPT,
        )
        session.add(draft)
        session.flush()
        mail_code_locked(draft, event, visitor)
        return draft


def mail_code_locked(draft: RegistrationDraft, event: Event, visitor: Visitor) -> None:
    """Mail a new code for the draft; codes mailed for it before open nothing any more."""
    session = require_writing()
    earlier = update(OneTimeCode).where(
        OneTimeCode.purpose == CodePurpose.REGISTER,
        OneTimeCode.browser_hash == draft.browser_hash,
        OneTimeCode.used_at.is_(None),
    )
    session.execute(earlier.values(used_at=now()).execution_options(synchronize_session=False))
    wish = wish_of(draft)
    issue_code_locked(
        CodePurpose.REGISTER,
        wish.email,
        browser_key=visitor.browser_key,
        locale=visitor.locale,
        context={"draft": draft.public_id},
        name=f"{wish.given_name} {wish.family_name}",
        event=event,
        mail_context={"title": in_language(event.titles, visitor.locale)},
    )


def wish_of(draft: RegistrationDraft) -> Wish:
    """The form as it was typed."""
    return Wish(**{**draft.answers, "payer": Payer(**draft.answers.get("payer", {}))})


def find_draft(public_id: str, browser_key: str) -> RegistrationDraft | None:
    """A draft and its event, for the browser that filled it in; None for any other, and when it has expired."""
    draft = db.session.scalar(
        select(RegistrationDraft)
        .where(RegistrationDraft.public_id == public_id, RegistrationDraft.browser_hash == sha256(browser_key))
        .options(joinedload(RegistrationDraft.event).selectinload(Event.areas))
    )
    return draft if draft is not None and draft.expires_at > now() else None


def draft_of_code(code: OneTimeCode) -> RegistrationDraft | None:
    """The draft that a mailed code would confirm, with its event."""
    return db.session.scalar(
        select(RegistrationDraft)
        .where(RegistrationDraft.public_id == str(code.context.get("draft", "")))
        .options(joinedload(RegistrationDraft.event).selectinload(Event.areas))
    )


def mail_again(draft: RegistrationDraft, visitor: Visitor, *, address: str | None = None) -> None:
    """Mail another code, to a corrected `address` when one is given. Raises TooMany, or CodeUsed when it is confirmed."""
    with writing() as session:
        fresh = session.execute(
            select(RegistrationDraft)
            .where(RegistrationDraft.id == draft.id)
            .with_for_update()
            .execution_options(**FRESH)
        ).scalar_one()
        if fresh.confirmed_at is not None:
            raise CodeUsed
        if address:
            fresh.key = address_key(address)
            fresh.answers = {**fresh.answers, "email": address.strip()}
        throttle_mail_locked(fresh.answers["email"], visitor.ip)
        mail_code_locked(fresh, session.get_one(Event, fresh.event_id), visitor)


def confirm_by_code(digits: str, visitor: Visitor, *, shown_cents: int | None = None) -> Guest:
    """Turn the draft into a registration by the six digits, in the browser that filled it in.

    `shown_cents`: the price that was told meanwhile, when it is not that of the form any more. Raises CodeRefused, TooMany
    or a RegistrationRefused. After a RegistrationRefused the code still works.
    """
    with writing():
        allow("code_try", network_key(visitor.ip), TRIES_PER_NETWORK, QUARTER)
        found = try_code_locked(CodePurpose.REGISTER, digits, visitor.browser_key)
        if isinstance(found, CodeWrong | TooManyTries):
            count_locked("code_try", network_key(visitor.ip))
        if not isinstance(found, CodeRefused):
            return confirm_locked(found, visitor, shown_cents)
    raise found


def confirm_by_link(token: str, visitor: Visitor, *, shown_cents: int | None = None) -> Guest:
    """Turn the draft into a registration by the mailed link, in any browser; only ever from a POST."""
    with writing():
        return confirm_locked(redeem_link_locked(token, CodePurpose.REGISTER), visitor, shown_cents)


def confirm_locked(code: OneTimeCode, visitor: Visitor, shown_cents: int | None) -> Guest:
    """Register the guest whose address the redeemed code has proven, and sign this browser in as them."""
    session = require_writing()
    query = select(RegistrationDraft).where(RegistrationDraft.public_id == str(code.context.get("draft", "")))
    event_id = session.scalar(query.with_only_columns(RegistrationDraft.event_id))
    if event_id is None:
        raise CodeExpired
    event = lock_event_locked(event_id)
    draft = session.execute(query.with_for_update().execution_options(**FRESH)).scalar_one()
    if draft.confirmed_at is not None or draft.key != code.key or draft.expires_at <= now():
        raise CodeUsed if draft.confirmed_at else CodeExpired
    wish = wish_of(draft)
    if shown_cents is not None:
        wish = replace(wish, shown_cents=shown_cents)
    person = person_for_guest_locked(wish.given_name, wish.family_name, wish.email, draft.locale)
    try:
        order = register_guest_locked(event, person, wish, locale=draft.locale, at=now())
    except AlreadyRegistered as already:  # told only now that the address is proven
        order = session.execute(select(Order).where(Order.code == already.order_code)).scalar_one()
    session.flush()
    draft.confirmed_at, draft.order_id = now(), order.id
    key = open_sign_in_locked(person, "registration", browser=visitor.browser, ip=visitor.ip)
    return Guest(order, person, key)


def order_of_draft(draft: RegistrationDraft) -> str | None:
    """The code of the order a confirmed draft became."""
    return db.session.scalar(select(Order.code).where(Order.id == draft.order_id)) if draft.order_id else None
