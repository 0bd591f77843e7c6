"""The programmes pages."""

from flask import Blueprint

blueprint = Blueprint("programmes", __name__)

from blueprints.programmes import views  # noqa: E402, F401  (the views register themselves on the blueprint)
