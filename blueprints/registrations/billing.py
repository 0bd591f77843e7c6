"""To whom an order is invoiced, and its documents to download."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import EmailField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, mail_address, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.proof import changeable, open_order
from models.orders import Order
from services.billing import Billing, bill_to
from services.enterprise_numbers import NumberMalformed, clean_vat_number
from services.invoice_files import file_of
from services.invoice_lists import documents_of
from services.vat import UNION

MIMETYPES = {"pdf": "application/pdf", "ubl": "application/xml"}
NEIGHBOURS = ("CH", "GB", "NO")


class BillingForm(Form):
    """Who is invoiced."""

    kind = RadioField(_l("Who pays?"), default="person")
    name = StringField(
        _l("Name"), [filled(), longest(200), has_a_letter], description=_l("For a company its legal name.")
    )
    vat_number = StringField(
        _l("VAT number"), [longest(30)], description=_l("With the two letters of its country, such as BE 0101.357.179.")
    )
    street = StringField(_l("Street and number"), [filled(), longest(200)])
    postcode = StringField(_l("Postcode"), [filled(), longest(20)])
    city = StringField(_l("Town"), [filled(), longest(100)])
    country = SelectField(_l("Country"), default="BE")
    email = EmailField(_l("Send it to"), [filled(), longest(254), mail_address])
    purchase_order = StringField(_l("Purchase-order number"), [longest(60)])

    clean_vat = ""

    def offer_choices(self) -> None:
        from babel import Locale

        names = Locale.parse(str(get_locale())).territories
        codes = sorted({*UNION, *NEIGHBOURS} - {"BE"}, key=lambda code: str(names.get(code, code)))
        self.kind.choices = [("person", _("I do")), ("company", _("A company"))]
        self.country.choices = [SelectChoice(code, str(names.get(code, code))) for code in ("BE", *codes)]

    def validate_vat_number(self, field: StringField) -> None:
        if self.kind.data != "company":
            return
        if not field.data:
            raise ValidationError(_("An invoice for a company needs its VAT number."))
        try:
            self.clean_vat = clean_vat_number(field.data)
        except NumberMalformed as error:
            raise ValidationError(
                _("This is no VAT number. Begin with the two letters of its country, and compare the digits.")
            ) from error

    def billing(self) -> Billing:
        texts = ("name", "street", "postcode", "city", "country", "email", "purchase_order")
        business = self.kind.data == "company"
        facts: dict[str, Any] = {name: (self[name].data or "").strip() for name in texts}
        return Billing(**facts, is_business=business, vat_number=self.clean_vat)


@blueprint.route("/orders/<code>/billing", methods=["GET", "POST"])
@form_view
def billing(code: str) -> ResponseReturnValue:
    """Ask for an invoice, to oneself or to a company."""
    found, access = changeable(code, request.path)
    if not access.whole or found.payer_organisation_id is not None:
        abort(404)
    form = BillingForm(data=known_details(found))
    form.offer_choices()
    if form.validate_on_submit():
        issued = bill_to(found.code, form.billing(), current_person())
        flash(
            _("Invoice %(number)s is on its way to you by mail.", number=issued[0].label) if issued
            else _("Your details are kept. The invoice comes by mail as soon as the order is paid."),
            "success",
        )  # fmt: skip
        return redirect(url_for("registrations.order", code=found.code), 303)
    page = render_template("registrations/billing.html", form=form, order=found, documents=documents_of(found.id))
    return page, status_of(form)


def known_details(order: Order) -> dict[str, Any]:
    """What the form begins with: what was written before, else the buyer."""
    kept = order.billing
    texts = {name: kept.get(name, "") for name in ("street", "postcode", "city", "vat_number")}
    return {
        **texts,
        "kind": "company" if kept.get("is_business") else "person",
        "name": kept.get("name") or order.buyer.name,
        "country": kept.get("country") or "BE",
        "email": kept.get("email") or order.buyer_email,
        "purchase_order": order.purchase_order or "",
    }


@blueprint.get("/orders/<code>/invoices/<public_id>.pdf", defaults={"kind": "pdf"})
@blueprint.get("/orders/<code>/invoices/<public_id>.xml", defaults={"kind": "ubl"})
def invoice_file(code: str, public_id: str, kind: str) -> ResponseReturnValue:
    """A document of the order, for whoever sees the whole of it."""
    found, access = open_order(code)
    label = {document.public_id: document.label for document in documents_of(found.id)}.get(public_id)
    if not access.whole or label is None:
        abort(404)
    answer = Response(file_of(public_id, kind).content, mimetype=MIMETYPES[kind])
    name = f"{label}.{'pdf' if kind == 'pdf' else 'xml'}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
