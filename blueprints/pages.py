"""Pages that belong to no noun: home, the cluster's texts, theme, health, the area stylesheet."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from blueprints.security import COOKIE_AGE
from extensions import csrf
from models.base import db

blueprint = Blueprint("pages", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The process reaches its database."""
    db.session.execute(text("SELECT 1"))
    return Response("ready\n", mimetype="text/plain")


@blueprint.post("/theme")
@csrf.exempt  # changes nothing but the reader's own look; a token would set a cookie on every page
def theme() -> ResponseReturnValue:
    """Keep the reader's choice of light, dark or the device's own."""
    chosen = request.form.get("theme", "")
    back = request.form.get("next", "/")
    response = redirect(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/", 303)
    if chosen in ("light", "dark"):
        response.set_cookie("theme", chosen, max_age=COOKIE_AGE, samesite="Lax", httponly=True)
    else:
        response.delete_cookie("theme")
    return response
