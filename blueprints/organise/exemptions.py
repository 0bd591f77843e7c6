"""Wishes for an exemption from a prerequisite, at the desk: the list, and the answer."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import TextAreaField

from blueprints.forms import Form, form_view, longest, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from models.registrations import Exemption
from services.exemptions import AlreadyDecided, AnswerMissing, decide, request_of, requests_of


class AnswerForm(Form):
    answer = TextAreaField(
        _l("Your answer"), [longest(500)], description=_l("They read this in their mail. Needed when you refuse.")
    )


@blueprint.get("/organise/events/<slug>/exemptions")
def exemptions(slug: str) -> ResponseReturnValue:
    """Who wishes to be exempted, those that wait first."""
    event = organiser_of(slug)
    return render_template("organise/exemptions.html", **event_page(event), requests=requests_of(event.id))


@blueprint.route("/organise/events/<slug>/exemptions/<public_id>", methods=["GET", "POST"])
@form_view
def exemption(slug: str, public_id: str) -> ResponseReturnValue:
    """Read one wish and answer it."""
    event = organiser_of(slug)
    asked = request_of(event.id, public_id) or abort(404)
    form = AnswerForm()
    back = redirect(url_for("organise.exemptions", slug=slug), 303)
    if asked.status == Exemption.ASKED and form.validate_on_submit():
        granted = request.form.get("act") == "grant"
        try:
            decide(public_id, granted=granted, answer=form.answer.data or "", actor=me())
        except AnswerMissing:
            form.answer.errors = [_("Say why: they read it in their mail.")]
        except AlreadyDecided:
            flash(_("Somebody has answered meanwhile. Nothing was changed."), "warning")
            return back
        else:
            flash(_("Answered. They are told by mail."), "success")
            return back
    page = render_template("organise/exemption.html", **event_page(event), form=form, asked=asked)
    return page, status_of(form)
