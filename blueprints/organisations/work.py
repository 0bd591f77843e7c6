"""Where a person works: find an organisation by name, say so, choose the main one, leave."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guards import me, signed_in
from blueprints.organisations import blueprint
from blueprints.organisations.words import refusal_words
from models.organisations import AffiliationStatus
from services.addresses import affiliations_of
from services.affiliations import (
    AffiliationUnknown,
    AlreadyThere,
    ClaimedBefore,
    LastHrManager,
    TooManyClaims,
    choose_main,
    claim,
    leave,
)
from services.organisations import OrganisationUnknown, find_by_name


@blueprint.get("/me/work")
@signed_in
def work() -> ResponseReturnValue:
    """Find an organisation by its name."""
    query = request.args.get("q", "").strip()[:120]
    mine = {organisation.public_id for _row, organisation in affiliations_of(me())}
    return render_template("organisations/work.html", query=query, found=find_by_name(query), mine=mine)


@blueprint.post("/me/work")
@signed_in
def claim_work() -> ResponseReturnValue:
    """Say that one works there."""
    try:
        row = claim(me(), request.form.get("organisation", ""))
    except OrganisationUnknown:
        abort(404)
    except (AlreadyThere, ClaimedBefore, TooManyClaims) as refusal:
        flash(refusal_words(refusal), "warning")
    else:
        if row.status == AffiliationStatus.VERIFIED:
            flash(_("Confirmed by your work address."), "success")
        else:
            flash(_("We have asked there. You hear from us by mail."), "success")
    return redirect(url_for("accounts.profile", _anchor="work"), 303)


@blueprint.post("/me/work/main")
@signed_in
def main_work() -> ResponseReturnValue:
    """The one that counts first."""
    try:
        choose_main(me(), request.form.get("organisation", ""))
        flash(_("This one comes first from now on."), "success")
    except (OrganisationUnknown, AffiliationUnknown):
        abort(404)
    return redirect(url_for("accounts.profile", _anchor="work"), 303)


@blueprint.post("/me/work/leave")
@signed_in
def leave_work() -> ResponseReturnValue:
    """One no longer works there, or takes a claim back."""
    try:
        leave(me(), request.form.get("organisation", ""))
        flash(_("Done. Your registrations and certificates stay yours."), "success")
    except LastHrManager as refusal:
        flash(refusal_words(refusal), "warning")
    except (OrganisationUnknown, AffiliationUnknown):
        abort(404)
    return redirect(url_for("accounts.profile", _anchor="work"), 303)
