"""/me/company: an organisation for its HR managers. For everybody else it is not there."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from blueprints.guards import me, signed_in
from blueprints.organisations import blueprint
from models.base import now
from models.organisations import Organisation
from services.invoice_lists import documents_of_organisation
from services.organisation_pages import claims_at, company_orders, company_registrations, managed_by


def company_of(public_id: str) -> Organisation:
    """The organisation, for its HR managers: sign-in page when signed out, 404 for everybody else."""
    found = [row for row in managed_by(me()) if row.public_id == public_id]
    return found[0] if found else abort(404)


def company_page(organisation: Organisation, tab: str) -> dict[str, Any]:
    """What the head of every page of an organisation needs."""
    return {
        "organisation": organisation,
        "tab": tab,
        "several": len(managed_by(me())) > 1,
        "claims": claims_at(organisation.id),
        "me": me(),
    }


@blueprint.get("/me/company")
@signed_in
def companies() -> ResponseReturnValue:
    """The organisation that one looks after, or the choice among several."""
    mine = managed_by(me())
    if not mine:
        abort(404)
    if len(mine) == 1:
        return redirect(url_for("organisations.company", public_id=mine[0].public_id), 303)
    return render_template("organisations/companies.html", organisations=mine)


@blueprint.get("/me/company/<public_id>/registrations")
def registrations(public_id: str) -> ResponseReturnValue:
    """Who goes where, and who pays."""
    organisation = company_of(public_id)
    found = company_registrations(organisation.id, now())
    return render_template(
        "organisations/registrations.html", found=found, **company_page(organisation, "registrations")
    )


@blueprint.get("/me/company/<public_id>/documents")
def documents(public_id: str) -> ResponseReturnValue:
    """The orders that the organisation pays."""
    organisation = company_of(public_id)
    orders = company_orders(organisation.id)
    return render_template(
        "organisations/documents.html",
        orders=orders,
        papers=documents_of_organisation(organisation.id),
        **company_page(organisation, "documents"),
    )
