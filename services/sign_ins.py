"""Signed-in browsers: opening, finding, listing and revoking them."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import joinedload

from models.base import db, now
from models.credentials import SignIn
from models.people import Person
from services.codes import sha256
from services.transaction import require_writing, writing

LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(hours=1)
FRESH_FOR = timedelta(minutes=15)
LIVE_ONE = (
    select(SignIn)
    .where(SignIn.key_hash == bindparam("key_hash"), SignIn.revoked_at.is_(None), SignIn.expires_at > bindparam("at"))
    .options(joinedload(SignIn.person))
)


def open_sign_in_locked(person: Person, method: str, *, browser: str = "", ip: str = "") -> str:
    """Sign one browser in for 30 days; returns the random key for its cookie. Only the key's SHA-256 is kept.

    `method` is code, link, password, demo or registration; `browser` the User-Agent header.
    """
    key = secrets.token_urlsafe(32)
    require_writing().add(
        SignIn(
            key_hash=sha256(key), person_id=person.id, method=method, browser=browser[:200], ip=ip[:45],
            created_at=now(), seen_at=now(), expires_at=now() + LASTS,
        )
    )  # fmt: skip
    return key


def sign_in_of(key: str) -> SignIn | None:
    """The live sign-in with this key and its person; None when revoked, expired, or the person is gone."""
    row = db.session.scalar(LIVE_ONE, {"key_hash": sha256(key), "at": now()})
    return row if row is not None and row.person.is_active else None


def is_stale(row: SignIn) -> bool:
    """Whether `seen_at` is more than an hour old."""
    return row.seen_at <= now() - SEEN_EVERY


def mark_seen(sign_in_id: int) -> None:
    """Note that the browser was here; at most once an hour, in a short transaction."""
    with writing() as session:
        session.execute(
            update(SignIn).where(SignIn.id == sign_in_id, SignIn.seen_at <= now() - SEEN_EVERY).values(seen_at=now())
        )


def is_fresh(row: SignIn) -> bool:
    """Whether the person proved within the last quarter of an hour that they receive the mail of their address."""
    return row.method in ("code", "link", "registration") and row.created_at > now() - FRESH_FOR


def live_sign_ins(person: Person) -> list[SignIn]:
    """The person's signed-in browsers, the last seen first."""
    query = select(SignIn).where(SignIn.person_id == person.id, SignIn.revoked_at.is_(None), SignIn.expires_at > now())
    return list(db.session.scalars(query.order_by(SignIn.seen_at.desc(), SignIn.id.desc())))


def revoke(person_id: int, public_id: str) -> bool:
    """Sign one of the person's browsers out at its next request; False when it is not one of theirs."""
    with writing() as session:
        row = session.scalar(select(SignIn).where(SignIn.public_id == public_id, SignIn.person_id == person_id))
        if row is None:
            return False
        row.revoked_at = row.revoked_at or now()
        return True


def revoke_others(person: Person, kept: int | None) -> int:
    """Sign out every browser of the person but the one whose id is `kept`; how many."""
    with writing():
        return revoke_all_locked(person, but=kept)


def revoke_all_locked(person: Person, *, but: int | None = None) -> int:
    query = update(SignIn).where(SignIn.person_id == person.id, SignIn.revoked_at.is_(None), SignIn.expires_at > now())
    done = require_writing().execute(query.where(SignIn.id != (but or 0)).values(revoked_at=now()))
    return int(getattr(done, "rowcount", 0))


def forget_old_locked(at: datetime) -> int:
    """Delete sign-ins that ended a month ago or more; how many."""
    limit = at - LASTS
    done = require_writing().execute(delete(SignIn).where(or_(SignIn.expires_at < limit, SignIn.revoked_at < limit)))
    return int(getattr(done, "rowcount", 0))
