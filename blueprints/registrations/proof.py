"""Proving to an order: a mailed code opens cancelling, renaming and personal documents to whoever came by the link."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from blueprints.accounts.words import code_refusal, too_many_mails, too_many_tries
from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import ask_to_sign_in, current_person, own_path
from blueprints.registrations import blueprint
from blueprints.visitors import visitor
from models.base import now
from models.credentials import CodePurpose
from models.orders import Order
from models.registrations import Registration
from services.codes import CodeRefused, find_link
from services.order_access import Access, access_to, mail_code, masked, prove_by_code, prove_by_link
from services.orders import load_order
from services.throttles import TooMany

PROVEN_FOR = timedelta(hours=1)
REMEMBERED = 20  # orders opened by link that one browser keeps open


class DigitsForm(Form):
    digits = StringField(_l("The six digits"), [filled(_l("Write the six digits of the mail.")), longest(20)])


def remember_key(code: str) -> None:
    """This browser came by the order's signed link."""
    kept = [each for each in session.get("orders", []) if each != code]
    session["orders"] = [*kept, code][-REMEMBERED:]


def remember_proof(code: str) -> None:
    """This browser redeemed a mailed code for the order; for an hour."""
    until = int((now() + PROVEN_FOR).timestamp())
    live = {each: end for each, end in session.get("proven", {}).items() if end > now().timestamp()}
    session["proven"] = {**live, code: until}


def access(order: Order) -> Access:
    """What this browser may do with the order."""
    return access_to(
        order,
        current_person(),
        has_key=order.code in session.get("orders", []),
        has_proven=session.get("proven", {}).get(order.code, 0) > now().timestamp(),
    )


def open_order(code: str) -> tuple[Order, Access]:
    """The order and this browser's access. Unknown, or somebody else's: 404; signed out: the sign-in page."""
    order = load_order(code)
    if order is None or not (found := access(order)).sees:
        abort(404 if current_person() else ask_to_sign_in())
    return order, found


def changeable(code: str, back: str) -> tuple[Order, Access]:
    """The order, for who may change it; else the page that mails a code, and from there `back`."""
    order, found = open_order(code)
    if not found.changes:
        abort(redirect(url_for("registrations.prove", code=order.code, next=back), 303))
    return order, found


def changeable_part(code: str, public_id: str, back: str) -> tuple[Order, Registration]:
    """One registration of the order, for who may change it; 404 for one that is not there, or not theirs."""
    order, found = changeable(code, back)
    return order, part_of(order, public_id, found)


def part_of(order: Order, public_id: str, found: Access) -> Registration:
    """One registration of the order that this browser reaches; 404 for any other."""
    row = next((row for row in order.registrations if row.public_id == public_id and found.reaches(row)), None)
    if row is None:
        abort(404)
    return row


def may_answer(order: Order, registration: Registration) -> bool:
    """Whether what the event asks is this browser's to answer: who comes; for a place without a name, who ordered it.
    Without a sign-in only the buyer's own: a mailed code has proven the buyer's address."""
    person = current_person()
    if person is None:
        return registration.is_unnamed or registration.person_id == order.buyer_id
    return registration.is_unnamed or registration.person_id == person.id


@blueprint.route("/orders/<code>/prove", methods=["GET", "POST"])
@form_view
def prove(code: str) -> ResponseReturnValue:
    """Take the six digits that open changing the order."""
    form, status = DigitsForm(), None
    valid = form.validate_on_submit()
    order, found = open_order(code)
    back = own_path_of(order)
    if found.changes:
        return redirect(back, 303)
    if valid:
        try:
            if prove_by_code(form.digits.data, visitor()) == order.code:
                remember_proof(order.code)
                return redirect(back, 303)
            abort(404)
        except CodeRefused as refusal:
            form.digits.errors = [code_refusal(refusal)]
        except TooMany as limit:
            form.digits.errors, status = [too_many_tries(limit)], 429
    page = render_template("registrations/prove.html", form=form, order=order, address=masked(order.buyer_email))
    return page, status or status_of(form)


def own_path_of(order: Order) -> str:
    """Where to go once the code is right."""
    home = url_for("registrations.order", code=order.code)
    wanted = own_path(request.args.get("next"), home)
    return wanted if wanted.startswith(home) else home


@blueprint.post("/orders/<code>/prove/mail")
def mail_proof(code: str) -> ResponseReturnValue:
    """Mail the code to the buyer's address."""
    order, _ = open_order(code)
    try:
        mail_code(order, visitor())
    except TooMany as limit:
        form = DigitsForm(formdata=None)
        form.digits.errors = [too_many_mails(limit)]
        page = render_template("registrations/prove.html", form=form, order=order, address=masked(order.buyer_email))
        return page, 429
    return redirect(url_for("registrations.prove", code=order.code, next=own_path_of(order), sent="yes"), 303)


@blueprint.get("/orders/link/<token>")
def order_link(token: str) -> ResponseReturnValue:
    """The page behind the mailed link: one button. Opening it uses nothing up."""
    try:
        asked = find_link(token, CodePurpose.ORDER)
    except CodeRefused as refusal:
        return render_template("registrations/order_link.html", code=None, refusal=code_refusal(refusal)), 410
    return render_template("registrations/order_link.html", code=asked.context.get("order"))


@blueprint.post("/orders/link/<token>")
def use_order_link(token: str) -> ResponseReturnValue:
    """Open changing the order in this browser."""
    try:
        code = prove_by_link(token)
    except CodeRefused as refusal:
        return render_template("registrations/order_link.html", code=None, refusal=code_refusal(refusal)), 410
    remember_key(code)
    remember_proof(code)
    return redirect(url_for("registrations.order", code=code), 303)
