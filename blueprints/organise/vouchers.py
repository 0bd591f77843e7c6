"""Vouchers at the desk: organisers make those of their event, admins those of an area or of everything."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organisations_managers_only, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.event_plan_form import languages
from blueprints.organise.events import event_page
from blueprints.organise.voucher_form import (
    VoucherForm,
    act_line,
    effect_words,
    row_words,
    standing_words,
    uses_words,
    values_of,
)
from blueprints.security import settings
from models.base import now
from models.events import Event
from services.dates import ZONE
from services.event_history import acts_on
from services.event_plans import PlanRefused
from services.voucher_changes import change_voucher, plan_of, voucher_of, was_used
from services.voucher_desk import VoucherGone, add_voucher, withdraw_voucher
from services.voucher_list import general_vouchers, quotas_of, vouchers_of, vouchers_that_serve


def words_for(zone: str) -> dict[str, Any]:
    return {"row_words": row_words, "standing_words": standing_words, "zone": zone, "site": settings().public_url}


@blueprint.get("/organise/events/<slug>/vouchers")
def event_vouchers(slug: str) -> ResponseReturnValue:
    """The vouchers of one event, and those that serve it from outside."""
    event, at = organiser_of(slug), now()
    rows, further = vouchers_of(event.id, at), vouchers_that_serve(event.id, at)
    page = event_page(event) | words_for(event.zone)
    return render_template("organise/event_vouchers.html", rows=rows, further=further, **page)


@blueprint.route("/organise/events/<slug>/vouchers/new", methods=["GET", "POST"])
@form_view
def new_event_voucher(slug: str) -> ResponseReturnValue:
    """A further voucher of the event."""
    event = organiser_of(slug)
    form = VoucherForm()
    form.begin(quotas_of(event.id))
    if form.validate_on_submit() and added(form, event):
        return redirect(url_for("organise.event_vouchers", slug=slug), 303)
    back = url_for("organise.event_vouchers", slug=slug)
    return render_template("organise/voucher.html", form=form, codes=languages(), back=back), status_of(form)


@blueprint.route("/organise/events/<slug>/vouchers/<public_id>", methods=["GET", "POST"])
@form_view
def event_voucher(slug: str, public_id: str) -> ResponseReturnValue:
    """Change a voucher of the event, and read what was done to it."""
    event = organiser_of(slug)
    return change_page(public_id, event, url_for("organise.event_vouchers", slug=slug))


def change_page(public_id: str, event: Event | None, back: str) -> ResponseReturnValue:
    """The form of a voucher as it stands; back to the list once it is changed. 404 for another event's, or a withdrawn one."""
    event_id, zone = (event.id, event.zone) if event else (None, ZONE)
    voucher = voucher_of(public_id, event_id) or abort(404)
    present, used = plan_of(voucher), was_used(voucher)
    form = VoucherForm(data=values_of(present, zone))
    form.begin(quotas_of(event_id) if event_id is not None else None, present, used=used)
    if form.validate_on_submit() and changed(form, public_id, event_id, zone):
        return redirect(back, 303)
    voucher = voucher_of(public_id, event_id) or abort(404)
    page = render_template(
        "organise/voucher.html", form=form, codes=languages(), back=back, voucher=voucher, zone=zone,
        what=effect_words(voucher), uses=uses_words(voucher), acts=acts_on("voucher", voucher.id), act_line=act_line,
    )  # fmt: skip
    return page, status_of(form)


def changed(form: VoucherForm, public_id: str, event_id: int | None, zone: str) -> bool:
    """Change the voucher; False when the form says what is wrong."""
    plan = form.plan(zone)
    if plan is None:
        return False
    try:
        voucher = change_voucher(public_id, plan, me(), event_id)
    except VoucherGone:
        abort(404)
    except PlanRefused as refusal:
        form.tell(refusal.problems)
        return False
    flash(_("The code %(code)s is changed. Prices agreed with it stay.", code=voucher.code), "success")
    return True


def added(form: VoucherForm, event: Event | None) -> bool:
    """Make the voucher; False when the form says what is wrong."""
    plan = form.plan(event.zone if event else ZONE)
    if plan is None:
        return False
    try:
        voucher = add_voucher(plan, me(), event.id if event else None)
    except PlanRefused as refusal:
        form.tell(refusal.problems)
        return False
    flash(_("The code %(code)s is ready to be given out.", code=voucher.code), "success")
    return True


@blueprint.post("/organise/events/<slug>/vouchers/<public_id>/withdraw")
def withdraw_event_voucher(slug: str, public_id: str) -> ResponseReturnValue:
    """End a voucher of the event; what it kept goes to whoever waits."""
    event = organiser_of(slug)
    withdraw(public_id, event.id)
    return redirect(url_for("organise.event_vouchers", slug=slug), 303)


def withdraw(public_id: str, event_id: int | None) -> None:
    try:
        voucher = withdraw_voucher(public_id, me(), event_id)
    except VoucherGone:
        abort(404)
    flash(_("The code %(code)s is withdrawn. Prices agreed with it stay.", code=voucher.code), "success")


@blueprint.get("/organise/vouchers")
def vouchers() -> ResponseReturnValue:
    """The vouchers of areas and of everything."""
    organisations_managers_only()
    return render_template("organise/vouchers.html", rows=general_vouchers(now()), **words_for(ZONE))


@blueprint.route("/organise/vouchers/new", methods=["GET", "POST"])
@form_view
def new_voucher() -> ResponseReturnValue:
    """A voucher of an area, or of everything."""
    organisations_managers_only()
    form = VoucherForm()
    form.begin(None)
    if form.validate_on_submit() and added(form, None):
        return redirect(url_for("organise.vouchers"), 303)
    page = render_template("organise/voucher.html", form=form, codes=languages(), back=url_for("organise.vouchers"))
    return page, status_of(form)


@blueprint.route("/organise/vouchers/<public_id>", methods=["GET", "POST"])
@form_view
def general_voucher(public_id: str) -> ResponseReturnValue:
    """Change a voucher of an area, or of everything, and read what was done to it."""
    organisations_managers_only()
    return change_page(public_id, None, url_for("organise.vouchers"))


@blueprint.post("/organise/vouchers/<public_id>/withdraw")
def withdraw_general_voucher(public_id: str) -> ResponseReturnValue:
    """End a voucher of an area, or of everything."""
    organisations_managers_only()
    withdraw(public_id, None)
    return redirect(url_for("organise.vouchers"), 303)
