"""Calendars: files and feeds for programs, and the page that says how to subscribe."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext as _

from blueprints.calendars import blueprint
from blueprints.guards import me, signed_in
from blueprints.security import cluster, settings
from models.base import db
from services.calendar_feeds import (
    CONTENT_TYPE,
    Feed,
    area_of,
    close_feed,
    event_file,
    events_feed,
    live_feed,
    note_fetch,
    open_feed,
    owner_of,
    personal_feed,
    subscriptions,
)

TOKEN = "calendar_token"


def feed_locale() -> str:
    """The language of a feed: what its address says, else the cluster's first. Calendar programs have no other wish."""
    known: list[str] = cluster().languages
    asked = request.args.get("lang", "")
    return asked if asked in known else known[0]


def own_address(path: str, locale: str = "") -> str:
    """The feed's address as calendar programs keep it."""
    return f"{settings().public_url}{path}{f'?lang={locale}' if locale else ''}"


def answer(feed: Feed, filename: str, *, private: bool = False) -> ResponseReturnValue:
    """The feed, or 304 before anything is built."""
    response = Response(content_type=CONTENT_TYPE)
    response.set_etag(feed.etag)
    response.last_modified = feed.modified
    scope = "private" if private else "public"
    response.headers["Cache-Control"] = f"{scope}, max-age=300, must-revalidate"
    response.headers["Content-Disposition"] = f'inline; filename="{filename}.ics"'
    if private:
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Referrer-Policy"] = "no-referrer"
    response.make_conditional(request)
    if response.status_code != 304:
        response.set_data(feed.body())
    return response


@blueprint.get("/events/<slug>.ics")
def event(slug: str) -> ResponseReturnValue:
    """Every half-day of one event."""
    feed = event_file(slug, feed_locale())
    if feed is None:
        abort(404)
    return answer(feed, slug)


@blueprint.get("/calendar/events.ics")
def events() -> ResponseReturnValue:
    """Everything that is listed."""
    locale = feed_locale()
    return answer(events_feed(cluster().name, own_address(request.path, locale), locale), "events")


@blueprint.get("/calendar/areas/<slug>.ics")
def area(slug: str) -> ResponseReturnValue:
    """Everything of one area."""
    found, locale = area_of(slug), feed_locale()
    if found is None:
        abort(404)
    name = f"{cluster().name}: {found.name(locale)}"
    return answer(events_feed(name, own_address(request.path, locale), locale, area=found), slug)


@blueprint.get("/calendar/<token>.ics")
def personal(token: str) -> ResponseReturnValue:
    """A person's own places. A wrong or revoked token is not found, whatever it was."""
    owner = owner_of(token)
    if owner is None:
        abort(404)
    feed, person = owner
    with force_locale(person.locale):
        name = _("%(cluster)s: my events", cluster=cluster().name)
    built = personal_feed(person, name, own_address(request.path))
    response = answer(built, "my-events", private=True)
    db.session.rollback()
    note_fetch(feed)
    return response


@blueprint.get("/calendar")
def subscribe() -> ResponseReturnValue:
    """How to have the events in one's own calendar."""
    locale = feed_locale() if "lang" in request.args else ""
    return render_template("calendars/index.html", links=subscriptions, here=own_address, lang=locale)


@blueprint.get("/me/calendar")
@signed_in
def mine() -> ResponseReturnValue:
    """My private link: shown once when it is made, because only its fingerprint is kept."""
    token = session.pop(TOKEN, None)
    address = own_address(url_for("calendars.personal", token=token)) if token else None
    return render_template("calendars/mine.html", feed=live_feed(me()), address=address, links=subscriptions)


@blueprint.post("/me/calendar")
@signed_in
def make() -> ResponseReturnValue:
    """Make a new private link; the one before ends."""
    session[TOKEN] = open_feed(me())
    return redirect(url_for("calendars.mine"), 303)


@blueprint.post("/me/calendar/revoke")
@signed_in
def revoke() -> ResponseReturnValue:
    """End my private link."""
    close_feed(me())
    flash(_("The calendar link is ended. Programs that have it get nothing any more."), "success")
    return redirect(url_for("calendars.mine"), 303)
