"""Registering, the guest's draft, the order page and a person's own page."""

from flask import Blueprint

blueprint = Blueprint("registrations", __name__)

from blueprints.registrations import (  # noqa: E402, F401  (they register themselves)
    answers,
    billing,
    changes,
    drafts,
    exemptions,
    mine,
    orders,
    proof,
    refund,
    register,
    team,
    withdrawal,
)
