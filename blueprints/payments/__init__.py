"""The payments pages."""

from flask import Blueprint

blueprint = Blueprint("payments", __name__)

from blueprints.payments import views  # noqa: E402, F401  (the views register themselves on the blueprint)
