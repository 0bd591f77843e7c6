"""The progress of long work: how far, and what needs somebody."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guards import organiser_of, require_staff
from blueprints.organise import blueprint
from models.events import Event
from models.outbox import Job
from services.desk import event_of_desk
from services.jobs import job_by_public_id, names_of_problems
from services.permissions import event_slug


@dataclass(frozen=True)
class Trouble:
    """One step that did not work: whom it concerns, what is wrong, and the registration whose name must be written."""

    name: str
    text: str
    registration: str | None


@blueprint.get("/organise/jobs/<public_id>")
def job(public_id: str) -> ResponseReturnValue:
    """A job of an event that one organises."""
    require_staff()
    found = job_by_public_id(public_id) or abort(404)
    slug = event_slug(found.event_id) if found.event_id else None
    if slug is None:
        abort(404)
    event = event_of_desk(organiser_of(slug).id)
    return render_template("organise/job.html", event=event, job=found, troubles=troubles(found, event))


def troubles(found: Job, event: Event) -> list[Trouble]:
    """The job's problems in the reader's words. A problem is `<registration> <code> <detail>`, or free words."""
    names = names_of_problems(found)
    rows = []
    for problem in found.problems:
        who, _space, rest = problem.partition(" ")
        code, _space, detail = rest.partition(" ")
        if who in names and code == "unprintable":
            text = _("The certificate’s typefaces do not have %(letters)s.", letters=" ".join(detail))
            rows.append(Trouble(names[who], text, who))
        elif found.finished_at is None:
            rows.append(
                Trouble("", _("The work stopped and goes on by itself in a few minutes: %(why)s", why=problem), None)
            )
    return rows
