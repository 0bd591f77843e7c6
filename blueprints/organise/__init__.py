"""The organise pages."""

from flask import Blueprint

blueprint = Blueprint("organise", __name__)

from blueprints.organise import mails, views  # noqa: E402, F401  (the views register themselves on the blueprint)
