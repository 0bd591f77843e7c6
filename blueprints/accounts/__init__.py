"""The accounts pages."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

from blueprints.accounts import views  # noqa: E402, F401  (the views register themselves on the blueprint)
