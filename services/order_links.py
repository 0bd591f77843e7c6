"""The signed link of an order: it opens the order's page without sign-in, to see and to pay, and nothing more."""

from __future__ import annotations

import hashlib

from flask import current_app
from itsdangerous import Signer

from models.orders import Order


def signer() -> Signer:
    """HMAC-SHA-256 under SECRET_KEY. A new secret ends every link mailed before: the order then asks for a mailed code."""
    return Signer(str(current_app.secret_key), salt="order link", key_derivation="hmac", digest_method=hashlib.sha256)


def key_of(code: str) -> str:
    """The key of the order with this code."""
    return signer().get_signature(code).decode()


def opens(code: str, key: str) -> bool:
    """Whether `key` is the key of the order; compared in constant time."""
    return signer().verify_signature(code, key.encode("ascii", "replace"))


def order_url(order: Order | str) -> str:
    """The address to mail: it works without sign-in. Takes an order or its code."""
    code = order if isinstance(order, str) else order.code
    return f"{current_app.extensions['atrium'].public_url}/orders/{code}?key={key_of(code)}"
