"""Optional passwords, kept as argon2id hashes (RFC 9106). Hashing is slow on purpose: never inside `writing()`."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from models.base import db, now
from models.credentials import Password
from models.people import EmailAddress, Person
from services.sign_ins import revoke_all_locked
from services.throttles import allow, count_locked
from services.transaction import require_writing, writing

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200  # characters
CONFIRMATIONS = 10


class PasswordWeak(ValueError):
    """A password that is guessed too soon; `reason` is 'short', 'long', 'repeated' or 'personal'."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PasswordWrong(ValueError):
    """The present password was not given, or is another one."""


def hasher() -> PasswordHasher:
    """argon2id with 19 MiB, two passes, one lane: the least that OWASP's cheat sheet asks for, and light enough that
    a few sign-ins at once do not exhaust a small server."""
    from argon2 import PasswordHasher  # only who has a password pays for the import

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@lru_cache(maxsize=1)
def nobodys_hash() -> str:
    """What a password is compared with when there is none: an unknown address costs the same time as a known one."""
    return hasher().hash("nobody has this password")


def matches(kept: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed. Takes as long when there is no hash."""
    from argon2.exceptions import InvalidHashError, VerificationError

    dummy = nobodys_hash()
    try:
        hasher().verify(kept or dummy, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def renewed(kept: str, password: str) -> str | None:
    """A new hash of a password that just matched, when the parameters have changed since; else None."""
    tool = hasher()
    return tool.hash(password) if tool.check_needs_rehash(kept) else None


def kept_hash(person_id: int) -> str | None:
    return db.session.scalar(select(Password.hash).where(Password.person_id == person_id))


def has_password(person: Person) -> bool:
    return kept_hash(person.id) is not None


def check_strength(person: Person, password: str) -> None:
    """Raise PasswordWeak: too short or long, a repetition, or made of the person's own name or address."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise PasswordWeak("short")
    if len(password) > LONGEST:
        raise PasswordWeak("long")
    if len(set(plain)) < 5:
        raise PasswordWeak("repeated")
    keys = db.session.scalars(select(EmailAddress.key).where(EmailAddress.person_id == person.id))
    own = [person.given_name, person.family_name, *(part for key in keys for part in (key, key.partition("@")[0]))]
    for word in sorted((word.casefold() for word in own if len(word) > 2), key=len, reverse=True):
        plain = plain.replace(word, "")
    if len(plain) < SHORTEST // 2:
        raise PasswordWeak("personal")


def set_password(person: Person, password: str, *, keep_sign_in: int | None = None) -> None:
    """Set or change the password; every other browser is signed out (`keep_sign_in`: the id of the one that stays).

    Raises PasswordWeak.
    """
    check_strength(person, password)
    db.session.rollback()  # no transaction stays open during the hash
    made = hasher().hash(password)
    with writing() as session:
        row = session.scalar(select(Password).where(Password.person_id == person.id).with_for_update())
        if row is None:
            session.add(Password(person_id=person.id, hash=made))
        else:
            row.hash, row.changed_at = made, now()
        revoke_all_locked(person, but=keep_sign_in)


def remove_password(person: Person) -> None:
    """From now on codes only."""
    with writing() as session:
        session.execute(delete(Password).where(Password.person_id == person.id))


def confirm_password(person: Person, password: str) -> None:
    """Raise PasswordWrong unless `password` is the person's present one; TooMany after ten wrong ones in 15 minutes."""
    with writing():
        allow("password_confirm", person.public_id, CONFIRMATIONS, timedelta(minutes=15))
        count_locked("password_confirm", person.public_id)
    kept = kept_hash(person.id)
    db.session.rollback()
    if not matches(kept, password):
        raise PasswordWrong


def keep_renewed_locked(person_id: int, old: str, new: str) -> None:
    """Store a hash made with today's parameters, unless the password was changed meanwhile."""
    row = require_writing().scalar(select(Password).where(Password.person_id == person_id, Password.hash == old))
    if row is not None:
        row.hash = new
