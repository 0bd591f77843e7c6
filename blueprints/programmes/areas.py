"""The page of a strategic area, its news feed, and the stylesheet of all areas."""

from __future__ import annotations

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from blueprints.guards import current_person
from blueprints.programmes import blueprint
from blueprints.security import cluster, settings
from blueprints.words import locale
from models.base import now
from services.areas import AreaFacts, all_areas, area_by_slug
from services.cards import cards
from services.catalogue import Filters, listing
from services.courses import courses_of_area
from services.feeds import area_feed
from services.programmes import programmes
from services.readers import Reader, reader_for

EVENTS_SHOWN = 12


def area_of(slug: str) -> AreaFacts:
    """The area with this slug, or 404."""
    found = area_by_slug(slug)
    if found is None:
        abort(404)
    return found


@blueprint.get("/areas/<slug>")
def area(slug: str) -> ResponseReturnValue:
    """One area: its next events, programmes and courses."""
    at = now()
    here = locale()
    chosen = area_of(slug)
    reader = reader_for(current_person(), at)
    found = listing(Filters(areas=(slug,)), reader, at)
    return render_template(
        "programmes/area.html",
        area=chosen.words(here),
        cards=cards(found.page(1, EVENTS_SHOWN), reader, here, at),
        total=found.total,
        programmes=programmes(here, at, area_id=chosen.id),
        courses=courses_of_area(chosen.id, here, at),
        area_slug=slug,
    )


@blueprint.get("/areas/<slug>.atom")
def feed(slug: str) -> ResponseReturnValue:
    """The coming events of one area as an Atom feed (RFC 4287); byte-identical while nothing changed."""
    at = now()
    here = locale()
    chosen = area_of(slug)
    ids = listing(Filters(areas=(slug,)), Reader(), at).ids
    body = area_feed(chosen.words(here), ids, here, settings().public_url, cluster())
    response = Response(body, mimetype="application/atom+xml")
    response.headers["Cache-Control"] = "public, max-age=900"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/areas.css")
def stylesheet() -> ResponseReturnValue:
    """The colours that are data of the cluster: its accent and its areas."""
    accent = cluster().data.get("accent")
    response = Response(render_template("areas.css.jinja", areas=all_areas(), accent=accent), mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag()
    return response.make_conditional(request)
