"""Ways in: a mailed code, its link, a password. None of them tells whether anybody has the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from models.base import db
from models.credentials import CodePurpose, OneTimeCode
from models.people import Person, address_key
from services.codes import (
    CodeRefused,
    CodeWrong,
    TooManyTries,
    issue_code_locked,
    redeem_link_locked,
    try_code_locked,
    write_code_locked,
)
from services.outbox import queue_mail_locked
from services.passwords import keep_renewed_locked, kept_hash, matches, renewed
from services.people import person_by_address, prove_locked
from services.sign_ins import open_sign_in_locked
from services.throttles import allow, count_locked, forgive_locked, network_key
from services.transaction import writing

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
CODES_PER_ADDRESS, CODES_PER_NETWORK = 5, 60  # in an hour; a whole company or a conference shares one network address
TRIES_PER_NETWORK = 60  # wrong digits in a quarter of an hour
PASSWORDS_PER_ADDRESS, PASSWORDS_PER_NETWORK = 10, 60  # wrong passwords in a quarter of an hour


@dataclass(frozen=True)
class Visitor:
    """The browser at the door: its random handle, its User-Agent, its network address, the language it reads."""

    browser_key: str
    browser: str = ""
    ip: str = ""
    locale: str = "en"


@dataclass(frozen=True)
class Entry:
    """A sign-in that has just been opened: whose, the key for the cookie, and the path that was wanted."""

    person: Person
    key: str
    next: str = ""


class SignInRefused(Exception):
    """The address and the password do not belong together; which of them is wrong is not said."""


def throttle_mail_locked(address: str, ip: str) -> None:
    """Count one mail with a code for this address from this network. Raises TooMany. Shared by every purpose."""
    for kind, key, limit in (
        ("code_address", address_key(address), CODES_PER_ADDRESS),
        ("code_network", network_key(ip), CODES_PER_NETWORK),
    ):
        allow(kind, key, limit, HOUR)
        count_locked(kind, key)


def ask_code(address: str, visitor: Visitor, *, next_path: str = "") -> OneTimeCode:
    """Mail a code and a link to the address; raises TooMany.

    An address that nobody has gets a row like any other, whose digits are told to nobody, and a mail that says so: the
    page, the tries and the time it takes are the same.
    """
    with writing():
        throttle_mail_locked(address, visitor.ip)
        person = person_by_address(address)
        context = {"next": next_path} if next_path else {}
        if person is not None:
            return issue_code_locked(
                CodePurpose.SIGN_IN, address, browser_key=visitor.browser_key, locale=person.locale,
                context=context, name=person.name, person=person,
            )  # fmt: skip
        code, _, _ = write_code_locked(CodePurpose.SIGN_IN, address, visitor.browser_key, context)
        queue_mail_locked(
            "sign_in_unknown", address, locale=visitor.locale, context={"expires_at": code.expires_at.isoformat()}
        )
        return code


def enter_by_code(digits: str, visitor: Visitor) -> Entry:
    """Sign in with the six digits, in the browser that asked. Raises CodeRefused or TooMany."""
    with writing():
        allow("code_try", network_key(visitor.ip), TRIES_PER_NETWORK, QUARTER)
        found = try_code_locked(CodePurpose.SIGN_IN, digits, visitor.browser_key)
        if isinstance(found, CodeWrong | TooManyTries):
            count_locked("code_try", network_key(visitor.ip))
        if not isinstance(found, CodeRefused):
            return enter_locked(found, "code", visitor)
    raise found


def enter_by_link(token: str, visitor: Visitor) -> Entry:
    """Sign in with the link, in any browser; only ever from a POST. Raises CodeExpired, CodeUsed."""
    with writing():
        return enter_locked(redeem_link_locked(token, CodePurpose.SIGN_IN), "link", visitor)


def enter_locked(code: OneTimeCode, method: str, visitor: Visitor) -> Entry:
    """Open the sign-in that a redeemed code gives. The address is proven by it."""
    person = person_by_address(code.address)
    if person is None:  # erased or moved between the mail and the click; the code of an unknown address is told nobody
        raise CodeWrong(1)
    prove_locked(person, code.address)
    forgive_locked("code_address", code.key)
    key = open_sign_in_locked(person, method, browser=visitor.browser, ip=visitor.ip)
    return Entry(person, key, str(code.context.get("next", "")))


def enter_by_password(address: str, password: str, visitor: Visitor) -> Entry:
    """Sign in with an address and a password. Raises SignInRefused or TooMany; the hash is compared outside any
    transaction, and takes the same time when nobody has the address or the person has no password."""
    counted = (
        ("password_address", address_key(address), PASSWORDS_PER_ADDRESS),
        ("password_network", network_key(visitor.ip), PASSWORDS_PER_NETWORK),
    )
    with writing():  # counted before the slow comparison: a hundred guesses at once are a hundred guesses
        for kind, key, limit in counted:
            allow(kind, key, limit, QUARTER)
            count_locked(kind, key)
    person = person_by_address(address)
    kept = kept_hash(person.id) if person else None
    db.session.rollback()
    right = matches(kept, password)
    if not right or person is None or kept is None:
        raise SignInRefused
    better = renewed(kept, password)
    with writing():
        if kept_hash(person.id) != kept:  # changed or removed while we compared
            raise SignInRefused
        if better:
            keep_renewed_locked(person.id, kept, better)
        forgive_locked("password_address", address_key(address))
        return Entry(person, open_sign_in_locked(person, "password", browser=visitor.browser, ip=visitor.ip))


def enter_demo(address: str, visitor: Visitor) -> Entry | None:
    """Sign in as one of the cast with one click; the caller makes sure that this is the demo. None: not loaded."""
    with writing():
        person = person_by_address(address)
        if person is None:
            return None
        return Entry(person, open_sign_in_locked(person, "demo", browser=visitor.browser, ip=visitor.ip))
