"""Changing a registration without giving it up: a colleague comes, another date, online in place of on site."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import EmailField, RadioField

from blueprints.forms import Form, filled, form_view, longest, mail_address, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.orders import NameForm, NothingForm
from blueprints.registrations.proof import changeable_part
from blueprints.registrations.words import change_refusal
from models.base import now
from models.events import Modality
from models.registrations import TransitionRefused
from services.date_changes import NotTheSameCourse, change_date, other_dates
from services.modality_switch import other_places, switch_modality
from services.placeholders import AlreadyNamed, name_place
from services.registrations import RegistrationRefused
from services.substitutions import Colleague, substitute

REFUSED = (RegistrationRefused, TransitionRefused, NotTheSameCourse, AlreadyNamed)


class ColleagueForm(NameForm):
    """Who comes."""

    email = EmailField(_l("E-mail"), [filled(), longest(254), mail_address])

    def colleague(self) -> Colleague:
        return Colleague(self.given_name.data, self.family_name.data, self.email.data)


class DateForm(Form):
    """Which other date."""

    date = RadioField(_l("The new date"), [filled(_l("Choose one of the dates."))], validate_choice=False)


@blueprint.route("/orders/<code>/colleague/<public_id>", methods=["GET", "POST"])
@form_view
def send_colleague(code: str, public_id: str) -> ResponseReturnValue:
    """A colleague takes the place."""
    form = ColleagueForm()
    valid = form.validate_on_submit()
    order, registration = changeable_part(code, public_id, request.path)
    if valid:
        try:
            coming = substitute(public_id, form.colleague(), actor=current_person())
        except REFUSED as refusal:
            order, registration = changeable_part(code, public_id, request.path)  # a refusal forgot what was loaded
            form.email.errors = [change_refusal(refusal, registration.event)]
        else:
            flash(_("%(name)s has the place now, and is told by mail.", name=coming.name), "success")
            return redirect(url_for("registrations.order", code=order.code), 303)
    page = render_template(
        "registrations/colleague.html", form=form, order=order, registration=registration, event=registration.event
    )
    return page, status_of(form)


@blueprint.route("/orders/<code>/who/<public_id>", methods=["GET", "POST"])
@form_view
def name_colleague(code: str, public_id: str) -> ResponseReturnValue:
    """Say who comes to a place that was ordered without a name."""
    form = ColleagueForm()
    valid = form.validate_on_submit()
    order, registration = changeable_part(code, public_id, request.path)
    if not registration.is_unnamed:
        return redirect(url_for("registrations.order", code=order.code), 303)
    if valid:
        try:
            named = name_place(public_id, form.colleague(), actor=current_person())
        except REFUSED as refusal:
            order, registration = changeable_part(code, public_id, request.path)  # a refusal forgot what was loaded
            form.email.errors = [change_refusal(refusal, registration.event)]
        else:
            flash(_("%(name)s is named, and told by mail.", name=named.name), "success")
            return redirect(url_for("registrations.order", code=order.code), 303)
    elif not form.is_submitted():
        form.given_name.data, form.family_name.data = registration.given_name, registration.family_name
    page = render_template(
        "registrations/who.html", form=form, order=order, registration=registration, event=registration.event
    )
    return page, status_of(form)


@blueprint.route("/orders/<code>/date/<public_id>", methods=["GET", "POST"])
@form_view
def move_date(code: str, public_id: str) -> ResponseReturnValue:
    """Move to another date of the same course, at the price agreed."""
    form = DateForm()
    order, registration = changeable_part(code, public_id, request.path)
    dates = {event.public_id: event for event in other_dates(registration, now())}
    form.date.choices = [(chosen, chosen) for chosen in dates]
    if form.validate_on_submit():
        try:
            if form.date.data not in dates:
                raise NotTheSameCourse(form.date.data)
            change_date(public_id, dates[form.date.data].id, actor=current_person())
        except REFUSED as refusal:
            order, registration = changeable_part(code, public_id, request.path)
            form.date.errors = [change_refusal(refusal, registration.event)]
            dates = {event.public_id: event for event in other_dates(registration, now())}
        else:
            flash(_("The place has moved to the new date."), "success")
            return redirect(url_for("registrations.order", code=order.code), 303)
    page = render_template(
        "registrations/date.html", form=form, order=order, registration=registration, event=registration.event,
        dates=list(dates.values()),
    )  # fmt: skip
    return page, status_of(form)


@blueprint.route("/orders/<code>/way/<public_id>", methods=["GET", "POST"])
@form_view
def switch_way(code: str, public_id: str) -> ResponseReturnValue:
    """Take part online in place of on site, or the other way round."""
    form = NothingForm()
    valid = form.validate_on_submit()
    order, registration = changeable_part(code, public_id, request.path)
    back = url_for("registrations.order", code=order.code)
    if valid:
        try:
            switch_modality(public_id, actor=current_person())
            flash(_("You take part the other way now."), "success")
        except REFUSED as refusal:
            order, registration = changeable_part(code, public_id, request.path)
            flash(change_refusal(refusal, registration.event), "error")
        return redirect(back, 303)
    to = other_places([registration], now()).get(registration.id)
    if to is None:
        return redirect(back, 303)
    page = render_template(
        "registrations/way.html", form=form, order=order, registration=registration, event=registration.event,
        online=to is Modality.ONLINE,
    )  # fmt: skip
    return page, status_of(form)
