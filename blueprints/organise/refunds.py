"""Refunds at the desk, for finance: asked for, approved by a second person, paid back, or not after all."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, ValidationError

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.organise.card_payments import dispute_words
from blueprints.organise.event_form import MoneyField
from blueprints.organise.events import page_number, pager
from blueprints.organise.finance import asked_words
from blueprints.refund_words import reason_words, refund_refusal, state_words
from blueprints.security import cluster
from models.base import now
from models.payments import Refund, RefundState
from services.event_refunds import latest_refunds
from services.money import say_money
from services.orders import balance, load_order
from services.providers import BY_HAND
from services.refund_accounts import is_iban, known_account, plain_iban
from services.refund_files import latest_files, waiting
from services.refund_lists import (
    ALL,
    FILTERS,
    PAGE,
    counts,
    list_disputes,
    list_refunds,
    refund_by_public_id,
    refunds_of,
)
from services.refunds import (
    AccountMissing,
    RefundRefused,
    Wanted,
    approve,
    carry_out,
    four_eyes_cents,
    give_back,
    mark_paid,
    refuse,
    request as ask,
)
from services.returnable import left_by_receipt, under_way_cents

WORDS = {"state_words": state_words, "reason_words": reason_words}


def iban_field(form: Form, field: StringField) -> None:
    """An account number with right check digits, when there is one."""
    if field.data and not is_iban(field.data):
        raise ValidationError(_("These are not the digits of an account. Compare them with the bank’s paper."))


class RefundForm(Form):
    """Money that shall go back."""

    amount = MoneyField(_l("Amount"), [InputRequired()])
    reason = StringField(_l("Why"), [filled(), longest(300)])
    iban = StringField(_l("Account (IBAN)"), [longest(42), iban_field])
    holder = StringField(_l("Name of the account"), [longest(120)])


class PaidForm(Form):
    """A refund that finance has paid at the bank or from the till."""

    day = DateField(_l("Day on the statement"), [InputRequired()])
    reference = StringField(_l("The bank’s own reference"), [filled(), longest(100)])

    def validate_day(self, field: DateField) -> None:
        if field.data and field.data > today():
            raise ValidationError(_("This day is still to come. Write the day on the statement."))


class ReasonForm(Form):
    reason = StringField(_l("Why not"), [filled(), longest(300)])


def today() -> date:
    return now().astimezone(ZoneInfo(cluster().zone)).date()


def filter_words() -> dict[str, str]:
    return {
        "approve": _("To approve"),
        "pay": _("To pay at the bank"),
        "sent": _("In a file for the bank"),
        "failed": _("Failed"),
        "all": _("All"),
    }


@blueprint.get("/organise/refunds")
def refunds() -> ResponseReturnValue:
    """What waits for a yes, what is to be paid at the bank, what failed."""
    finance_only()
    query, asked = asked_words(), request.args.get("show", "")
    busiest = next((name for name, number in counts().items() if number), ALL)
    shown = asked if asked in FILTERS else ALL if query else busiest
    found = list_refunds(shown, query, page_number())
    return render_template(
        "organise/refunds.html",
        found=found,
        shown=shown,
        query=query,
        counts=found.counts,
        choices=[(name, words, found.counts[name]) for name, words in filter_words().items()],
        pager=pager("organise.refunds", found.page, PAGE, found.total, q=query or None, show=asked or None),
        **WORDS,
        me_id=me().id,
        waiting=waiting(),
        files=latest_files(),
        cancelled=latest_refunds(),
    )


@blueprint.get("/organise/disputes")
def disputes() -> ResponseReturnValue:
    """Card payments that payers' banks take back."""
    finance_only()
    query = asked_words()
    found = list_disputes(query, page_number())
    more = pager("organise.disputes", found.page, PAGE, found.total, q=query or None)
    return render_template("organise/disputes.html", found=found, query=query, pager=more, dispute_words=dispute_words)


@blueprint.route("/organise/orders/<code>/refund", methods=["GET", "POST"])
@form_view
def refund_order(code: str) -> ResponseReturnValue:
    """Give back money of an order: full, in part, the fee kept."""
    finance_only()
    order = load_order(code) or abort(404)
    money, known = balance(order), known_account(order.id)
    due = max(money.to_return_cents - under_way_cents(order.id), 0)
    form = RefundForm(data={"amount": due or None, "iban": known.iban, "holder": known.holder})
    if form.validate_on_submit() and asked_for(form, order.code):
        return redirect(url_for("organise.order", code=order.code), 303)
    order = load_order(code) or abort(404)
    left = sum(cents for _receipt, cents in left_by_receipt(order.id))
    page = render_template(
        "organise/refund_order.html", order=order, balance=money, form=form, left=left, due=due,
        refunds=refunds_of(order.id), **WORDS, four_eyes=four_eyes_cents(),
    )  # fmt: skip
    return page, status_of(form)


