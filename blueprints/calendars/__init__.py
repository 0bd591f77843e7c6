"""The calendars pages."""

from flask import Blueprint

blueprint = Blueprint("calendars", __name__)

from blueprints.calendars import views  # noqa: E402, F401  (the views register themselves on the blueprint)
