"""The public pages of events: the list, the months, one event."""

from flask import Blueprint

blueprint = Blueprint("events", __name__)

from blueprints.events import event, lists  # noqa: E402, F401  (the views register themselves on the blueprint)