@blueprint.post("/organise/orders/<code>/give-back")
def give_back_all(code: str) -> ResponseReturnValue:
    """All that is owed back, in one click, each part to where it came from."""
    finance_only()
    load_order(code) or abort(404)
    try:
        send_off(give_back(code, actor=me()))
    except AccountMissing as refusal:
        flash(refund_refusal(refusal), "info")
        return redirect(url_for("organise.refund_order", code=code), 303)
    except RefundRefused:
        flash(_("There is nothing to give back any more."), "info")
    return redirect(url_for("organise.order", code=code), 303)


def send_off(asked: list[Refund]) -> None:
    """Send refunds on their way as far as they may leave, and say so."""
    cents, waits = sum(refund.cents for refund in asked), any(refund.needs_approval for refund in asked)
    for public_id in [refund.public_id for refund in asked]:
        carry_out(public_id)
    amount = say_money(cents, str(get_locale()))
    if waits:
        flash(_("%(amount)s waits for a second person to say yes.", amount=amount), "info")
    else:
        flash(_("%(amount)s is on its way back, or on the list to pay at the bank.", amount=amount), "success")


def asked_for(form: RefundForm, code: str) -> bool:
    """Ask for the refund of a valid form and send it on its way; a refusal becomes a problem at its field."""
    wanted = Wanted(form.amount.data or 0, form.reason.data, plain_iban(form.iban.data or ""), form.holder.data or "")
    try:
        asked = ask(code, wanted, actor=me())
    except AccountMissing as refusal:
        form.iban.errors = [refund_refusal(refusal)]
        return False
    except RefundRefused as refusal:
        form.amount.errors = [refund_refusal(refusal)]
        return False
    send_off(asked)
    return True


@blueprint.route("/organise/refunds/<public_id>", methods=["GET", "POST"])
@form_view
def refund(public_id: str) -> ResponseReturnValue:
    """One refund, and what is to be done about it: mark it as paid once the bank has it."""
    finance_only()
    row = refund_by_public_id(public_id) or abort(404)
    form = PaidForm(data={"day": today()})
    if form.validate_on_submit():
        noon = datetime.combine(form.day.data, time(12), ZoneInfo(cluster().zone)).astimezone(UTC)
        try:
            mark_paid(public_id, form.reference.data, paid_at=min(noon, now()), actor=me())
            flash(_("It is in the books, and the buyer is told."), "success")
        except RefundRefused as refusal:
            flash(refund_refusal(refusal), "error")
        return redirect(url_for("organise.refunds"), 303)
    page = render_template(
        "organise/refund.html", row=row, form=form, reason=ReasonForm(), **WORDS, me_id=me().id,
        by_hand=row.refund.provider in BY_HAND and row.refund.state == RefundState.PENDING,
    )  # fmt: skip
    return page, status_of(form)


@blueprint.post("/organise/refunds/<public_id>/approve")
@form_view
def approve_refund(public_id: str) -> ResponseReturnValue:
    """The second person says yes; it leaves at once."""
    finance_only()
    refund_by_public_id(public_id) or abort(404)
    try:
        approve(public_id, actor=me())
        carry_out(public_id)
        flash(_("Approved. It is on its way back, or on the list to pay at the bank."), "success")
    except RefundRefused as refusal:
        flash(refund_refusal(refusal), "error")
    return redirect(url_for("organise.refunds"), 303)


@blueprint.post("/organise/refunds/<public_id>/refuse")
@form_view
def refuse_refund(public_id: str) -> ResponseReturnValue:
    """Not after all, with the reason."""
    finance_only()
    refund_by_public_id(public_id) or abort(404)
    form = ReasonForm()
    if not form.validate_on_submit():
        flash(_("Write why it is not paid back."), "error")
        return redirect(url_for("organise.refund", public_id=public_id), 303)
    try:
        refuse(public_id, form.reason.data, actor=me())
        flash(_("It is not paid back. The order still shows what is owed."), "success")
    except RefundRefused as refusal:
        flash(refund_refusal(refusal), "error")
    return redirect(url_for("organise.refunds"), 303)
