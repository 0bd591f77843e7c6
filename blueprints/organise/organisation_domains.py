"""The e-mail domains of an organisation at the desk: noted, verified, removed."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l, ngettext
from wtforms import StringField

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import me, organisations_managers_only
from blueprints.organise import blueprint
from blueprints.organise.organisations import organisation_of, organisation_page
from services.email_domains import (
    DomainTaken,
    DomainUnknown,
    add_domain,
    domains_of,
    people_with,
    remove_domain,
    verify_domain,
)
from services.public_domains import DomainMalformed, DomainPublic


class DomainForm(Form):
    domain = StringField(
        _l("Another domain"),
        [filled(), longest(190)],
        description=_l("What stands after the @, such as lysara.example."),
    )


@blueprint.route("/organise/organisations/<public_id>/domains", methods=["GET", "POST"])
@form_view
def organisation_domains(public_id: str) -> ResponseReturnValue:
    """Its domains, and a further one."""
    organisations_managers_only()
    organisation, form, same = organisation_of(public_id), DomainForm(), None
    if form.validate_on_submit():
        try:
            row = add_domain(public_id, form.domain.data, actor=me())
            flash(_("%(domain)s is noted. Verify it, and its people join by themselves.", domain=row.domain), "success")
            return redirect(url_for("organise.organisation_domains", public_id=public_id), 303)
        except DomainPublic:
            form.domain.errors = [public_words()]
        except DomainMalformed:
            form.domain.errors = [_("This is no domain. Write what stands after the @, such as lysara.example.")]
        except DomainTaken as refusal:
            form.domain.errors, same = [taken_words(refusal, public_id)], refusal
    rows = [(row, people_with(row.domain)) for row in domains_of(organisation.id)]
    page = render_template(
        "organise/organisation_domains.html",
        form=form,
        rows=rows,
        same=same,
        **organisation_page(organisation, "domains"),
    )
    return page, status_of(form)


@blueprint.post("/organise/organisations/<public_id>/domains/verify")
def verify_organisation_domain(public_id: str) -> ResponseReturnValue:
    """The domain is the organisation's own."""
    organisations_managers_only()
    organisation_of(public_id)
    try:
        joined = verify_domain(public_id, request.form.get("domain", ""), actor=me())
        people = ngettext("%(num)s person joined by it.", "%(num)s people joined by it.", joined)
        flash(_("Verified.") + (f" {people}" if joined else ""), "success")
    except DomainUnknown:
        abort(404)
    except DomainPublic:
        flash(public_words(), "warning")
    return redirect(url_for("organise.organisation_domains", public_id=public_id), 303)


@blueprint.post("/organise/organisations/<public_id>/domains/remove")
def remove_organisation_domain(public_id: str) -> ResponseReturnValue:
    """Nobody joins by it any more."""
    organisations_managers_only()
    organisation_of(public_id)
    try:
        remove_domain(public_id, request.form.get("domain", ""), actor=me())
        flash(_("Removed. Who joined by it stays until somebody ends that."), "success")
    except DomainUnknown:
        abort(404)
    return redirect(url_for("organise.organisation_domains", public_id=public_id), 303)


def public_words() -> str:
    return _(
        "Anybody can have an address there, so it says nothing of where a person works. Write the organisation’s own."
    )


def taken_words(refusal: DomainTaken, public_id: str) -> str:
    """Which organisation has the domain."""
    if refusal.public_id == public_id:
        return _("It has this domain already.")
    return _("%(name)s has this domain. Remove it there first.", name=refusal.name)
