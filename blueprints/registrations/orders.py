"""The order page: what was asked for, what to pay and how, and every way to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import StringField

from blueprints.forms import Form, form_view, longest, status_of
from blueprints.guards import current_person
from blueprints.registrations import blueprint
from blueprints.registrations.proof import (
    changeable,
    changeable_part,
    may_answer,
    open_order,
    part_of,
    remember_key,
)
from blueprints.registrations.register import NAME
from models.base import now
from models.orders import Order, OrderLine
from models.payments import AttemptState
from models.registrations import LIVE, Registration, Status, TransitionRefused
from services.answers import to_answer
from services.billing import present_details
from services.disputes import contested_state
from services.enterprise_numbers import say_company_number
from services.invoice_lists import documents_of
from services.invoice_parties import is_business
from services.leaving import leaving_now
from services.modality_switch import OtherWay, other_places
from services.order_access import Access
from services.order_links import opens
from services.order_totals import totals_of
from services.orders import Balance, balance, set_purchase_order
from services.payment_codes import payment_code
from services.payment_ways import transfer_of
from services.payments import last_state, open_attempts
from services.positions import position
from services.providers import card_provider, is_simulated
from services.reasons import Step, steps_of
from services.registrations import accept_offer, cancel, decline_offer, rename
from services.returnable import under_way_cents
from services.substitutions import REPLACEABLE
from services.vat import mention
from services.withdrawals import may_withdraw


@dataclass(frozen=True)
class Part:
    """One registration of an order with its line and its history, as the page shows it."""

    registration: Registration
    line: OrderLine
    position: int | None
    steps: list[Step]
    may_pass_on: bool  # to a colleague, or to another date
    asks: int | None  # questions still open; None: nothing is asked, or it is not theirs to answer
    switch: OtherWay | None  # the other way to take part, when there is a place


class NameForm(Form):
    given_name = StringField(_l("First name"), NAME)
    family_name = StringField(_l("Last name"), NAME)


class NothingForm(Form):
    """Only the token: a page with one button."""


class PurchaseOrderForm(Form):
    purchase_order = StringField(_l("Purchase-order number"), [longest(60)])


URGENT = (
    Status.OFFERED, Status.AWAITING_PAYMENT, Status.PENDING_APPROVAL, Status.CONFIRMED, Status.WAITLISTED
)  # fmt: skip
"""Which of several registrations speaks for the order: what asks for something, then what is sure."""


def parts_of(order: Order, access: Access, at: datetime) -> list[Part]:
    """The registrations these eyes may see, those that go on first."""
    lines = {line.registration_id: line for line in order.lines}
    seen = [row for row in order.registrations if access.reaches(row)]
    steps, switches = steps_of(order, current_person()), other_places(seen, at)
    asks = to_answer([row for row in seen if may_answer(order, row)], at)
    parts = [
        Part(
            row,
            lines[row.id],
            position(row),
            steps.get(row.id, []),
            row.status in REPLACEABLE and row.event.is_live and at < row.event.starts_at,
            asks.get(row.id),
            switches.get(row.id),
        )
        for row in seen
    ]
    return sorted(parts, key=lambda part: not part.registration.is_live)


def leading(parts: list[Part]) -> Part:
    """The registration that the title of the page is about."""
    rank = {status: place for place, status in enumerate(URGENT)}
    ended = max(parts, key=lambda part: part.registration.id)
    live = [part for part in parts if part.registration.is_live]
    return min(live, key=lambda part: rank[Status(part.registration.status)], default=ended)


@blueprint.get("/orders/<code>")
def order(code: str) -> ResponseReturnValue:
    """The buyer's page. The key of the mailed link is remembered, then left out of the address."""
    key = request.args.get("key")
    if key is not None and opens(code.upper(), key):
        remember_key(code.upper())
        return redirect(url_for("registrations.order", code=code.upper()), 303)
    found, access = open_order(code)
    money, parts = balance(found), parts_of(found, access, now())
    first = leading(parts)
    transfer = transfer_of(found, money.to_pay_cents) if access.whole else None
    page = render_template(
        "registrations/order.html",
        order=found,
        parts=parts,
        first=first,
        live=[part for part in parts if part.registration.is_live],
        balance=money,
        access=access,
        refunding_cents=under_way_cents(found.id) if money.to_return_cents else 0,
        due=due_of(found),
        qr=payment_code(transfer) if transfer else None,
        transfer=transfer,
        event=first.registration.event,
        cards=cards_for(found, money),
        takes_cards=card_provider() is not None,
        simulated=is_simulated(),
        contested=contested_state(found.id) if access.whole and money.refunded_cents else None,
        came="paid" in request.args and money.received_cents > 0 and not money.to_pay_cents,
        documents=documents_of(found.id) if access.whole else [],
        totals=totals_of(found.lines),
        company=is_business(found),
        changed_details=access.whole and present_details(found) is not None,
        company_number=say_company_number(found.billing.get("vat_number"), found.billing.get("enterprise_number")),
        mention_of=partial(mention, locale=str(get_locale())),
        may_withdraw=access.whole and may_withdraw(found, now()),
        purchase_order=PurchaseOrderForm(data={"purchase_order": found.purchase_order or ""}),
        at=now(),
    )
    return page, {"Cache-Control": "private, no-store"}  # back from the payment page it is read anew


