"""A person's e-mail addresses: add one by a mailed code, choose the primary one, remove one."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import EmailField

from blueprints.accounts import blueprint
from blueprints.accounts.sign_in import ButtonForm, CodeForm
from blueprints.accounts.words import code_refusal, link_refusal, too_many_mails
from blueprints.forms import Form, filled, form_view, longest, mail_address, status_of
from blueprints.guards import me, signed_in
from blueprints.visitors import known_browser_key, visitor
from models.credentials import CodePurpose
from services.addresses import (
    AddressNotProven,
    AddressUnknown,
    AlreadyYours,
    LastAddress,
    TooManyAddresses,
    addresses_of,
    ask_to_prove,
    make_primary,
    prove_by_code,
    prove_by_link,
    remove_address,
)
from services.codes import CodeRefused, asked_code, find_link
from services.people import AddressTaken
from services.throttles import TooMany


class NewAddressForm(Form):
    email = EmailField(_l("Another e-mail address"), [filled(), longest(254), mail_address])


@blueprint.route("/me/addresses", methods=["GET", "POST"])
@form_view
@signed_in
def addresses() -> ResponseReturnValue:
    """The person's addresses; adding one mails it a code."""
    person, form, status = me(), NewAddressForm(), None
    if form.validate_on_submit():
        try:
            ask_to_prove(person, form.email.data, visitor())
            return redirect(url_for("accounts.address_code"), 303)
        except AlreadyYours:
            form.email.errors = [_("You have this address already. Write another one.")]
        except TooManyAddresses:
            form.email.errors = [_("You have ten addresses, which is the most. Remove one first.")]
        except TooMany as limit:
            form.email.errors, status = [too_many_mails(limit)], 429
    page = render_template("accounts/addresses.html", form=form, addresses=addresses_of(person))
    return page, status or status_of(form)


@blueprint.route("/me/addresses/code", methods=["GET", "POST"])
@form_view
@signed_in
def address_code() -> ResponseReturnValue:
    """Take the six digits that the new address received."""
    person, form = me(), CodeForm()
    if form.validate_on_submit():
        try:
            return added(prove_by_code(person, form.digits.data, visitor()).address)
        except CodeRefused as refusal:
            form.digits.errors = [code_refusal(refusal)]
        except (AddressTaken, AddressUnknown):
            form.digits.errors = [taken()]
    asked = asked_code(CodePurpose.PROVE_ADDRESS, known_browser_key())
    if request.method == "GET" and (asked is None or asked.used_at is not None):
        return redirect(url_for("accounts.addresses"), 303)
    return render_template("accounts/address_code.html", form=form, asked=asked), status_of(form)


@blueprint.route("/me/addresses/link/<token>", methods=["GET", "POST"])
@form_view
@signed_in
def address_link(token: str) -> ResponseReturnValue:
    """The page behind the mailed link: one button. Opening it adds nothing; the button does."""
    person, form = me(), ButtonForm()
    try:
        if form.validate_on_submit():
            return added(prove_by_link(person, token).address)
        asked = find_link(token, CodePurpose.PROVE_ADDRESS)
    except CodeRefused as refusal:
        words, status = link_refusal(refusal), 410
    except (AddressTaken, AddressUnknown):
        words, status = taken(), 409
    else:
        return render_template("accounts/address_link.html", form=form, asked=asked), status_of(form)
    return render_template("accounts/address_link.html", form=form, asked=None, refusal=words), status


@blueprint.post("/me/addresses/primary")
@signed_in
def primary_address() -> ResponseReturnValue:
    """Send mails to this address from now on."""
    person = me()
    try:
        row = make_primary(person, request.form.get("address", ""), locale=person.locale)
        flash(_("Our mails now go to %(address)s. The old address is told.", address=row.address), "success")
    except AddressUnknown:
        abort(404)
    except AddressNotProven:
        flash(_("This address is not confirmed yet. Add it once more below: it gets a code."), "warning")
    return redirect(url_for("accounts.addresses"), 303)


@blueprint.post("/me/addresses/remove")
@signed_in
def forget_address() -> ResponseReturnValue:
    """Remove one address."""
    try:
        row = remove_address(me(), request.form.get("address", ""))
        flash(_("%(address)s is removed. Your registrations and certificates stay.", address=row.address), "success")
    except AddressUnknown:
        abort(404)
    except LastAddress:
        flash(_("Our mails go to this address. Choose another one for them first."), "warning")
    return redirect(url_for("accounts.addresses"), 303)


def added(address: str) -> ResponseReturnValue:
    flash(_("%(address)s is yours. You can sign in with it too.", address=address), "success")
    return redirect(url_for("accounts.addresses"), 303)


def taken() -> str:
    return _("This address belongs to another account. If both are yours, write to us and we bring them together.")
