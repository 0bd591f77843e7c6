"""Orders at the desk, for finance: what is awaited, and a transfer marked as received."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from blueprints.forms import Form, form_view, longest, sentences, status_of
from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.organise.card_payments import payment_facts
from blueprints.organise.event_form import MoneyField
from blueprints.organise.events import page_number, pager
from blueprints.organise.finance import asked_words
from blueprints.security import cluster
from models.base import now, random_id
from models.orders import Order
from services.audit import record
from services.invoice_lists import documents_of
from services.money import say_money
from services.orders import AlreadyBooked, Balance, NothingToBook, balance, load_order, receive_money
from services.transfers import PAGE, SHOWN, list_orders


def shown_words() -> dict[str, str]:
    return {
        "awaiting": _("Awaiting payment"),
        "overdue": _("Overdue"),
        "return": _("To pay back"),
        "paid": _("Paid"),
        "all": _("All"),
    }


@blueprint.get("/organise/orders")
def orders() -> ResponseReturnValue:
    """The orders that ask for money."""
    finance_only()
    query = asked_words()
    asked = request.args.get("show", "")
    shown = asked if asked in SHOWN else "all" if query else "awaiting"
    found = list_orders(shown, query, page_number())
    return render_template(
        "organise/orders.html",
        found=found,
        shown=shown,
        query=query,
        today=now(),
        choices=[(name, words, found.counts[name]) for name, words in shown_words().items()],
        pager=pager("organise.orders", found.page, PAGE, found.total, q=query or None, show=asked or None),
    )


class ReceiptForm(Form):
    """A transfer as the bank's statement shows it, or money at the door, of which nobody else tells us.

    `once` names money at the door, which has no reference of its own: a form sent twice counts once.
    """

    way = SelectField(
        _l("How it came"),
        choices=[
            SelectChoice("transfer", _l("Bank transfer")),
            SelectChoice("cash", _l("Cash at the door")),
            SelectChoice("card", _l("Card terminal at the door")),
        ],
        default="transfer",
    )
    once = HiddenField(validators=[longest(26)], default=random_id)
    amount = MoneyField(_l("Amount"), [InputRequired()])
    day = DateField(_l("Day on the statement"), [InputRequired()])
    reference = StringField(
        _l("The bank’s own reference"),
        [longest(100)],
        description=_l("Each transfer has its own: money is counted once for each. At the door you may leave it out."),
    )
    note = StringField(_l("Note"), [longest(300)])

    def validate_reference(self, field: StringField) -> None:
        if self.way.data == "transfer" and not field.data:
            raise ValidationError(sentences()["This field is required."])

    def validate_day(self, field: DateField) -> None:
        if field.data and field.data > now().astimezone(ZoneInfo(cluster().zone)).date():
            raise ValidationError(_("This day is still to come. Write the day on the statement."))


@blueprint.route("/organise/orders/<code>", methods=["GET", "POST"])
@form_view
def order(code: str) -> ResponseReturnValue:
    """One order: its lines and its money, and the form that marks a transfer as received."""
    finance_only()
    found = load_order(code) or abort(404)
    present = balance(found)
    day = now().astimezone(ZoneInfo(cluster().zone)).date()
    form = ReceiptForm(data={"amount": present.to_pay_cents or None, "day": day})
    if form.validate_on_submit() and received(form, found):
        return redirect(url_for("organise.order", code=found.code), 303)
    found = load_order(code) or abort(404)  # a booking that was refused forgot what was loaded
    page = render_template(
        "organise/order.html", order=found, balance=present, form=form, said=balance_words(present),
        documents=documents_of(found.id), **payment_facts(found),
    )  # fmt: skip
    return page, status_of(form)


def received(form: ReceiptForm, found: Order) -> bool:
    """Book the money of a valid form; a refusal becomes a problem at its field."""
    noon = datetime.combine(form.day.data, time(12), ZoneInfo(cluster().zone)).astimezone(UTC)
    provider, reference, note = source_of(form)
    facts: dict[str, Any] = {"order": found.code, "cents": form.amount.data}
    try:
        receive_money(
            found.code,
            form.amount.data or 0,
            provider=provider,
            provider_reference=reference,
            booked_at=min(noon, now()),
            actor=me(),
            note=note,
        )
    except AlreadyBooked:
        form.reference.errors = [
            _("This reference is booked already, so nothing was added. Look at the list below, or correct it.")
        ]
    except NothingToBook:
        form.amount.errors = [_("Write an amount above zero.")]
    else:
        after = load_order(found.code)
        assert after is not None
        said = balance_words(balance(after))
        record("money.received", me(), event=after.registrations[0].event, details=facts, ip=request.remote_addr or "")
        amount = say_money(form.amount.data, str(get_locale()))
        flash(_("%(amount)s is marked as received.", amount=amount) + " " + said, "success")
        return True
    return False


def source_of(form: ReceiptForm) -> tuple[str, str, str]:
    """Who says that the money came, the bank or whoever took it at the door: provider, reference, note."""
    note = form.note.data or ""
    if form.way.data == "transfer":
        return "transfer", form.reference.data or "", note
    label = _("Cash at the door") if form.way.data == "cash" else _("Card terminal at the door")
    reference = f"door:{form.reference.data or form.once.data}"
    return "manual", reference, f"{label}. {note}".strip()


def balance_words(money: Balance) -> str:
    """Where the order stands, partial and over payments told clearly."""
    locale = str(get_locale())
    if money.to_return_cents and money.owed_cents:
        return _(
            "It is paid, and %(amount)s came too much: that has to be paid back.",
            amount=say_money(money.to_return_cents, locale),
        )
    if money.to_return_cents:
        return _(
            "Nothing is owed any more: %(amount)s has to be paid back.", amount=say_money(money.to_return_cents, locale)
        )
    if money.to_pay_cents and money.received_cents > money.refunded_cents:
        return _(
            "Part of it came: %(amount)s is still to come before the place is confirmed.",
            amount=say_money(money.to_pay_cents, locale),
        )
    if money.to_pay_cents:
        return _("%(amount)s is still to come.", amount=say_money(money.to_pay_cents, locale))
    if money.contested_cents:
        return _("It was paid. The payer’s bank contests %(amount)s.", amount=say_money(money.contested_cents, locale))
    if money.owed_cents:
        return _("It is paid in full.")
    return _("Nothing is owed.")
