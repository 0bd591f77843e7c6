"""The people of an organisation, for its HR managers: claims answered, who has left, who else is HR manager."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.forms import form_view, status_of
from blueprints.guards import me
from blueprints.organisations import blueprint
from blueprints.organisations.colleague_decisions import colleague_verified, decided, hr_role_changed
from blueprints.organisations.company import company_of, company_page
from blueprints.organisations.words import ReasonForm
from models.organisations import Affiliation
from services import affiliations
from services.organisation_pages import colleagues, live_colleague, managed_by


@blueprint.get("/me/company/<public_id>")
def company(public_id: str) -> ResponseReturnValue:
    """Who works there, and who says so."""
    organisation = company_of(public_id)
    people, total, page = colleagues(organisation.id, request.args.get("page", 1, type=int) or 1)
    return render_template(
        "organisations/people.html", people=people, total=total, page=page, **company_page(organisation, "people")
    )


@blueprint.post("/me/company/<public_id>/people/<person_id>/verify")
def verify(public_id: str, person_id: str) -> ResponseReturnValue:
    """Yes, they work here."""
    return answered(public_id, person_id, *colleague_verified(public_id, person_id))


@blueprint.post("/me/company/<public_id>/people/<person_id>/hr")
def hr_manager(public_id: str, person_id: str) -> ResponseReturnValue:
    """Give or take the role of HR manager."""
    return answered(public_id, person_id, *hr_role_changed(public_id, person_id))


@blueprint.route("/me/company/<public_id>/people/<person_id>/reject", methods=["GET", "POST"])
@form_view
def reject(public_id: str, person_id: str) -> ResponseReturnValue:
    """No, they do not work here: why."""
    return with_reason(public_id, person_id, "reject", affiliations.reject, _("Answered. They read why."))


@blueprint.route("/me/company/<public_id>/people/<person_id>/end", methods=["GET", "POST"])
@form_view
def end(public_id: str, person_id: str) -> ResponseReturnValue:
    """They have left: why."""
    return with_reason(public_id, person_id, "end", affiliations.end, _("Ended. They are told by mail."))


def with_reason(
    public_id: str, person_id: str, act: str, decide: Callable[..., Affiliation], done: str
) -> ResponseReturnValue:
    organisation, form = company_of(public_id), ReasonForm()
    person = live_colleague(organisation.id, person_id) or abort(404)
    if form.validate_on_submit():
        reason = str(form.reason.data)
        return answered(public_id, person_id, lambda: decide(public_id, person_id, actor=me(), reason=reason), done)
    page = render_template(
        "organisations/reason.html", form=form, colleague=person, act=act, **company_page(organisation, "people")
    )
    return page, status_of(form)


def answered(public_id: str, person_id: str, decide: Callable[[], Affiliation], done: str) -> ResponseReturnValue:
    """Decide and say so, or why not; then back to the list, or away when one is no longer HR manager. 404 for a person of
    another organisation."""
    decided(company_of(public_id).id, person_id, decide, done)
    if all(row.public_id != public_id for row in managed_by(me())):
        return redirect(url_for("accounts.profile"), 303)
    return redirect(url_for("organisations.company", public_id=public_id), 303)
