"""The optional password: setting, changing, removing."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import PasswordField

from blueprints.accounts import blueprint
from blueprints.accounts.session import current_sign_in
from blueprints.accounts.words import too_many_tries
from blueprints.forms import Form, filled, form_view, status_of
from blueprints.guards import me, signed_in
from models.people import Person
from services.addresses import primary_address
from services.passwords import (
    SHORTEST,
    PasswordWeak,
    PasswordWrong,
    confirm_password,
    has_password,
    remove_password,
    set_password,
)
from services.sign_ins import is_fresh
from services.throttles import TooMany


class NewPasswordForm(Form):
    present = PasswordField(_l("Present password"))
    new = PasswordField(_l("New password"), [filled()])


class RemovePasswordForm(Form):
    present = PasswordField(_l("Present password"))


def asks_present(person: Person) -> bool:
    """The present password is asked for, unless the person has just come in by mail: so a forgotten one is no trap."""
    here = current_sign_in()
    return has_password(person) and not (here is not None and is_fresh(here))


def confirms(person: Person, form: NewPasswordForm | RemovePasswordForm) -> bool:
    """Whether the present password is right or not needed; else the form says why not."""
    if not asks_present(person):
        return True
    try:
        confirm_password(person, form.present.data or "")
        return True
    except PasswordWrong:
        form.present.errors = [
            _("This is not your present password. If you have forgotten it, sign out and come in with a mailed code.")
        ]
    except TooMany as limit:
        form.present.errors = [too_many_tries(limit)]
    return False


@blueprint.route("/me/password", methods=["GET", "POST"])
@form_view
@signed_in
def own_password() -> ResponseReturnValue:
    """Set or change the password."""
    person, form, here = me(), NewPasswordForm(), current_sign_in()
    if form.validate_on_submit() and confirms(person, form):
        try:
            set_password(person, form.new.data, keep_sign_in=here.id if here else None)
            flash(_("Your password is set. Other browsers are signed out."), "success")
            return redirect(url_for("accounts.own_password"), 303)
        except PasswordWeak as weak:
            form.new.errors = [weakness(weak)]
    page = render_template(
        "accounts/password.html",
        form=form,
        address=primary_address(person),
        has_password=has_password(person),
        asks_present=asks_present(person),
    )
    return page, status_of(form)


@blueprint.route("/me/password/remove", methods=["GET", "POST"])
@form_view
@signed_in
def forget_password() -> ResponseReturnValue:
    """Remove the password: codes only from now on."""
    person, form = me(), RemovePasswordForm()
    if not has_password(person):
        return redirect(url_for("accounts.own_password"), 303)
    if form.validate_on_submit() and confirms(person, form):
        remove_password(person)
        flash(_("Your password is removed. You sign in with a mailed code."), "success")
        return redirect(url_for("accounts.own_password"), 303)
    page = render_template(
        "accounts/remove_password.html",
        form=form,
        address=primary_address(person),
        asks_present=asks_present(person),
    )
    return page, status_of(form)


def weakness(weak: PasswordWeak) -> str:
    return {
        "short": _(
            "This is short. Write at least %(number)s characters; three or four words do well.", number=SHORTEST
        ),
        "long": _("This is longer than 200 characters. Please write a shorter one."),
        "repeated": _("The same few characters come back. Please mix in others."),
        "personal": _("This is mostly your name or your address. Please choose something else."),
    }[weak.reason]
