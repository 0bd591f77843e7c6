"""Memberships at the desk: what waits for a decision or a fee, and the decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Optional

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import finance_only, me, organisations_managers_only, organisations_readers_only, roles
from blueprints.organisations.membership import ApplyForm, plan_fees, plan_hints
from blueprints.organisations.words import ReasonForm, refusal_words
from blueprints.organise import blueprint
from blueprints.organise.organisations import organisation_of, organisation_page
from models.base import now
from models.organisations import Membership, MembershipStatus, MembershipTransitionRefused
from services import memberships as service
from services.dates import ZONE, local_day
from services.membership_plans import PlanUnknown, offered_plans
from services.memberships import AlreadyApplied, FeePaid, PeriodsOverlap, TooEarlyToRenew
from services.organisation_pages import memberships_with_plans, organisation_of_membership, waiting_memberships
from services.permissions import may_manage_organisations, may_receive_money

S = MembershipStatus
FROM: dict[str, tuple[MembershipStatus, ...]] = {
    "approve": (S.APPLIED,),
    "refuse": (S.APPLIED,),
    "fee": (S.APPROVED,),
    "begin": (S.APPROVED,),
    "suspend": (S.ACTIVE, S.GRACE),
    "resume": (S.SUSPENDED,),
    "stop": (S.APPROVED, S.ACTIVE, S.GRACE, S.SUSPENDED),
}
"""Each decision, and the statuses in which it is offered."""


class ApproveForm(ReasonForm):
    """From which day, and why."""

    starts_on = DateField(_l("First day"), [Optional()], description=_l("It lasts a year from then."))


class FeeForm(Form):
    """The fee as the bank's statement shows it."""

    day = DateField(_l("Day on the statement"), [InputRequired()])
    reference = StringField(_l("The bank’s own reference"), [filled(), longest(120)])


@blueprint.get("/organise/memberships")
def memberships() -> ResponseReturnValue:
    """What waits for a decision, for a fee, or for a renewal."""
    organisations_readers_only()
    return render_template(
        "organise/memberships.html",
        waiting=waiting_memberships(),
        may_manage=may_manage_organisations(roles()),
        may_receive=may_receive_money(roles()),
    )


@blueprint.route("/organise/memberships/<public_id>/<act>", methods=["GET", "POST"])
@form_view
def decide_membership(public_id: str, act: str) -> ResponseReturnValue:
    """One decision about one membership; the fee is finance's too."""
    if act == "fee":
        finance_only()
    else:
        organisations_managers_only()
    organisation, row = organisation_of_membership(public_id) or abort(404)
    if act not in FROM:
        abort(404)
    form = form_for(act, row)
    back = redirect(url_for("organise.organisation", public_id=organisation.public_id, _anchor="memberships"), 303)
    if row.status not in FROM[act]:
        flash(_("Somebody has decided meanwhile. The page shows where it stands now."), "warning")
        return back
    if form.validate_on_submit():
        try:
            DECISIONS[act](row.public_id, form)
            flash(_("Decided. Its HR managers are told by mail."), "success")
            return back
        except PeriodsOverlap as refusal:
            form.starts_on.errors = [refusal_words(refusal)]
        except MembershipTransitionRefused:
            flash(_("Somebody has decided meanwhile. The page shows where it stands now."), "warning")
            return back
    page = render_template(
        "organise/membership_decision.html", form=form, membership=row, act=act,
        **organisation_page(organisation, "overview"),
    )  # fmt: skip
    return page, status_of(form)


def form_for(act: str, row: Membership) -> Any:
    if act == "approve":
        return ApproveForm(starts_on=row.starts_on)
    return FeeForm(day=local_day(now(), ZONE)) if act == "fee" else ReasonForm()


DECISIONS: dict[str, Callable[[str, Any], Membership]] = {
    "approve": lambda key, form: service.approve(
        key, actor=me(), reason=form.reason.data, starts_on=form.starts_on.data
    ),
    "refuse": lambda key, form: service.refuse(key, actor=me(), reason=form.reason.data),
    "fee": lambda key, form: service.activate(key, actor=me(), paid=FeePaid(form.day.data, form.reference.data)),
    "begin": lambda key, form: service.activate(key, actor=me(), paid=None, reason=form.reason.data),
    "suspend": lambda key, form: service.suspend(key, actor=me(), reason=form.reason.data),
    "resume": lambda key, form: service.resume(key, actor=me(), reason=form.reason.data),
    "stop": lambda key, form: service.stop(key, actor=me(), reason=form.reason.data),
}


@blueprint.route("/organise/organisations/<public_id>/memberships/new", methods=["GET", "POST"])
@form_view
def new_membership(public_id: str) -> ResponseReturnValue:
    """An application that came by letter or by phone."""
    organisations_managers_only()
    organisation, plans, form = organisation_of(public_id), offered_plans(), ApplyForm()
    form.offer(plans)
    if form.validate_on_submit():
        try:
            made = service.apply(public_id, form.plan.data, applicant=me())
            return redirect(url_for("organise.decide_membership", public_id=made.public_id, act="approve"), 303)
        except (AlreadyApplied, TooEarlyToRenew, PlanUnknown) as refusal:
            form.plan.errors = [refusal_words(refusal)]
    starts_on = service.proposed_start(memberships_with_plans(organisation.id), local_day(now(), ZONE))
    page = render_template(
        "organise/membership_new.html",
        form=form,
        hints=plan_hints(plans),
        fees=plan_fees(plans),
        starts_on=starts_on,
        ends_on=service.year_from(starts_on),
        **organisation_page(organisation, "overview"),
    )
    return page, status_of(form)
