"""Card payments of one order at the desk: what finance decides about one that differs from what was asked."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from models.orders import Order
from models.payments import AttemptState, DisputeState
from services.disputes import NotLost, decide, disputes_of
from services.money import say_money
from services.orders import load_order
from services.payment_review import (
    NothingToDecide,
    NotToBook,
    attempts_of,
    book_what_came,
    difference_kept,
    set_aside,
)
from services.payment_ways import Way, ways_of
from services.returnable import under_way_cents


def attempt_words(state: str) -> str:
    return {
        AttemptState.CREATED: _("page being opened"),
        AttemptState.OPEN: _("page open"),
        AttemptState.PROCESSING: _("money on its way"),
        AttemptState.PAID: _("paid"),
        AttemptState.EXPIRED: _("page closed unpaid"),
        AttemptState.FAILED: _("failed"),
        AttemptState.CANCELLED: _("given up"),
    }[AttemptState(state)]


def dispute_words(state: str) -> str:
    return {
        DisputeState.OPEN: _("to be answered at the card provider"),
        DisputeState.WON: _("won, the money is back"),
        DisputeState.LOST: _("lost, to be decided"),
        DisputeState.ASKED: _("lost, asked for again"),
        DisputeState.LET_BE: _("lost, let be"),
    }[DisputeState(state)]


def difference_words(what: str) -> str:
    return {
        "amount": _("The amount is not what was asked for."),
        "currency": _("The currency is not what was asked for."),
        "key": _("The card provider names it otherwise than we do."),
    }[what]


def way_words(provider: str) -> str:
    return {
        "transfer": _("Bank transfer"),
        "on_account": _("Invoice, on account"),
        "manual": _("At the door"),
    }[provider]


def way_state_words(way: Way) -> str:
    """How one way to pay stands in our books."""
    locale = str(get_locale())
    if way.came_cents:
        return _("%(amount)s came", amount=say_money(way.came_cents, locale))
    if way.awaited_cents:
        return _("%(amount)s awaited", amount=say_money(way.awaited_cents, locale))
    return _("nothing is asked")


def payment_facts(order: Order) -> dict[str, Any]:
    """What the desk's page of an order says of how it can be paid, and was."""
    attempts = attempts_of(order.id)
    return {
        "ways": ways_of(order),
        "returning_cents": under_way_cents(order.id),
        "way_words": way_words,
        "way_state_words": way_state_words,
        "attempts": attempts,
        "reviews": [(one, found) for one in attempts if (found := difference_kept(one)) is not None],
        "disputes": disputes_of(order.id),
        "attempt_words": attempt_words,
        "dispute_words": dispute_words,
        "difference_words": difference_words,
    }


@blueprint.post("/organise/orders/<code>/card/<public_id>")
def decide_payment(code: str, public_id: str) -> ResponseReturnValue:
    """Book what came as it is, or set the payment aside."""
    finance_only()
    try:
        if request.form.get("answer") == "book":
            cents = book_what_came(code, public_id, actor=me())
            flash(_("%(amount)s is booked.", amount=say_money(cents, str(get_locale()))), "success")
        else:
            set_aside(code, public_id, actor=me())
            flash(_("The payment is set aside. Give it back at the card provider."), "success")
    except NotToBook:
        flash(_("There is nothing that can be booked in euros. Give it back at the card provider."), "error")
    except NothingToDecide:
        flash(_("This payment waits for no decision any more."), "info")
    return redirect(url_for("organise.order", code=code), 303)


@blueprint.post("/organise/orders/<code>/dispute/<reference>")
def decide_dispute(code: str, reference: str) -> ResponseReturnValue:
    """After a lost dispute: ask the payer again, or let it be."""
    finance_only()
    load_order(code) or abort(404)
    ask = request.form.get("answer") == "ask"
    try:
        decide(code, "stripe", reference, ask=ask, actor=me())
        if ask:
            flash(_("The buyer is asked to pay again within two weeks, by mail."), "success")
        else:
            flash(_("Nobody is asked again. The place stays."), "success")
    except NotLost:
        flash(_("There is nothing to decide about this dispute any more."), "info")
    return redirect(url_for("organise.order", code=code), 303)
