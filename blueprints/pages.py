"""Pages that belong to no noun: home, the cluster's texts, what crawlers read, theme, health."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from blueprints.guards import current_person
from blueprints.security import COOKIE_AGE, cluster, settings
from blueprints.words import locale
from extensions import csrf
from models.base import db, in_language, language_of, now
from services.cards import cards
from services.catalogue import Filters, listing
from services.markdown import rendered
from services.organisations import count_members
from services.programmes import programmes
from services.readers import reader_for
from services.sitemap import sitemap_xml
from services.structured import house_data

blueprint = Blueprint("pages", __name__)

SOON = 4


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What the cluster is, what comes next, and one path."""
    at = now()
    here = locale()
    reader = reader_for(current_person(), at)
    coming = listing(Filters(), reader, at)
    return render_template(
        "pages/home.html",
        cards=[card for card in cards(coming.ids[: SOON * 2], reader, here, at) if card.starts_at >= at][:SOON],
        total=coming.total,
        counts=coming.counts.areas,
        members=count_members(at),
        programme=next(iter(programmes(here, at, most=1)), None),
        data=house_data(cluster(), settings().public_url),
    )


@blueprint.get("/terms")
def terms() -> ResponseReturnValue:
    return cluster_text("terms")


@blueprint.get("/privacy")
def privacy() -> ResponseReturnValue:
    return cluster_text("privacy")


@blueprint.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    return cluster_text("accessibility")


def cluster_text(name: str) -> str:
    """A versioned text of the cluster file, in the reader's language or the first that has it."""
    said = cluster().data[name]
    here = locale()
    spoken = language_of(said["text"], here)
    return render_template(
        "pages/text.html",
        title=in_language(said["title"], here),
        body=rendered(in_language(said["text"], here)),
        body_lang=None if spoken == here else spoken,
        version=said["version"],
    )


@blueprint.get("/contact")
def contact() -> ResponseReturnValue:
    """How to reach the cluster."""
    return render_template("pages/contact.html")


@blueprint.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """Every public page in every language (sitemaps.org 0.9, with the alternates Google reads)."""
    response = Response(sitemap_xml(settings().public_url, cluster().languages), mimetype="application/xml")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """What crawlers leave alone: the desk, people's own pages, and forms."""
    closed = (
        "/organise",
        "/me",
        "/orders",
        "/sign-in",
        "/registrations",
        "/mailbox",
        "/events/*/register",
        "/calendar/",
    )
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in closed),
        f"Sitemap: {settings().public_url}/sitemap.xml",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


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
