"""Learning paths: all of them, and one."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from blueprints.programmes import blueprint
from blueprints.security import cluster, settings
from blueprints.words import locale
from models.base import now
from services import programmes
from services.structured import programme_data


@blueprint.get("/programmes")
def index() -> ResponseReturnValue:
    """Every published programme with its path."""
    return render_template("programmes/index.html", programmes=programmes.programmes(locale(), now()))


@blueprint.get("/programmes/<slug>")
def programme(slug: str) -> ResponseReturnValue:
    """One programme: its courses in order, and when each can be followed next."""
    page = programmes.programme_page(slug, locale(), now())
    if page is None:
        abort(404)
    address = f"{settings().public_url}/programmes/{page.slug}"
    return render_template(
        "programmes/programme.html",
        page=page,
        data=programme_data(page, address, cluster()),
        area_slug=page.area.slug if page.area else None,
    )
