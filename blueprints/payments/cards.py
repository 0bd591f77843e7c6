"""To the payment page and back. What the payer's browser says of the payment is never believed: the provider is asked."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.payments import blueprint
from blueprints.registrations.proof import open_order
from models.payments import AttemptState
from services.orders import balance
from services.payments import (
    CardsNotOffered,
    MoneyOnItsWay,
    NothingToPay,
    PageRefused,
    look,
    start,
)
from services.providers import card_provider

LOOKS = 24  # times that the page looks again by itself: two minutes


@blueprint.app_template_global()
def cards_taken() -> bool:
    """Whether somebody takes cards for us."""
    return card_provider() is not None


@blueprint.post("/orders/<code>/pay")
def pay(code: str) -> ResponseReturnValue:
    """Open the payment page of the order and go there.

    By a page of ours that moves on: the content security policy lets no form lead to another site.
    """
    found, access = open_order(code)
    if not access.whole:
        abort(404)
    try:
        page = start(found.code)
    except CardsNotOffered:
        abort(404)
    except NothingToPay:
        flash(_("Nothing is to be paid for this order now."), "info")
    except MoneyOnItsWay:
        flash(_("A payment for this order is on its way already. Please wait until your bank has answered."), "info")
    except PageRefused:
        flash(_("The payment page did not open. Try again in some minutes, or pay by bank transfer."), "error")
    else:
        answer = Response(render_template("payments/leaving.html", url=page.url, order=found))
        answer.headers["Refresh"] = f"0; url={page.url}"
        return answer
    return redirect(url_for("registrations.order", code=found.code), 303)


@blueprint.get("/orders/<code>/paid")
def paid(code: str) -> ResponseReturnValue:
    """Where the payment page leads back to: the provider is asked, and as long as it does not know we wait with the payer."""
    found, access = open_order(code)
    cents = balance(found).to_pay_cents
    looked = min(request.args.get("looked", 0, int), LOOKS)
    state = look(found.code, again=looked > 0)
    if not access.whole or state not in (AttemptState.OPEN, AttemptState.PROCESSING):
        came = "yes" if state is AttemptState.PAID else None
        return redirect(url_for("registrations.order", code=found.code, paid=came), 303)
    page = render_template(
        "payments/waiting.html",
        order=found,
        cents=cents,
        slow=state is AttemptState.PROCESSING,
        again=state is AttemptState.OPEN and looked < LOOKS,
        looked=looked,
    )
    answer = Response(page)
    if state is AttemptState.OPEN and looked < LOOKS:  # without scripts too
        answer.headers["Refresh"] = f"5; url={url_for('payments.paid', code=found.code, looked=looked + 1)}"
    return answer
