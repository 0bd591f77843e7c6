"""Where the buyer's money goes back to, when it came by transfer."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import ValidationError

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import current_person
from blueprints.refund_words import refund_refusal
from blueprints.registrations import blueprint
from blueprints.registrations.proof import changeable
from services.money import say_money
from services.orders import balance
from services.refund_accounts import is_iban, known_account
from services.refunds import RefundRefused, ask_by_buyer, carry_out
from services.returnable import under_way_cents


class AccountForm(Form):
    iban = StringField(_l("Account (IBAN)"), [filled(), longest(42)])
    holder = StringField(_l("Name of the account"), [filled(), longest(120)])

    def validate_iban(self, field: StringField) -> None:
        if field.data and not is_iban(field.data):
            raise ValidationError(_("These are not the digits of an account. Compare them with the bank’s paper."))


@blueprint.route("/orders/<code>/refund", methods=["GET", "POST"])
@form_view
def refund_account(code: str) -> ResponseReturnValue:
    """Give the account that what we owe goes back to; finance looks at it before it leaves."""
    form = AccountForm()
    valid = form.validate_on_submit()
    order, access = changeable(code, request.path)
    if not access.whole:
        abort(404)
    cents = max(balance(order).to_return_cents - under_way_cents(order.id), 0)
    back = url_for("registrations.order", code=order.code)
    if not cents:
        return redirect(back, 303)
    if valid:
        try:
            for asked in ask_by_buyer(order.code, form.iban.data, form.holder.data, actor=current_person()):
                carry_out(asked.public_id)
        except RefundRefused as refusal:
            form.iban.errors = [refund_refusal(refusal)]
        else:
            flash(
                _(
                    "Thank you. %(amount)s goes there as soon as finance has seen it.",
                    amount=say_money(cents, str(get_locale())),
                ),
                "success",
            )
            return redirect(back, 303)
    elif not form.is_submitted():
        known = known_account(order.id)
        form.iban.data, form.holder.data = known.iban, known.holder
    page = render_template("registrations/refund.html", form=form, order=order, cents=cents)
    return page, status_of(form)
