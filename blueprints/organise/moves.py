"""At the desk: a colleague takes somebody's place, or somebody moves to another date of the course."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from blueprints.organise.registrations import dossier_of
from blueprints.registrations.changes import REFUSED, ColleagueForm, DateForm
from blueprints.registrations.words import change_refusal
from models.base import now
from services.audit import record
from services.date_changes import other_dates
from services.substitutions import substitute


@blueprint.route("/organise/events/<slug>/attendees/<public_id>/colleague", methods=["GET", "POST"])
@form_view
def replace_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """A colleague takes the place, the order and the price."""
    event = organiser_of(slug)
    found = dossier_of(event.id, public_id).registration
    form = ColleagueForm()
    if form.validate_on_submit():
        try:
            coming = substitute(public_id, form.colleague(), actor=me(), by_organiser=True)
        except REFUSED as refusal:
            event, found = organiser_of(slug), dossier_of(event.id, public_id).registration
            form.email.errors = [change_refusal(refusal, event)]
        else:
            record("registration.substituted", me(), event=event, subject_kind="registration", subject_id=found.id)
            flash(_("%(name)s has the place now, and is told by mail.", name=coming.name), "success")
            return redirect(url_for("organise.registration", slug=slug, public_id=coming.public_id), 303)
    page = render_template("organise/colleague.html", **event_page(event), form=form, registration=found)
    return page, status_of(form)


@blueprint.route("/organise/events/<slug>/attendees/<public_id>/date", methods=["GET", "POST"])
@form_view
def move_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """Another date of the same course, at the price agreed."""
    event = organiser_of(slug)
    found = dossier_of(event.id, public_id).registration
    form = DateForm()
    form.offer(other_dates(found, now()))
    if form.validate_on_submit():
        try:
            if form.move(public_id, me()):
                record("registration.moved", me(), event=event, subject_kind="registration", subject_id=found.id)
                flash(_("%(name)s has moved to the new date, and is told by mail.", name=found.name), "success")
                return redirect(url_for("organise.registration", slug=slug, public_id=public_id), 303)
        except REFUSED as refusal:
            form.tell(refusal, event)
        event, found = organiser_of(slug), dossier_of(event.id, public_id).registration
        form.offer(other_dates(found, now()))
    return render_template("organise/date.html", **event_page(event), form=form, registration=found), status_of(form)
