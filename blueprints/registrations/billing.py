"""To whom an order is invoiced, and its documents to download."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import EmailField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, mail_address, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.company_fields import company_numbers, country_choices
from blueprints.registrations.proof import changeable, open_order
from models.events import VatTreatment
from models.orders import Order
from services.billing import (
    Billing,
    PaymentUnderWay,
    TotalChanged,
    bill_to,
    present_details,
    take_over_details,
    total_of,
)
from services.enterprise_numbers import CompanyNumbers, say_company_number, say_enterprise_number
from services.invoice_files import file_of
from services.invoice_lists import documents_of
from services.money import say_money
from services.price_words import free_of_vat

MIMETYPES = {"pdf": "application/pdf", "ubl": "application/xml"}


class TotalForm(Form):
    """With what the page said that the order costs, so that a change is told first."""

    shown_cents = IntegerField(widget=HiddenInput(), validators=[Optional()])

    def shows(self, cents: int) -> None:
        """The page sends back the total that it shows now."""
        self.shown_cents.raw_data, self.shown_cents.data = None, cents


class BillingForm(TotalForm):
    """Who is invoiced."""

    kind = RadioField(_l("Who pays?"), default="person")
    name = StringField(
        _l("Name"), [filled(), longest(200), has_a_letter], description=_l("For a company its legal name.")
    )
    vat_number = StringField(
        _l("Enterprise or VAT number"),
        [longest(30)],
        description=_l("Such as 0101.357.179, or with the letters of its country: BE 0101.357.179."),
    )
    street = StringField(_l("Street and number"), [filled(), longest(200)])
    postcode = StringField(_l("Postcode"), [filled(), longest(20)])
    city = StringField(_l("Town"), [filled(), longest(100)])
    country = SelectField(_l("Country"), default="BE")
    email = EmailField(_l("Send it to"), [filled(), longest(254), mail_address])
    purchase_order = StringField(_l("Purchase-order number"), [longest(60)])

    numbers = CompanyNumbers()

    def offer_choices(self) -> None:
        self.kind.choices = [("person", _("I do")), ("company", _("A company"))]
        self.country.choices = country_choices()

    def validate_vat_number(self, field: StringField) -> None:
        if self.kind.data == "company":
            self.numbers = company_numbers(field, self.country.data or "")

    def billing(self) -> Billing:
        texts = ("name", "street", "postcode", "city", "country", "email", "purchase_order")
        facts: dict[str, Any] = {name: (self[name].data or "").strip() for name in texts}
        return Billing(
            **facts,
            is_business=self.kind.data == "company",
            vat_number=self.numbers.vat,
            enterprise_number=self.numbers.enterprise,
        )


@blueprint.route("/orders/<code>/billing", methods=["GET", "POST"])
@form_view
def billing(code: str) -> ResponseReturnValue:
    """Ask for an invoice, to oneself or to a company."""
    found, access = changeable(code, request.path)
    if not access.whole:
        abort(404)
    if found.payer_organisation_id is not None:
        return take_over(found)
    form = BillingForm(data=known_details(found))
    form.offer_choices()
    if form.validate_on_submit() and billed(form, found.code, form.billing()):
        return redirect(url_for("registrations.order", code=found.code), 303)
    if not form.is_submitted() or form.shown_cents.data is None:
        form.shows(total_of(found))
    page = render_template("registrations/billing.html", form=form, order=found, documents=documents_of(found.id))
    return page, status_of(form)


def take_over(order: Order) -> ResponseReturnValue:
    """An organisation pays: its own details count. When they have changed since, the order may take them over."""
    present = present_details(order) or abort(404)
    form = TotalForm()
    if form.validate_on_submit() and billed(form, order.code, None):
        return redirect(url_for("registrations.order", code=order.code), 303)
    if not form.is_submitted() or form.shown_cents.data is None:
        form.shows(present.total_cents)
    page = render_template(
        "registrations/details.html", form=form, order=order, present=present, total_cents=total_of(order),
        why=free_of_vat(present.vat, VatTreatment.STANDARD) if present.total_cents < total_of(order) else "",
        number=say_company_number(present.billing["vat_number"], present.billing["enterprise_number"]),
    )  # fmt: skip
    return page, status_of(form)


def billed(form: TotalForm, code: str, billing: Billing | None) -> bool:
    """Keep the details, or the organisation's own; False shows the form again with what stands in the way."""
    actor, shown = current_person(), form.shown_cents.data
    try:
        if billing is None:
            issued = take_over_details(code, actor, shown_cents=shown)
        else:
            issued = bill_to(code, billing, actor, shown_cents=shown)
    except TotalChanged as change:
        form.shows(change.total_cents)
        form.form_errors.append(changed_words(change))
        return False
    except PaymentUnderWay:
        form.form_errors.append(
            _(
                "A card payment for this order is open, and these details change the amount. Finish it, or wait half an hour."
            )
        )
        return False
    flash(
        _("Invoice %(number)s is on its way to you by mail.", number=issued[0].label)
        if issued
        else _("Your details are kept. The invoice comes by mail as soon as the order is paid."),
        "success",
    )
    return True


def changed_words(change: TotalChanged) -> str:
    """What the order costs with these details, why, and that nothing happened yet."""
    locale = str(get_locale())
    said = _(
        "With these details the order costs %(total)s instead of %(shown)s.",
        total=say_money(change.total_cents, locale), shown=say_money(change.shown_cents, locale),
    )  # fmt: skip
    why = (
        free_of_vat(change.vat, VatTreatment.STANDARD)
        if change.total_cents < change.shown_cents
        else _("Belgian VAT comes on top.")
    )
    return f"{said} {why} " + _("Nothing was changed. Read the new total, then confirm.")


def known_details(order: Order) -> dict[str, Any]:
    """What the form begins with: what was written before, else the buyer."""
    kept = order.billing
    texts = {name: kept.get(name, "") for name in ("street", "postcode", "city")}
    return {
        **texts,
        "vat_number": kept.get("vat_number") or say_enterprise_number(kept.get("enterprise_number")),
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
