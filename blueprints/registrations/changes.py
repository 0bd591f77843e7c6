"""Changing a registration without giving it up: a colleague comes, another date, online in place of on site."""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import EmailField, RadioField

from blueprints.forms import filled, form_view, longest, mail_address, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.orders import NameForm
from blueprints.registrations.proof import changeable_part
from blueprints.registrations.voucher_entry import KeptPlaceForm, voucher_refusal
from blueprints.registrations.words import change_refusal
from models.base import now
from models.events import Event
from models.people import Person
from models.registrations import TransitionRefused
from services.date_changes import NotTheSameCourse, OtherDate, change_date, other_dates
from services.modality_switch import other_places, switch_modality
from services.placeholders import AlreadyNamed, name_place
from services.registrations import EventFull, RegistrationRefused
from services.substitutions import Colleague, substitute
from services.vouchers import VoucherRefused

REFUSED = (RegistrationRefused, TransitionRefused, NotTheSameCourse, AlreadyNamed)


class ColleagueForm(NameForm):
    """Who comes."""

    email = EmailField(_l("E-mail"), [filled(), longest(254), mail_address])

    def colleague(self) -> Colleague:
        return Colleague(self.given_name.data, self.family_name.data, self.email.data)


class DateForm(KeptPlaceForm):
    """Which other date; with the code for which its last places are kept."""

    date = RadioField(_l("The new date"), [filled(_l("Choose one of the dates."))], validate_choice=False)

    def offer(self, dates: Iterable[OtherDate]) -> None:
        """One choice for each date."""
        self.dates = {each.event.public_id: each for each in dates}
        self.date.choices = [(chosen, chosen) for chosen in self.dates]

    def move(self, public_id: str, actor: Person | None) -> bool:
        """Move there; False, and what is wrong at its field. Raises what change_date does, but for codes."""
        chosen = self.dates.get(self.date.data)
        if chosen is None:
            raise NotTheSameCourse(self.date.data)
        if not self.tries(chosen.event, now()):
            return False
        change_date(public_id, chosen.event.id, actor=actor, code=self.voucher.data or "")
        return True

    def tell(self, refusal: Exception, event: Event) -> None:
        """Put a refusal at the field it is about; for a date whose last places are kept, at the code."""
        chosen = self.dates.get(self.date.data)
        if isinstance(refusal, VoucherRefused):
            self.voucher.errors = [change_refusal(refusal, event)]
        elif isinstance(refusal, EventFull) and chosen is not None and chosen.by_code:
            self.voucher.errors = [
                _("The last places there are kept for a code. Write it here, or choose another date.")
            ]
        else:
            self.date.errors = [change_refusal(refusal, event)]


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
    form.offer(other_dates(registration, now()))
    if form.validate_on_submit():
        try:
            if form.move(public_id, current_person()):
                flash(_("The place has moved to the new date."), "success")
                return redirect(url_for("registrations.order", code=order.code), 303)
        except REFUSED as refusal:
            form.tell(refusal, registration.event)
        order, registration = changeable_part(code, public_id, request.path)  # a refusal forgot what was loaded
        form.offer(other_dates(registration, now()))
    page = render_template(
        "registrations/date.html", form=form, order=order, registration=registration, event=registration.event
    )
    return page, status_of(form)


@blueprint.route("/orders/<code>/way/<public_id>", methods=["GET", "POST"])
@form_view
def switch_way(code: str, public_id: str) -> ResponseReturnValue:
    """Take part online in place of on site, or the other way round."""
    form = KeptPlaceForm()
    valid = form.validate_on_submit()
    order, registration = changeable_part(code, public_id, request.path)
    back = url_for("registrations.order", code=order.code)
    if valid and form.tries(registration.event, now()):
        try:
            switch_modality(public_id, actor=current_person(), code=form.voucher.data or "")
            flash(_("You take part the other way now."), "success")
            return redirect(back, 303)
        except VoucherRefused as refusal:
            form.voucher.errors = [voucher_refusal(refusal, registration.event)]
        except REFUSED as refusal:
            order, registration = changeable_part(code, public_id, request.path)
            flash(change_refusal(refusal, registration.event), "error")
            return redirect(back, 303)
    order, registration = changeable_part(code, public_id, request.path)
    to = other_places([registration], now()).get(registration.id)
    if to is None:
        return redirect(back, 303)
    page = render_template(
        "registrations/way.html", form=form, order=order, registration=registration, event=registration.event, to=to
    )
    return page, status_of(form)
