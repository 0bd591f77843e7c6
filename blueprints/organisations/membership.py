"""An organisation's membership, for its HR managers: where it stands, applying, renewing, giving up."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from blueprints.forms import Form, form_view, status_of
from blueprints.guards import me
from blueprints.organisations import blueprint
from blueprints.organisations.company import company_of, company_page
from blueprints.organisations.words import reason_words, refusal_words
from models.base import in_language, now
from models.organisations import CURRENT, MembershipPlan, MembershipStatus
from services.affiliations import NotYours
from services.dates import ZONE, local_day
from services.membership_plans import PlanUnknown, offered_plans
from services.memberships import (
    AlreadyApplied,
    MembershipUnknown,
    TooEarlyToRenew,
    apply,
    may_apply,
    proposed_start,
    resign,
    withdraw,
    year_from,
)
from services.money import say_money
from services.organisation_pages import memberships_with_plans


class ApplyForm(Form):
    """Which membership."""

    plan = RadioField(_l("Which membership?"), [InputRequired(message=_l("Choose one of them."))])

    def offer(self, plans: list[MembershipPlan]) -> None:
        locale = str(get_locale())
        self.plan.choices = [SelectChoice(plan.slug, in_language(plan.names, locale)) for plan in plans]


def plan_hints(plans: list[MembershipPlan]) -> dict[str, str]:
    """What each is for."""
    locale = str(get_locale())
    return {
        plan.slug: in_language(plan.descriptions, locale) for plan in plans if in_language(plan.descriptions, locale)
    }


def plan_fees(plans: list[MembershipPlan]) -> dict[str, str]:
    """What each costs a year."""
    locale = str(get_locale())
    return {plan.slug: say_money(plan.net_cents, locale, short=True) if plan.net_cents else _("Free") for plan in plans}


@blueprint.get("/me/company/<public_id>/membership")
def membership(public_id: str) -> ResponseReturnValue:
    """Where the membership stands."""
    organisation = company_of(public_id)
    rows, today = memberships_with_plans(organisation.id), local_day(now(), ZONE)
    refusal = refusal_to_apply(organisation.id)
    current = [row for row in rows if row.status in CURRENT or row.status == MembershipStatus.APPLIED]
    return render_template(
        "organisations/membership.html",
        current=current,
        is_member=any(row.gives_member_price(today) for row in rows),
        former=[row for row in rows if row not in current],
        may_apply=refusal is None,
        renewable_from=refusal.renewable_from if isinstance(refusal, TooEarlyToRenew) else None,
        reason_words=reason_words,
        **company_page(organisation, "membership"),
    )


def refusal_to_apply(organisation_id: int) -> Exception | None:
    """Why nothing can be asked for today; None when it can."""
    try:
        may_apply(memberships_with_plans(organisation_id), local_day(now(), ZONE))
    except (AlreadyApplied, TooEarlyToRenew) as refusal:
        return refusal
    return None


@blueprint.route("/me/company/<public_id>/membership/apply", methods=["GET", "POST"])
@form_view
def apply_for(public_id: str) -> ResponseReturnValue:
    """Ask for a membership, or for the next one."""
    organisation, plans, form = company_of(public_id), offered_plans(), ApplyForm()
    form.offer(plans)
    if request.method == "GET" and (refusal := refusal_to_apply(organisation.id)):
        flash(refusal_words(refusal), "warning")
        return redirect(url_for("organisations.membership", public_id=public_id), 303)
    if form.validate_on_submit():
        try:
            apply(public_id, form.plan.data, applicant=me())
            flash(_("We have your application. You hear from us by mail."), "success")
            return redirect(url_for("organisations.membership", public_id=public_id), 303)
        except (AlreadyApplied, TooEarlyToRenew, PlanUnknown) as refusal:
            form.plan.errors = [refusal_words(refusal)]
        except NotYours:
            abort(404)
    starts_on = proposed_start(memberships_with_plans(organisation.id), local_day(now(), ZONE))
    page = render_template(
        "organisations/apply.html",
        form=form,
        hints=plan_hints(plans),
        fees=plan_fees(plans),
        starts_on=starts_on,
        ends_on=year_from(starts_on),
        **company_page(organisation, "membership"),
    )
    return page, status_of(form)


@blueprint.post("/me/company/<public_id>/membership/withdraw")
def withdraw_application(public_id: str) -> ResponseReturnValue:
    """Take the application back."""
    company_of(public_id)
    try:
        withdraw(public_id, actor=me())
        flash(_("The application is taken back."), "success")
    except MembershipUnknown as refusal:
        flash(refusal_words(refusal), "warning")
    except NotYours:
        abort(404)
    return redirect(url_for("organisations.membership", public_id=public_id), 303)


@blueprint.post("/me/company/<public_id>/membership/resign")
def resign_membership(public_id: str) -> ResponseReturnValue:
    """Give the membership up at its end, or keep it after all."""
    company_of(public_id)
    leaves = request.form.get("act") != "stay"
    try:
        resign(public_id, actor=me(), leaves=leaves)
        flash(_("It ends with its period.") if leaves else _("It goes on: you can renew it."), "success")
    except MembershipUnknown as refusal:
        flash(refusal_words(refusal), "warning")
    except NotYours:
        abort(404)
    return redirect(url_for("organisations.membership", public_id=public_id), 303)
