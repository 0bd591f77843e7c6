"""Certificates in public: anybody who has the address of one may check it, for ever and without signing in."""

from flask import Blueprint

blueprint = Blueprint("certificates", __name__)

from blueprints.certificates import lookup, verification  # noqa: E402, F401  (the views register themselves on the blueprint)
