"""Asking the organiser to be exempted from a prerequisite, and how the wish stands."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import me
from blueprints.registrations import blueprint
from blueprints.registrations.words import closed_words
from models.base import now
from services.exemptions import LONGEST, SHORTEST, NothingToAsk, ask
from services.registration_pages import registration_desk
from services.registrations import RegistrationClosed


class ExemptionForm(Form):
    reason = TextAreaField(
        _l("Why you can follow it all the same"),
        [filled(), Length(min=SHORTEST), longest(LONGEST)],
        description=_l("Where and when you learned it, or the work you do. The organiser decides by it."),
    )


@blueprint.route("/events/<slug>/exemption", methods=["GET", "POST"])
@form_view
def exemption(slug: str) -> ResponseReturnValue:
    """Ask, or see how it stands; 404 where nothing is enforced."""
    person = me()
    form = ExemptionForm()
    valid = form.validate_on_submit()
    desk = registration_desk(slug, person, now())
    if desk is None or not desk.prerequisites.courses:
        abort(404)
    asked = desk.prerequisites.exemption
    if valid and asked is None:
        try:
            ask(person, desk.event.id, form.reason.data)
            flash(_("The organiser has your wish and answers by mail."), "success")
        except NothingToAsk:
            return redirect(url_for("registrations.form", slug=slug), 303)
        except RegistrationClosed:
            flash(closed_words(desk.event), "warning")
        return redirect(url_for("registrations.exemption", slug=slug), 303)
    if asked is None and not desk.prerequisites.is_barred:
        return redirect(url_for("registrations.form", slug=slug), 303)
    page = render_template("registrations/exemption.html", form=form, desk=desk, event=desk.event, asked=asked)
    return page, status_of(form)
