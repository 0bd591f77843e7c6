"""The certificates pages."""

from flask import Blueprint

blueprint = Blueprint("certificates", __name__)

from blueprints.certificates import views  # noqa: E402, F401  (the views register themselves on the blueprint)
