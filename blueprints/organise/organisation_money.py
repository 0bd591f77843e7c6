"""What finance knows of an organisation: its VAT status, its Peppol address, its payment term."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional, ValidationError

from blueprints.forms import Form, form_view, longest, status_of
from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.organise.organisations import organisation_of
from models.organisations import VatStatus
from services.enterprise_numbers import NumberMalformed
from services.invoice_parties import cleaned_peppol_id
from services.organisation_money import LONGEST_TERM, MoneyFacts, set_money_facts


def status_words() -> dict[str, str]:
    return {
        "": _("Not declared"),
        VatStatus.TAXABLE: _("Liable to VAT"),
        VatStatus.FRANCHISE: _("Small business without VAT"),
        VatStatus.EXEMPT_ONLY: _("Exempt activity only, such as a hospital"),
        VatStatus.PUBLIC: _("Public body"),
        VatStatus.FOREIGN: _("Established abroad"),
    }


class MoneyForm(Form):
    """How an organisation is invoiced."""

    vat_status = SelectField(
        _l("VAT status"),
        description=_l("As the organisation declares it. It decides whether the law asks for an e-invoice."),
    )
    peppol_id = StringField(
        _l("Peppol address"),
        [longest(60)],
        description=_l("Only when it is not the enterprise number: scheme and number, such as 0208:0101357179."),
    )
    payment_term_days = IntegerField(
        _l("Payment term in days"),
        [Optional(), NumberRange(min=0, max=LONGEST_TERM)],
        description=_l("With a term its people may order on account: places at once, the invoice later."),
    )

    clean_id = ""

    def validate_peppol_id(self, field: StringField) -> None:
        if field.data:
            try:
                self.clean_id = cleaned_peppol_id(field.data)
            except NumberMalformed as error:
                raise ValidationError(
                    _("This is no Peppol address. Write scheme and number, and compare the digits.")
                ) from error


@blueprint.route("/organise/organisations/<public_id>/money", methods=["GET", "POST"])
@form_view
def organisation_money(public_id: str) -> ResponseReturnValue:
    """How an organisation is invoiced, by finance."""
    finance_only()
    organisation = organisation_of(public_id)
    form = MoneyForm(obj=organisation)
    form.vat_status.choices = [SelectChoice(value, words) for value, words in status_words().items()]
    if form.validate_on_submit():
        status = VatStatus(form.vat_status.data) if form.vat_status.data else None
        set_money_facts(public_id, MoneyFacts(status, form.clean_id, form.payment_term_days.data), me())
        flash(_("Saved."), "success")
        return redirect(url_for("organise.organisation", public_id=public_id), 303)
    page = render_template("organise/organisation_money.html", form=form, organisation=organisation)
    return page, status_of(form)
