"""One-time codes: six digits and a link in one mail. 15 minutes, single use, five tries.

The digits work only in the browser that asked (it keeps a random handle); the link works in any browser, and only by a
POST, so that a mail scanner that opens it uses nothing up. Nobody who reads the database can use what it keeps.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from unicodedata import decimal

from flask import current_app
from sqlalchemy import Select, delete, select, update

from models.base import db, now
from models.credentials import CodePurpose, OneTimeCode
from models.events import Event
from models.people import Person, address_key
from services.outbox import queue_mail_locked
from services.transaction import require_writing, writing

VALID_FOR = timedelta(minutes=15)
TEMPLATES = {
    CodePurpose.SIGN_IN: "sign_in_code",
    CodePurpose.REGISTER: "registration_code",
    CodePurpose.PROVE_ADDRESS: "prove_address",
    CodePurpose.ORDER: "order_code",
}
LINKS = {
    CodePurpose.SIGN_IN: "/sign-in/link/{token}",
    CodePurpose.REGISTER: "/registrations/link/{token}",
    CodePurpose.PROVE_ADDRESS: "/me/addresses/link/{token}",
    CodePurpose.ORDER: "/orders/link/{token}",
}


class CodeRefused(Exception):
    """A code or link that opens nothing; each subclass says why."""


class CodeWrong(CodeRefused):
    """These are not the digits of the last mail. `tries_left` more tries, at least one."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(tries_left)
        self.tries_left = tries_left


class CodeExpired(CodeRefused):
    """More than 15 minutes old, or this browser asked for none: ask for a new one."""


class CodeUsed(CodeExpired):
    """It has done its work already."""


class TooManyTries(CodeRefused):
    """Five wrong tries: the digits are dead. The link of the same mail still works; a new mail brings new digits."""


def sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def digits_hash(link_hash: str, digits: str) -> str:
    """HMAC-SHA-256 of the digits under SECRET_KEY, salted by the row: a million tries on a stolen table find nothing."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, f"one-time code:{link_hash}:{digits}".encode(), hashlib.sha256).hexdigest()


def write_code_locked(
    purpose: CodePurpose, address: str, browser_key: str, context: dict[str, Any] | None = None
) -> tuple[OneTimeCode, str, str]:
    """A new code: its row, the six digits, and the token of the link. Mails nothing."""
    digits, token = f"{secrets.randbelow(10**6):06d}", secrets.token_urlsafe(32)
    link_hash = sha256(token)
    code = OneTimeCode(
        purpose=purpose,
        address=address.strip(),
        key=address_key(address),
        browser_hash=sha256(browser_key),
        code_hash=digits_hash(link_hash, digits),
        link_hash=link_hash,
        context=context or {},
        created_at=now(),
        expires_at=now() + VALID_FOR,
        tries=0,
    )
    require_writing().add(code)
    return code, digits, token


def issue_code_locked(
    purpose: CodePurpose,
    address: str,
    *,
    browser_key: str,
    locale: str,
    context: dict[str, Any] | None = None,
    name: str = "",
    person: Person | None = None,
    event: Event | int | None = None,
    mail_context: dict[str, Any] | None = None,
    link: str = "",
) -> OneTimeCode:
    """Write a code and its mail. `context` comes back when it is redeemed; `mail_context` goes to the template.

    `link` is the path of the page that confirms by the link, with `{token}` in it (default: LINKS of the purpose).
    """
    code, digits, token = write_code_locked(purpose, address, browser_key, context)
    queue_mail_locked(
        TEMPLATES[purpose],
        address,
        locale=locale,
        name=name,
        person=person,
        event=event,
        context={
            **(mail_context or {}),
            "code": digits,
            "link": (link or LINKS[purpose]).format(token=token),
            "expires_at": code.expires_at.isoformat(),
        },
    )
    return code


def newest(purpose: CodePurpose, browser_key: str) -> Select[OneTimeCode]:
    return (
        select(OneTimeCode)
        .where(OneTimeCode.purpose == purpose, OneTimeCode.browser_hash == sha256(browser_key))
        .order_by(OneTimeCode.id.desc())
        .limit(1)
    )


def asked_code(purpose: CodePurpose, browser_key: str) -> OneTimeCode | None:
    """The last code this browser asked for, used or not: to say where the mail went."""
    return db.session.scalar(newest(purpose, browser_key)) if browser_key else None


def try_code_locked(purpose: CodePurpose, digits: str, browser_key: str) -> OneTimeCode | CodeRefused:
    """Use the code up, or count the try. A refusal is returned, not raised, so that the count is committed with it.

    For services that act in the same transaction as the code; others call `redeem_code`.
    """
    fresh = newest(purpose, browser_key).with_for_update().execution_options(populate_existing=True)
    code = require_writing().scalar(fresh) if browser_key else None
    if code is None:
        return CodeExpired()
    if (refusal := refusal_of(code)) is not None:
        return refusal
    if code.tries >= code.MAX_TRIES:
        return TooManyTries()
    given = "".join(str(decimal(character)) for character in digits if character.isdecimal())
    if not hmac.compare_digest(digits_hash(code.link_hash, given), code.code_hash):
        code.tries += 1
        left = code.MAX_TRIES - code.tries
        return CodeWrong(left) if left else TooManyTries()
    return use_locked(code)


def refusal_of(code: OneTimeCode) -> CodeRefused | None:
    """Why neither the digits nor the link open anything any more, or None."""
    if code.used_at is not None:
        return CodeUsed()
    return CodeExpired() if now() >= code.expires_at else None


def use_locked(code: OneTimeCode) -> OneTimeCode:
    """Mark the code used. Whoever has signed in needs no other code: those still open for the address end too."""
    code.used_at = now()
    if code.purpose == CodePurpose.SIGN_IN:
        require_writing().execute(
            update(OneTimeCode)
            .where(OneTimeCode.purpose == code.purpose, OneTimeCode.key == code.key, OneTimeCode.used_at.is_(None))
            .values(used_at=code.used_at)
        )
    return code


def redeem_code(purpose: CodePurpose, digits: str, browser_key: str) -> OneTimeCode:
    """Use the digits up. Raises CodeWrong, CodeExpired, CodeUsed, TooManyTries; a wrong try is counted."""
    with writing():
        found = try_code_locked(purpose, digits, browser_key)
    if isinstance(found, CodeRefused):
        raise found
    return found


def find_link(token: str, purpose: CodePurpose) -> OneTimeCode:
    """What the link would open, using nothing up: for the page with the one button. Raises CodeExpired, CodeUsed."""
    code = db.session.scalar(of_link(token, purpose))
    if code is None:
        raise CodeExpired
    if (refusal := refusal_of(code)) is not None:
        raise refusal
    return code


def of_link(token: str, purpose: CodePurpose) -> Select[OneTimeCode]:
    return select(OneTimeCode).where(OneTimeCode.link_hash == sha256(token), OneTimeCode.purpose == purpose)


def redeem_link_locked(token: str, purpose: CodePurpose) -> OneTimeCode:
    """Use the link up, inside an open transaction. Raises CodeExpired, CodeUsed."""
    fresh = of_link(token, purpose).with_for_update().execution_options(populate_existing=True)
    code = require_writing().scalar(fresh)
    if code is None:
        raise CodeExpired
    if (refusal := refusal_of(code)) is not None:
        raise refusal
    return use_locked(code)


def redeem_link(token: str, purpose: CodePurpose) -> OneTimeCode:
    """Use the link up; only ever from a POST. Raises CodeExpired, CodeUsed."""
    with writing():
        return redeem_link_locked(token, purpose)


def forget_old_locked(at: datetime) -> int:
    """Delete codes that ended more than a day ago; how many."""
    done = require_writing().execute(delete(OneTimeCode).where(OneTimeCode.expires_at < at - timedelta(days=1)))
    return int(getattr(done, "rowcount", 0))
