"""What the law gives a consumer at an order: the terms as accepted, and withdrawing within fourteen days."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import StringField

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.proof import changeable, open_order
from models.base import in_language, language_of, now
from services.accepted_terms import terms_of_order, terms_text
from services.markdown import rendered
from services.withdrawals import WithdrawalRefused, last_day, may_withdraw, withdraw


class WithdrawalForm(Form):
    """The statement of withdrawal."""

    name = StringField(_l("Your name"), [filled(), longest(240), has_a_letter])


@blueprint.get("/orders/<code>/terms")
def order_terms(code: str) -> ResponseReturnValue:
    """The terms as this order accepted them, in its language."""
    found, _access = open_order(code)
    terms = terms_of_order(found) or abort(404)
    spoken = language_of(terms.texts["text"], found.locale)
    return render_template(
        "registrations/terms.html",
        order=found,
        title=in_language(terms.texts["title"], found.locale),
        body=rendered(in_language(terms.texts["text"], found.locale)),
        spoken=spoken,
        version=terms.version,
    )


@blueprint.get("/orders/<code>/terms.txt")
def order_terms_file(code: str) -> ResponseReturnValue:
    """The same to keep."""
    found, _access = open_order(code)
    terms = terms_of_order(found) or abort(404)
    answer = Response(terms_text(found, terms), mimetype="text/plain")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{found.code}-{terms.version}.txt")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.route("/orders/<code>/withdraw", methods=["GET", "POST"])
@form_view
def withdraw_order(code: str) -> ResponseReturnValue:
    """Withdraw from the contract: what it means, then a button that says so."""
    found, access = changeable(code, request.path)
    if not access.whole or not may_withdraw(found, now()):
        abort(404)
    form = WithdrawalForm(data={"name": found.buyer.name})
    if form.validate_on_submit():
        try:
            withdraw(found.code, form.name.data, current_person())
            flash(_("You have withdrawn. A mail confirms it, with the day and the hour."), "success")
        except WithdrawalRefused:
            flash(_("The time to withdraw is over. You can still cancel, by the terms of the order."), "info")
        return redirect(url_for("registrations.order", code=found.code), 303)
    page = render_template("registrations/withdraw.html", form=form, order=found, last=last_day(found))
    return page, status_of(form)
