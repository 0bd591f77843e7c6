"""The browsers a person is signed in with: seeing and revoking them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, ngettext

from blueprints.accounts import blueprint
from blueprints.accounts.session import current_sign_in, end
from blueprints.guards import me, signed_in
from blueprints.visitors import browser_in_words
from services.sign_ins import live_sign_ins, revoke, revoke_others


def methods() -> dict[str, str]:
    """How each sign-in began, in words."""
    return {
        "code": _("with a code"),
        "link": _("with a link"),
        "password": _("with the password"),
        "demo": _("with one click"),
        "registration": _("by registering"),
    }


@blueprint.get("/me/sign-ins")
@signed_in
def sign_ins() -> ResponseReturnValue:
    """Where the person is signed in."""
    here = current_sign_in()
    return render_template(
        "accounts/sign_ins.html",
        rows=live_sign_ins(me()),
        here=here.id if here else None,
        methods=methods(),
        browser_in_words=browser_in_words,
    )


@blueprint.post("/me/sign-ins/<public_id>/revoke")
@signed_in
def revoke_sign_in(public_id: str) -> ResponseReturnValue:
    """Sign one browser out; the one in hand too."""
    here = current_sign_in()
    if here is not None and here.public_id == public_id:
        end()
        flash(_("You are signed out."), "success")
        return redirect("/", 303)
    if not revoke(me().id, public_id):
        abort(404)
    flash(_("That browser is signed out."), "success")
    return redirect(url_for("accounts.sign_ins"), 303)


@blueprint.post("/me/sign-ins/revoke-others")
@signed_in
def revoke_other_sign_ins() -> ResponseReturnValue:
    """Sign every other browser out."""
    here = current_sign_in()
    count = revoke_others(me(), here.id if here else None)
    flash(ngettext("%(num)s other browser is signed out.", "%(num)s other browsers are signed out.", count), "success")
    return redirect(url_for("accounts.sign_ins"), 303)
