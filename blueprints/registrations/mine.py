"""/me: what is coming, what was, certificates, and the private calendar link."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from blueprints.guards import me, signed_in
from blueprints.registrations import blueprint
from models.base import now
from services.my_registrations import my_page


@blueprint.get("/me")
@signed_in
def mine() -> ResponseReturnValue:
    """My registrations, certificates and calendar."""
    person = me()
    page = my_page(person, now())
    return render_template("registrations/mine.html", me=person, page=page, at=now())
