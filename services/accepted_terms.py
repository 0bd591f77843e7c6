"""The terms an order was placed under: kept with the first order that accepts them, and shown as they were."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from models.base import db, now
from models.orders import Order
from models.terms import AcceptedTerms
from services.transaction import require_writing


def keep_terms_locked() -> str:
    """Keep the cluster's present terms, once; the SHA-256 they are found by."""
    terms = current_app.extensions["cluster"].terms
    texts: dict[str, Any] = {"title": terms["title"], "text": terms["text"]}
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    session = require_writing()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"sha256": digest, "version": str(terms["version"]), "texts": texts, "created_at": now()}
    session.execute(insert(AcceptedTerms).values(**row).on_conflict_do_nothing(index_elements=["sha256"]))
    return digest


def terms_of_order(order: Order) -> AcceptedTerms | None:
    """The terms as the order's buyer accepted them; None for an order older than this memory."""
    return db.session.scalar(select(AcceptedTerms).where(AcceptedTerms.sha256 == order.terms_sha256))
