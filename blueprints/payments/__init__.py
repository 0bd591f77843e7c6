"""Paying by card, and what providers tell us."""

from flask import Blueprint

blueprint = Blueprint("payments", __name__)

from blueprints.payments import cards, webhooks  # noqa: E402, F401  (the views register themselves on the blueprint)
