"""The events pages."""

from flask import Blueprint

blueprint = Blueprint("events", __name__)

from blueprints.events import views  # noqa: E402, F401  (the views register themselves on the blueprint)
