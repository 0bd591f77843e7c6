"""The kinds of membership at the desk."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import BooleanField, FieldList, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from blueprints.forms import Form, form_view, longest, status_of
from blueprints.guards import me, organisations_managers_only, organisations_readers_only, roles
from blueprints.organise import blueprint
from blueprints.organise.event_form import MoneyField
from blueprints.organise.event_plan_form import languages
from models.organisations import MembershipPlan
from services.membership_plans import (
    LONGEST_GRACE,
    PlanFacts,
    PlanUnknown,
    add_plan,
    all_plans,
    change_plan,
    plan_by_slug,
)
from services.permissions import may_manage_organisations


class PlanForm(Form):
    """One kind of membership, in every language of the cluster."""

    names = FieldList(StringField(_l("Name"), [longest(120)]), _l("Name"))
    descriptions = FieldList(TextAreaField(_l("Who it is for"), [longest(400)]), _l("Who it is for"))
    fee = MoneyField(_l("Fee a year, without VAT"), [InputRequired()])
    grace_days = IntegerField(
        _l("Days of grace"),
        [InputRequired(), NumberRange(0, LONGEST_GRACE)],
        description=_l("How long the member price goes on after the end, while a renewal is awaited."),
    )
    is_offered = BooleanField(_l("One can apply for it"))

    def validate_names(self, field: FieldList) -> None:
        if not any(entry.data for entry in field.entries):
            raise ValidationError(_("It needs a name in one language at least."))

    def fill_up(self) -> None:
        """One entry for each language, whatever was sent."""
        for texts in (self.names, self.descriptions):
            while len(texts.entries) < len(languages()):
                texts.append_entry("")
            del texts.entries[len(languages()) :]

    def facts(self) -> PlanFacts:
        codes = languages()
        texts = [dict(zip(codes, field.data, strict=True)) for field in (self.names, self.descriptions)]
        names, descriptions = [{code: words for code, words in text.items() if words} for text in texts]
        return PlanFacts(names, descriptions, self.fee.data, self.grace_days.data, self.is_offered.data)


def filled_in(plan: MembershipPlan | None) -> dict[str, Any]:
    """What the form begins with."""
    codes = languages()
    names, descriptions = (plan.names, plan.descriptions) if plan else ({}, {})
    return {
        "names": [names.get(code, "") for code in codes],
        "descriptions": [descriptions.get(code, "") for code in codes],
        "fee": plan.net_cents if plan else None,
        "grace_days": plan.grace_days if plan else 60,
        "is_offered": plan is None or plan.withdrawn_at is None,
    }


@blueprint.get("/organise/plans")
def plans() -> ResponseReturnValue:
    """Every kind of membership."""
    organisations_readers_only()
    return render_template("organise/plans.html", plans=all_plans(), may_manage=may_manage_organisations(roles()))


@blueprint.route("/organise/plans/new", methods=["GET", "POST"])
@form_view
def new_plan() -> ResponseReturnValue:
    """A further kind of membership."""
    organisations_managers_only()
    form = PlanForm(data=filled_in(None))
    form.fill_up()
    if form.validate_on_submit():
        add_plan(form.facts(), me())
        flash(_("Saved."), "success")
        return redirect(url_for("organise.plans"), 303)
    return render_template("organise/plan.html", form=form, codes=languages(), plan=None), status_of(form)


@blueprint.route("/organise/plans/<slug>", methods=["GET", "POST"])
@form_view
def edit_plan(slug: str) -> ResponseReturnValue:
    """Change a kind of membership, from now on."""
    organisations_managers_only()
    try:
        plan = plan_by_slug(slug)
    except PlanUnknown:
        abort(404)
    form = PlanForm(data=filled_in(plan))
    form.fill_up()
    if form.validate_on_submit():
        change_plan(slug, form.facts(), me())
        flash(_("Saved. Memberships that are there keep their period."), "success")
        return redirect(url_for("organise.plans"), 303)
    return render_template("organise/plan.html", form=form, codes=languages(), plan=plan), status_of(form)
