"""The registrations pages."""

from flask import Blueprint

blueprint = Blueprint("registrations", __name__)

from blueprints.registrations import views  # noqa: E402, F401  (the views register themselves on the blueprint)
