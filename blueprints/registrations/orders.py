"""The order page: what was asked for, what to pay and how, and every way to change it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import StringField

from blueprints.forms import Form, form_view, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.proof import changeable, open_order, remember_key
from blueprints.registrations.register import NAME
from blueprints.security import cluster
from models.base import now
from models.orders import Order, OrderLine
from models.registrations import LIVE, Registration, TransitionRefused
from services.order_links import opens
from services.orders import balance
from services.payment_codes import payment_code
from services.positions import position
from services.registrations import accept_offer, cancel, decline_offer, rename


@dataclass(frozen=True)
class Part:
    """One registration of an order with its line, as the page shows it."""

    registration: Registration
    line: OrderLine
    position: int | None


class NameForm(Form):
    given_name = StringField(_l("First name"), NAME)
    family_name = StringField(_l("Last name"), NAME)


class NothingForm(Form):
    """Only the token: a page with one button."""


def parts_of(order: Order) -> list[Part]:
    lines = {line.registration_id: line for line in order.lines}
    return [Part(row, lines[row.id], position(row)) for row in order.registrations]


def part_of(order: Order, public_id: str) -> Registration:
    """One registration of the order; 404 for any other."""
    found = next((row for row in order.registrations if row.public_id == public_id), None)
    if found is None:
        abort(404)
    return found


@blueprint.get("/orders/<code>")
def order(code: str) -> ResponseReturnValue:
    """The buyer's page. The key of the mailed link is remembered, then left out of the address."""
    key = request.args.get("key")
    if key is not None and opens(code.upper(), key):
        remember_key(code.upper())
        return redirect(url_for("registrations.order", code=code.upper()), 303)
    found, access = open_order(code)
    money = balance(found)
    return render_template(
        "registrations/order.html",
        order=found,
        parts=parts_of(found),
        balance=money,
        access=access,
        qr=payment_code(found, money.to_pay_cents),
        bank=cluster().bank,
        event=found.registrations[0].event,
        at=now(),
    )


@blueprint.route("/orders/<code>/cancel/<public_id>", methods=["GET", "POST"])
@form_view
def cancel_registration(code: str, public_id: str) -> ResponseReturnValue:
    """Give a place back: a page that says what it means, then a POST."""
    form = NothingForm()
    valid = form.validate_on_submit()
    found = changeable(code, request.path)
    registration = part_of(found, public_id)
    back = url_for("registrations.order", code=found.code)
    if registration.status not in LIVE:
        return redirect(back, 303)
    if valid:
        try:
            cancel(public_id, actor=current_person())
            flash(_("The registration of %(name)s is cancelled.", name=registration.name), "success")
        except TransitionRefused:
            flash(_("This registration had ended already."), "info")
        return redirect(back, 303)
    page = render_template(
        "registrations/cancel.html",
        form=form,
        order=found,
        registration=registration,
        event=registration.event,
        balance=balance(found),
    )
    return page, status_of(form)


@blueprint.route("/orders/<code>/name/<public_id>", methods=["GET", "POST"])
@form_view
def correct_name(code: str, public_id: str) -> ResponseReturnValue:
    """Correct the spelling of a name."""
    form = NameForm()
    valid = form.validate_on_submit()
    found = changeable(code, request.path)
    registration = part_of(found, public_id)
    if valid:
        rename(
            public_id,
            given_name=form.given_name.data,
            family_name=form.family_name.data,
            actor=current_person(),
        )
        flash(_("The name is corrected."), "success")
        return redirect(url_for("registrations.order", code=found.code), 303)
    if not form.is_submitted():
        form.given_name.data, form.family_name.data = registration.given_name, registration.family_name
    page = render_template("registrations/name.html", form=form, order=found, registration=registration)
    return page, status_of(form)


@blueprint.post("/orders/<code>/offer/<public_id>")
def answer_offer(code: str, public_id: str) -> ResponseReturnValue:
    """Take an offered place, or pass it on; by a button, so that a mail scanner takes nothing."""
    found, access = open_order(code)
    part_of(found, public_id)
    back = url_for("registrations.order", code=found.code)
    try:
        if request.form.get("answer") == "take":
            accept_offer(public_id, actor=current_person())
            flash(_("The place is yours. It becomes final when the payment arrives."), "success")
        elif access.changes:
            decline_offer(public_id, actor=current_person())
            flash(_("The place goes to the next in line. You stay at the end of the waiting list."), "success")
        else:
            return redirect(url_for("registrations.prove", code=found.code), 303)
    except TransitionRefused:
        flash(_("This offer has ended: the place went to the next in line."), "info")
    return redirect(back, 303)
