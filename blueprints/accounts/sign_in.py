"""Signing in and out. The answer to an address is the same whether anybody has it or not."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import EmailField, PasswordField, StringField

from blueprints.accounts import blueprint
from blueprints.accounts.demo import cast_of_demo, demo_address
from blueprints.accounts.session import begin, end
from blueprints.accounts.words import code_refusal, link_refusal, too_many_mails, too_many_tries
from blueprints.forms import Form, filled, form_view, longest, mail_address, six_digits, status_of
from blueprints.guards import current_person, own_path
from blueprints.visitors import known_browser_key, visitor
from models.credentials import CodePurpose
from services.codes import CodeRefused, asked_code, find_link
from services.entrances import (
    SignInRefused,
    ask_code,
    enter_by_code,
    enter_by_link,
    enter_by_password,
    enter_demo,
)
from services.throttles import TooMany

HOME = "/me"


class AddressForm(Form):
    email = EmailField(_l("E-mail"), [filled(), longest(254), mail_address])


class CodeForm(Form):
    digits = StringField(
        _l("The six digits"), [filled(_l("Write the six digits of the mail.")), longest(20), six_digits]
    )


class ButtonForm(Form):
    """One button: a form only so that an old page comes back instead of an error."""


class PasswordForm(Form):
    email = EmailField(_l("E-mail"), [filled(), longest(254), mail_address])
    password = PasswordField(_l("Password"), [filled()])


def wanted_path() -> str:
    """Where the person was going, when it is a page of ours."""
    return own_path(request.args.get("next"), "")


@blueprint.route("/sign-in", methods=["GET", "POST"])
@form_view
def sign_in() -> ResponseReturnValue:
    """Ask for the address and mail a code."""
    form, status = AddressForm(), None
    if form.validate_on_submit():
        try:
            ask_code(form.email.data, visitor(), next_path=wanted_path())
            return redirect(url_for("accounts.code"), 303)
        except TooMany as limit:
            form.email.errors, status = [too_many_mails(limit)], 429
    elif request.method == "GET" and current_person():
        return redirect(wanted_path() or HOME, 303)
    page = render_template("accounts/sign_in.html", form=form, next=wanted_path(), cast=cast_of_demo())
    return page, status or status_of(form)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@form_view
def code() -> ResponseReturnValue:
    """Take the six digits, in the browser that asked for them."""
    form, status = CodeForm(), None
    if form.validate_on_submit():
        try:
            entry = enter_by_code(form.digits.data, visitor())
            begin(entry)
            return redirect(own_path(entry.next, HOME), 303)
        except CodeRefused as refusal:
            form.digits.errors = [code_refusal(refusal)]
        except TooMany as limit:
            form.digits.errors, status = [too_many_tries(limit)], 429
    asked = asked_code(CodePurpose.SIGN_IN, known_browser_key())
    if asked is None or asked.used_at is not None:
        if current_person():  # the button was pressed twice, or the reader came back
            return redirect(HOME, 303)
        if request.method == "GET":
            return redirect(url_for("accounts.sign_in"), 303)
    page = render_template("accounts/code.html", form=form, asked=asked)
    return page, status or status_of(form)


@blueprint.route("/sign-in/link/<token>", methods=["GET", "POST"])
@form_view
def link(token: str) -> ResponseReturnValue:
    """The page behind the mailed link: one button. Opening it uses nothing up; the button signs in."""
    form = ButtonForm()
    try:
        if form.validate_on_submit():
            entry = enter_by_link(token, visitor())
            begin(entry)
            return redirect(own_path(entry.next, HOME), 303)
        asked = find_link(token, CodePurpose.SIGN_IN)
    except CodeRefused as refusal:
        if request.method == "POST" and current_person():  # the button was pressed twice
            return redirect(HOME, 303)
        return render_template("accounts/link.html", form=form, asked=None, refusal=link_refusal(refusal)), 410
    return render_template("accounts/link.html", form=form, asked=asked), status_of(form)


@blueprint.route("/sign-in/password", methods=["GET", "POST"])
@form_view
def password() -> ResponseReturnValue:
    """For people who have set a password."""
    form, status = PasswordForm(), None
    if form.validate_on_submit():
        try:
            begin(enter_by_password(form.email.data, form.password.data, visitor()))
            return redirect(wanted_path() or HOME, 303)
        except SignInRefused:
            form.password.errors = [
                _("This address and this password do not belong together. Try again, or let us mail you a code.")
            ]
        except TooMany as limit:
            form.password.errors, status = [too_many_tries(limit)], 429
    page = render_template("accounts/password_sign_in.html", form=form, next=wanted_path())
    return page, status or status_of(form)


@blueprint.post("/sign-in/demo")
def demo() -> ResponseReturnValue:
    """One of the cast, in one click; in demo mode on this machine only."""
    entry = enter_demo(demo_address(request.form.get("who", "")), visitor())
    if entry is None:
        abort(404)
    begin(entry)
    return redirect(wanted_path() or HOME, 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign this browser out."""
    end()
    flash(_("You are signed out."), "success")
    return redirect("/", 303)