def cards_for(order: Order, money: Balance) -> str:
    """What the order page says of cards: '' nothing, `open` pay by one, `again` the last try failed, `waits` a payment is on
    its way."""
    if not money.to_pay_cents or card_provider() is None:
        return ""
    if any(one.state == AttemptState.PROCESSING or one.review for one in open_attempts(order.code)):
        return "waits"
    return "again" if last_state(order.code) is AttemptState.FAILED else "open"


def due_of(order: Order) -> datetime | None:
    """The first day by which something is to be paid."""
    holds = [row.hold_until for row in order.registrations if row.hold_until and row.status == Status.AWAITING_PAYMENT]
    return min(holds, default=order.due_at)


@blueprint.route("/orders/<code>/cancel/<public_id>", methods=["GET", "POST"])
@form_view
def cancel_registration(code: str, public_id: str) -> ResponseReturnValue:
    """Give a place back: a page that says what it means, then a POST."""
    form = NothingForm()
    valid = form.validate_on_submit()
    found, registration = changeable_part(code, public_id, request.path)
    back = url_for("registrations.order", code=found.code)
    if registration.status not in LIVE:
        return redirect(back, 303)
    if valid:
        try:
            cancel(public_id, actor=current_person())
            flash(_("The registration of %(name)s is cancelled.", name=registration.name), "success")
        except TransitionRefused:
            flash(_("This registration had ended already."), "info")
        return redirect(back, 303)
    page = render_template(
        "registrations/cancel.html",
        form=form,
        order=found,
        registration=registration,
        event=registration.event,
        leaving=leaving_now(found, registration, now()),
    )
    return page, status_of(form)


@blueprint.route("/orders/<code>/name/<public_id>", methods=["GET", "POST"])
@form_view
def correct_name(code: str, public_id: str) -> ResponseReturnValue:
    """Correct the spelling of a name."""
    form = NameForm()
    valid = form.validate_on_submit()
    found, registration = changeable_part(code, public_id, request.path)
    if registration.is_unnamed:
        return redirect(url_for("registrations.name_colleague", code=found.code, public_id=public_id), 303)
    if valid:
        rename(
            public_id,
            given_name=form.given_name.data,
            family_name=form.family_name.data,
            actor=current_person(),
        )
        flash(_("The name is corrected."), "success")
        return redirect(url_for("registrations.order", code=found.code), 303)
    if not form.is_submitted():
        form.given_name.data, form.family_name.data = registration.given_name, registration.family_name
    page = render_template("registrations/name.html", form=form, order=found, registration=registration)
    return page, status_of(form)


@blueprint.post("/orders/<code>/offer/<public_id>")
def answer_offer(code: str, public_id: str) -> ResponseReturnValue:
    """Take an offered place, or pass it on; by a button, so that a mail scanner takes nothing."""
    found, access = open_order(code)
    part_of(found, public_id, access)
    back = url_for("registrations.order", code=found.code)
    try:
        if request.form.get("answer") == "take":
            accept_offer(public_id, actor=current_person())
            flash(_("The place is yours. It becomes final when the payment arrives."), "success")
        elif access.changes:
            decline_offer(public_id, actor=current_person())
            flash(_("The place goes to the next in line. You stay at the end of the waiting list."), "success")
        else:
            return redirect(url_for("registrations.prove", code=found.code), 303)
    except TransitionRefused:
        flash(_("This offer has ended: the place went to the next in line."), "info")
    return redirect(back, 303)


@blueprint.post("/orders/<code>/purchase-order")
@form_view
def keep_purchase_order(code: str) -> ResponseReturnValue:
    """Write down the number that the organisation's bookkeeping asks for."""
    found, access = changeable(code, url_for("registrations.order", code=code))
    if not access.whole or not is_business(found):
        abort(404)
    form = PurchaseOrderForm()
    if form.validate_on_submit():
        set_purchase_order(found.code, form.purchase_order.data or "")
        flash(_("The purchase-order number is kept."), "success")
    else:
        flash(" ".join(str(error) for errors in form.errors.values() for error in errors), "error")
    return redirect(url_for("registrations.order", code=found.code), 303)
