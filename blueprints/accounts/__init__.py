"""Signing in, and what a person keeps about themselves."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

from blueprints.accounts import (  # noqa: E402, F401  (the views register themselves on the blueprint)
    addresses,
    password,
    profile,
    session,
    sign_in,
    sign_ins,
)
