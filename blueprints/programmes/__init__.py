"""The public pages of programmes, courses and areas."""

from flask import Blueprint

blueprint = Blueprint("programmes", __name__)

from blueprints.programmes import areas, courses, programmes  # noqa: E402, F401  (the views register themselves)
