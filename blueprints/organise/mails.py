"""Mails at the desk: how many wait, left or died, and another try for those that died."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.exc import NoResultFound

from blueprints.guards import me, require, require_staff
from blueprints.organise import blueprint
from models.outbox import Delivery
from services import outbox
from services.permissions import may_create_events

NAMES = {
    "sign_in_code": _l("Code to sign in"),
    "sign_in_unknown": _l("Sign-in with an unknown address"),
    "registration_code": _l("Code to confirm a registration"),
    "order_code": _l("Code for an order"),
    "prove_address": _l("Code to confirm an address"),
    "address_changed": _l("Address changed"),
    "registration_received": _l("Registration received"),
    "registration_confirmed": _l("Registration confirmed"),
    "registration_waitlisted": _l("On the waiting list"),
    "place_offered": _l("Place offered"),
    "registration_cancelled": _l("Registration cancelled"),
    "registration_expired": _l("Place not kept"),
    "payment_received": _l("Payment received"),
    "event_changed": _l("Event changed"),
    "event_postponed": _l("Event postponed"),
    "event_cancelled": _l("Event cancelled"),
    "event_reminder": _l("Reminder"),
    "registration_declined": _l("Request declined"),
    "registration_substituted": _l("Place passed to a colleague"),
    "registration_transferred": _l("Moved to another date"),
    "team_order": _l("Order for colleagues"),
    "team_place": _l("Enrolled by somebody else"),
    "team_paid": _l("Payment received for colleagues"),
    "exemption_asked": _l("Wish for an exemption"),
    "exemption_decided": _l("Answer to a wish for an exemption"),
    "wait_ended": _l("Waited in vain"),
    "certificate_ready": _l("Certificate ready"),
    "affiliation_claimed": _l("Somebody says where they work"),
    "affiliation_decided": _l("Answer on where somebody works"),
    "membership_applied": _l("Membership applied for"),
    "membership_decided": _l("Membership decided or run out"),
}
"""What each mail is called at the desk."""


def organisers_only() -> None:
    """Organisers of everything and admins: a mail shows an address, whatever the event."""
    require(may_create_events(require_staff()))


@blueprint.get("/organise/mails")
def mails() -> ResponseReturnValue:
    """How many mails stand where, those that died, and those that are late."""
    organisers_only()
    return render_template(
        "organise/mails.html",
        counts=outbox.counts(),
        dead=outbox.troubled(Delivery.DEAD),
        late=outbox.troubled(Delivery.QUEUED),
        names=NAMES,
        codes=outbox.CODES,
    )


@blueprint.post("/organise/mails/<public_id>/retry")
def retry_mail(public_id: str) -> ResponseReturnValue:
    """Try a dead mail again."""
    organisers_only()
    try:
        message = outbox.revive(public_id, me())
        flash(_("The mail to %(address)s is tried again now.", address=message.recipient), "success")
    except outbox.CannotRevive:
        flash(_("This mail cannot be sent again: it has left meanwhile, or its code is over. Reload to see."), "error")
    except NoResultFound:
        abort(404)
    return redirect(url_for("organise.mails"), 303)
