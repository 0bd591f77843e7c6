"""The terms an order was placed under: kept with the first order that accepts them, and shown as they were."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext as _
from sqlalchemy import bindparam, select

from integrations.mail import Attachment
from models.base import db, in_language, now
from models.orders import Order
from models.terms import AcceptedTerms
from services.dates import LONG_AGO, day_words, local_day, say_clock
from services.many_rows import insert_new
from services.rows import plain_rows
from services.transaction import require_writing

KEPT = select(AcceptedTerms.id).where(AcceptedTerms.sha256 == bindparam("sha256"))


def keep_terms_locked() -> str:
    """Keep the cluster's present terms, once; the SHA-256 they are found by."""
    terms = current_app.extensions["cluster"].terms
    texts: dict[str, Any] = {"title": terms["title"], "text": terms["text"]}
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    session = require_writing()
    if plain_rows(KEPT, sha256=digest).scalar():  # by all orders but the first
        return digest
    row = {"sha256": digest, "version": str(terms["version"]), "texts": texts, "created_at": now()}
    session.execute(insert_new(AcceptedTerms, "sha256").values(**row))
    return digest


def terms_of_order(order: Order) -> AcceptedTerms | None:
    """The terms as the order's buyer accepted them; None for an order older than this memory."""
    return db.session.scalar(select(AcceptedTerms).where(AcceptedTerms.sha256 == order.terms_sha256))


def terms_text(order: Order, terms: AcceptedTerms) -> str:
    """The terms in a file of their own, in the language of the order: what was accepted, when, and the sentence about leaving
    (directive 2011/83/EU art. 8(7): a durable medium)."""
    zone, locale = str(current_app.extensions["cluster"].zone), order.locale
    day = day_words(local_day(order.created_at, zone), locale, True, LONG_AGO)
    with force_locale(locale):
        head = [
            in_language(terms.texts["title"], locale),
            str(current_app.extensions["cluster"].legal_name),
            _("Version %(version)s", version=terms.version) + f" (SHA-256 {terms.sha256})",
            _("Accepted with order %(code)s on %(day)s, %(clock)s.", code=order.code, day=day,
              clock=say_clock(order.created_at, locale, zone)),
        ]  # fmt: skip
        leaving = f"{_('If you cannot come')}{_(': ')}{order.policy}\n\n" if order.policy else ""
    return "\n".join(head) + f"\n\n{leaving}{in_language(terms.texts['text'], locale).strip()}\n"


def terms_paper(order: Order) -> tuple[Attachment, ...]:
    """The same for the mail that confirms an order which costs something; nothing for one older than this memory."""
    terms = terms_of_order(order) if order.reference else None
    if terms is None:
        return ()
    return (Attachment(f"{order.code}-{terms.version}.txt", terms_text(order, terms).encode(), "text", "plain"),)
