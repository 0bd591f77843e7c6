"""The page of a course: what it teaches, and its dates."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from blueprints.guards import current_person
from blueprints.programmes import blueprint
from blueprints.security import cluster, settings
from blueprints.words import locale
from models.base import now
from services.cards import cards
from services.courses import course_page
from services.readers import reader_for
from services.structured import course_data


@blueprint.get("/courses/<slug>")
def course(slug: str) -> ResponseReturnValue:
    """One course with its coming dates, or the way to ask for one."""
    at = now()
    page = course_page(slug, locale(), at)
    if page is None:
        abort(404)
    address = f"{settings().public_url}/courses/{page.line.slug}"
    return render_template(
        "programmes/course.html",
        page=page,
        cards=cards(page.event_ids, reader_for(current_person(), at), locale(), at),
        data=course_data(page, address, cluster()),
        area_slug=page.line.areas[0].slug if page.line.areas else None,
    )
