"""Organisations at the desk: found, made, corrected, and what was done to each."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import EmailField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, mail_address, status_of
from blueprints.guards import me, organisations_managers_only, organisations_readers_only, roles
from blueprints.organisations.words import act_words, kind_words, reason_words
from blueprints.organise import blueprint
from blueprints.organise.events import page_number, pager
from blueprints.registrations.company_fields import country_choices
from models.organisations import Organisation, OrganisationKind
from services.areas import areas_in
from services.customers import HOME
from services.email_domains import domains_of
from services.enterprise_numbers import (
    NumberMalformed,
    clean_enterprise_number,
    clean_vat_number,
    say_enterprise_number,
)
from services.membership_plans import offered_plans
from services.organisation_list import PAGE, SHOWN, list_organisations
from services.organisation_pages import (
    HISTORY_PAGE,
    PEOPLE_PAGE,
    areas_of,
    colleagues,
    history,
    memberships_with_plans,
)
from services.organisations import (
    NumberTaken,
    OrganisationFacts,
    OrganisationUnknown,
    add_organisation,
    change_organisation,
    organisation_by_public_id,
)
from services.permissions import may_manage_organisations, may_receive_money


def shown_words() -> dict[str, str]:
    return {
        "all": _("All"),
        "members": _("Members"),
        "grace": _("In grace"),
        "waiting": _("To decide or to pay"),
        "claims": _("People to confirm"),
        "suspended": _("Suspended"),
        "former": _("Former members"),
        "none": _("Never members"),
    }


def organisation_of(public_id: str) -> Organisation:
    """The organisation, or 404; after the guard."""
    try:
        return organisation_by_public_id(public_id)
    except OrganisationUnknown:
        abort(404)


def organisation_page(organisation: Organisation, tab: str) -> dict[str, Any]:
    """What the head of every page of one organisation needs."""
    return {
        "organisation": organisation,
        "tab": tab,
        "kinds": kind_words(),
        "may_manage": may_manage_organisations(roles()),
    }


@blueprint.get("/organise/organisations")
def organisations() -> ResponseReturnValue:
    """Every organisation, with where its membership stands."""
    organisations_readers_only()
    query, kind = request.args.get("q", "").strip()[:120], request.args.get("kind", "")
    asked = request.args.get("show", "")
    shown, kind = (asked if asked in SHOWN else "all"), (kind if kind in set(OrganisationKind) else "")
    found = list_organisations(shown, query, kind, page_number())
    return render_template(
        "organise/organisations.html",
        found=found,
        shown=shown,
        kind=kind,
        query=query,
        kinds=kind_words(),
        may_manage=may_manage_organisations(roles()),
        choices=[(name, words, found.counts[name]) for name, words in shown_words().items()],
        say_number=say_enterprise_number,
        pager=pager(
            "organise.organisations", found.page, PAGE, found.total, q=query or None, kind=kind or None,
            show=asked or None,
        ),
    )  # fmt: skip


class OrganisationForm(Form):
    """What the desk says of an organisation; its numbers are checked by their digits."""

    name = StringField(_l("Name"), [filled(), longest(200), has_a_letter], description=_l("As people say it."))
    legal_name = StringField(_l("Legal name"), [filled(), longest(200), has_a_letter])
    kind = SelectField(_l("Kind"))
    enterprise_number = StringField(
        _l("Enterprise number"),
        [longest(30)],
        description=_l("Belgian organisations: ten digits, such as 0101.357.179."),
    )
    vat_number = StringField(
        _l("VAT number"), [longest(30)], description=_l("With the two letters of its country, such as BE 0101.357.179.")
    )
    street = StringField(_l("Street and number"), [longest(200)])
    postcode = StringField(_l("Postcode"), [longest(20)])
    city = StringField(_l("Town"), [longest(100)])
    country = SelectField(_l("Country"))
    billing_email = EmailField(_l("Invoices go to"), [longest(254), mail_address])
    areas = SelectMultipleField(_l("Areas"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())

    def offer_choices(self, organisation: Organisation | None) -> None:
        self.kind.choices = [SelectChoice(value, words) for value, words in kind_words().items()]
        self.country.choices = country_choices(organisation.country if organisation else HOME)
        self.areas.choices = [SelectChoice(area.slug, area.name) for area in areas_in(str(get_locale()))]

    def validate_enterprise_number(self, field: StringField) -> None:
        if field.data:
            try:
                self.clean_number = clean_enterprise_number(field.data)
            except NumberMalformed as error:
                raise ValidationError(_("These digits do not fit together. Compare them with the statutes.")) from error

    def validate_vat_number(self, field: StringField) -> None:
        if field.data:
            try:
                self.clean_vat = clean_vat_number(field.data)
            except NumberMalformed as error:
                raise ValidationError(
                    _("This is no VAT number. Begin with the two letters of its country, and compare the digits.")
                ) from error

    def facts(self) -> OrganisationFacts:
        """What was written, with clean numbers."""
        texts = ("street", "postcode", "city", "country", "billing_email")
        return OrganisationFacts(
            legal_name=self.legal_name.data,
            name=self.name.data,
            kind=OrganisationKind(self.kind.data),
            enterprise_number=getattr(self, "clean_number", ""),
            vat_number=getattr(self, "clean_vat", ""),
            areas=tuple(self.areas.data or ()),
            **{name: self[name].data or "" for name in texts},
        )


@blueprint.route("/organise/organisations/new", methods=["GET", "POST"])
@form_view
def new_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    organisations_managers_only()
    form, same = OrganisationForm(country="BE"), None
    form.offer_choices(None)
    if form.validate_on_submit():
        try:
            made = add_organisation(form.facts(), me())
            flash(_("%(name)s is there. Its people join by a verified domain, or say so.", name=made.name), "success")
            return redirect(url_for("organise.organisation", public_id=made.public_id), 303)
        except NumberTaken as refusal:
            form.enterprise_number.errors, same = [taken_words()], refusal
    page = render_template("organise/organisation_form.html", form=form, organisation=None, same=same)
    return page, status_of(form)


@blueprint.route("/organise/organisations/<public_id>/edit", methods=["GET", "POST"])
@form_view
def edit_organisation(public_id: str) -> ResponseReturnValue:
    """Correct what is said of an organisation."""
    organisations_managers_only()
    organisation = organisation_of(public_id)
    form, same = OrganisationForm(obj=organisation, areas=areas_of(organisation.id)), None
    form.offer_choices(organisation)
    if form.validate_on_submit():
        try:
            change_organisation(public_id, form.facts(), me())
            flash(_("Saved."), "success")
            return redirect(url_for("organise.organisation", public_id=public_id), 303)
        except NumberTaken as refusal:
            form.enterprise_number.errors, same = [taken_words()], refusal
    page = render_template("organise/organisation_form.html", form=form, organisation=organisation, same=same)
    return page, status_of(form)


def taken_words() -> str:
    return _("Another organisation has this number already.")


@blueprint.get("/organise/organisations/<public_id>")
def organisation(public_id: str) -> ResponseReturnValue:
    """One organisation: facts, domains, memberships, people."""
    organisations_readers_only()
    found = organisation_of(public_id)
    people, total, page = colleagues(found.id, page_number(), at_desk=True)
    return render_template(
        "organise/organisation.html",
        people=people,
        domains=domains_of(found.id),
        memberships=memberships_with_plans(found.id),
        area_slugs=areas_of(found.id),
        may_receive=may_receive_money(roles()),
        has_plans=bool(offered_plans()),
        say_number=say_enterprise_number,
        reason_words=reason_words,
        pager=pager("organise.organisation", page, PEOPLE_PAGE, total, public_id=public_id),
        **organisation_page(found, "overview"),
    )


@blueprint.get("/organise/organisations/<public_id>/history")
def organisation_history(public_id: str) -> ResponseReturnValue:
    """Who did what to one organisation, and when."""
    organisations_readers_only()
    found = organisation_of(public_id)
    entries, total, page = history(found.id, page_number())
    return render_template(
        "organise/organisation_history.html",
        entries=[(entry, act_words(entry.action, entry.about, entry.details)) for entry in entries],
        pager=pager("organise.organisation_history", page, HISTORY_PAGE, total, public_id=public_id),
        **organisation_page(found, "history"),
    )
