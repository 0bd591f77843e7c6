"""Who works at an organisation, decided at the desk."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organisations_managers_only
from blueprints.organisations.colleague_decisions import colleague_verified, decided, hr_role_changed
from blueprints.organisations.words import ReasonForm
from blueprints.organise import blueprint
from blueprints.organise.organisations import organisation_of, organisation_page
from models.organisations import Affiliation
from services import affiliations
from services.organisation_pages import live_colleague


@blueprint.post("/organise/organisations/<public_id>/people/<person_id>/verify")
def verify_colleague(public_id: str, person_id: str) -> ResponseReturnValue:
    """Yes, they work there."""
    organisations_managers_only()
    return answered(public_id, person_id, *colleague_verified(public_id, person_id))


@blueprint.post("/organise/organisations/<public_id>/people/<person_id>/hr")
def organisation_hr_manager(public_id: str, person_id: str) -> ResponseReturnValue:
    """Give or take the role of HR manager."""
    organisations_managers_only()
    return answered(public_id, person_id, *hr_role_changed(public_id, person_id))


@blueprint.route("/organise/organisations/<public_id>/people/<person_id>/reject", methods=["GET", "POST"])
@form_view
def reject_colleague(public_id: str, person_id: str) -> ResponseReturnValue:
    """No, they do not work there: why."""
    return with_reason(public_id, person_id, "reject", affiliations.reject, _("Answered. They read why."))


@blueprint.route("/organise/organisations/<public_id>/people/<person_id>/end", methods=["GET", "POST"])
@form_view
def end_colleague(public_id: str, person_id: str) -> ResponseReturnValue:
    """They have left: why."""
    return with_reason(public_id, person_id, "end", affiliations.end, _("Ended. They are told by mail."))


def with_reason(
    public_id: str, person_id: str, act: str, decide: Callable[..., Affiliation], done: str
) -> ResponseReturnValue:
    organisations_managers_only()
    organisation, form = organisation_of(public_id), ReasonForm()
    person = live_colleague(organisation.id, person_id) or abort(404)
    if form.validate_on_submit():
        reason = str(form.reason.data)
        return answered(public_id, person_id, lambda: decide(public_id, person_id, actor=me(), reason=reason), done)
    page = render_template(
        "organise/organisation_reason.html", form=form, colleague=person, act=act,
        **organisation_page(organisation, "overview"),
    )  # fmt: skip
    return page, status_of(form)


def answered(public_id: str, person_id: str, decide: Callable[[], Affiliation], done: str) -> ResponseReturnValue:
    """Decide and say so, or why not; 404 for a person of another organisation."""
    decided(organisation_of(public_id).id, person_id, decide, done)
    return redirect(url_for("organise.organisation", public_id=public_id, _anchor="people"), 303)
