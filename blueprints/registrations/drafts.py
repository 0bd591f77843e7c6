"""The guest's draft: six digits or a link turn it into a registration; a mistyped address can be corrected."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import EmailField, IntegerField, StringField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from blueprints.accounts.session import begin
from blueprints.accounts.words import code_refusal, too_many_mails, too_many_tries
from blueprints.forms import Form, filled, form_view, longest, mail_address, status_of
from blueprints.registrations import blueprint
from blueprints.registrations.register import done_words
from blueprints.registrations.words import refusal_words
from blueprints.visitors import known_browser_key, visitor
from models.base import now
from models.credentials import CodePurpose
from models.registrations import RegistrationDraft
from services.codes import CodeRefused, CodeUsed, find_link
from services.drafts import (
    Guest,
    confirm_by_code,
    confirm_by_link,
    draft_of_code,
    find_draft,
    mail_again,
    order_of_draft,
    wish_of,
)
from services.entrances import Entry
from services.orders import first_status
from services.registration_pages import desk_for_wish
from services.registrations import PriceChanged, RegistrationRefused
from services.throttles import TooMany


class DigitsForm(Form):
    """The six digits; and the price, once it was told that it is another one than on the guest's form."""

    digits = StringField(_l("The six digits"), [filled(_l("Write the six digits of the mail.")), longest(20)])
    shown_cents = IntegerField(widget=HiddenInput(), validators=[Optional()])


class CorrectForm(Form):
    email = EmailField(_l("E-mail"), [filled(), longest(254), mail_address])


def my_draft(public_id: str) -> RegistrationDraft:
    """The draft of this browser; 404 for any other."""
    draft = find_draft(public_id, known_browser_key() or "")
    if draft is None:
        abort(404)
    return draft


@blueprint.route("/registrations/draft/<public_id>", methods=["GET", "POST"])
@form_view
def draft(public_id: str) -> ResponseReturnValue:
    """Take the six digits."""
    form, status = DigitsForm(), None
    valid = form.validate_on_submit()
    found = my_draft(public_id)
    if found.confirmed_at is not None:
        return redirect(url_for("registrations.order", code=order_of_draft(found)), 303)
    if valid:
        try:
            return welcome(confirm_by_code(form.digits.data, visitor(), shown_cents=form.shown_cents.data))
        except CodeRefused as refusal:
            form.digits.errors = [code_refusal(refusal)]
        except TooMany as limit:
            form.digits.errors, status = [too_many_tries(limit)], 429
        except RegistrationRefused as refusal:
            form.digits.errors = [refusal_words(refusal, found.event)]
            if isinstance(refusal, PriceChanged):
                form.shown_cents.raw_data, form.shown_cents.data = None, refusal.price.gross_cents
    page = render_template("registrations/draft.html", form=form, **asked_by(found))
    return page, status or status_of(form)


def asked_by(draft: RegistrationDraft) -> dict[str, Any]:
    """What the page shows before its button binds: what for, for whom, and the total."""
    wish = wish_of(draft)
    desk = desk_for_wish(draft.event.slug, wish, now())
    return {"draft": draft, "event": draft.event, "wish": wish, "desk": desk if desk and desk.price else None}


def welcome(guest: Guest) -> ResponseReturnValue:
    """Sign the browser in and show the order."""
    begin(Entry(guest.person, guest.key))
    flash(done_words(first_status(guest.order)), "success")
    return redirect(url_for("registrations.order", code=guest.order.code), 303)


@blueprint.route("/registrations/draft/<public_id>/address", methods=["GET", "POST"])
@form_view
def draft_address(public_id: str) -> ResponseReturnValue:
    """Mail another code; to a corrected address when the first was mistyped."""
    form, status = CorrectForm(), None
    valid = form.validate_on_submit()
    found = my_draft(public_id)
    if valid:
        try:
            mail_again(found, visitor(), address=form.email.data)
            flash(_("A new code is on its way to %(address)s.", address=form.email.data), "success")
            return redirect(url_for("registrations.draft", public_id=public_id), 303)
        except TooMany as limit:
            form.email.errors, status = [too_many_mails(limit)], 429
        except CodeUsed:
            return redirect(url_for("registrations.draft", public_id=public_id), 303)
    elif not form.is_submitted():
        form.email.data = wish_of(found).email
    page = render_template("registrations/draft_address.html", form=form, draft=found, event=found.event)
    return page, status or status_of(form)


@blueprint.get("/registrations/link/<token>")
def link(token: str) -> ResponseReturnValue:
    """The page behind the mailed link: one button. Opening it uses nothing up."""
    try:
        asked = find_link(token, CodePurpose.REGISTER)
    except CodeRefused as refusal:
        return render_template("registrations/link.html", draft=None, refusal=code_refusal(refusal)), 410
    found = draft_of_code(asked)
    if found is None:
        abort(404)
    return render_template("registrations/link.html", **asked_by(found))


@blueprint.post("/registrations/link/<token>")
def use_link(token: str) -> ResponseReturnValue:
    """Confirm the draft with the mailed link, in any browser."""
    try:
        return welcome(confirm_by_link(token, visitor(), shown_cents=request.form.get("shown_cents", type=int)))
    except CodeRefused as refusal:
        return render_template("registrations/link.html", draft=None, refusal=code_refusal(refusal)), 410
    except RegistrationRefused as refusal:
        found = draft_of_code(find_link(token, CodePurpose.REGISTER))
        words = refusal_words(refusal, found.event) if found else ""
        if not found or not isinstance(refusal, PriceChanged):
            return render_template("registrations/link.html", draft=None, refusal=words), 409
        now_cents = refusal.price.gross_cents
    page = render_template("registrations/link.html", **asked_by(found), refusal=words, shown_cents=now_cents)
    return page, 409
