"""The page of one event."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from blueprints.events import blueprint
from blueprints.guards import current_person, roles
from blueprints.security import cluster, settings
from blueprints.words import locale
from models.base import now
from models.courses import Publication
from services.calendar_links import google_link, map_link, outlook_link
from services.event_pages import event_page
from services.permissions import may_organise, may_see_event
from services.readers import reader_for
from services.structured import event_data


@blueprint.get("/events/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """One event. A draft is shown to those who see it at the desk, and does not exist for anybody else."""
    at = now()
    person = current_person()
    reader = reader_for(person, at)
    page = event_page(slug, reader, locale(), at)
    if page is None:
        abort(404)
    preview = page.event.publication == Publication.DRAFT
    if preview and not (person and may_see_event(roles(), page.event.id)):
        abort(404)
    address = f"{settings().public_url}/events/{page.event.slug}"
    return render_template(
        "events/event.html",
        page=page,
        preview=preview,
        organises=bool(person) and may_organise(roles(), page.event.id),
        enrols_team=reader.is_hr_manager and page.event.registration_is_open(at),
        root=request.script_root,
        data=None if preview else event_data(page, address, cluster(), at),
        google=google_link(page, address),
        outlook=outlook_link(page, address),
        map=map_link(page),
        area_slug=page.areas[0].slug if page.areas else None,
    )
