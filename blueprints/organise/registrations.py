"""One registration at the desk: where it stands and why, its name corrected, cancelled on behalf of the person."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import StringField

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, no_web_address, status_of
from blueprints.guards import attendees_of, me, organiser_of, roles
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from blueprints.organise.mails import NAMES
from models.base import now
from models.registrations import Registration, Status, TransitionRefused
from services.answers import answers_of
from services.approvals import accept, decline
from services.attendees import Dossier, load_dossier
from services.audit import record
from services.orders import balance
from services.permissions import may_receive_money
from services.positions import position
from services.reasons import reason_words
from services.registrations import EventFull, RegistrationClosed, cancel, rename

NAME = [filled(), longest(120), has_a_letter, no_web_address]


class NameForm(Form):
    """The spelling of a name on one registration."""

    given_name = StringField(_l("First name"), NAME)
    family_name = StringField(_l("Last name"), NAME)


class CancelForm(Form):
    """Cancelling on behalf of somebody: why, for whoever asks later."""

    reason = StringField(_l("Why"), [longest(200)], description=_l("Kept in its history and seen at the desk only."))


def dossier_of(event_id: int, public_id: str) -> Dossier:
    """The registration of this event; 404 for one of another event."""
    return load_dossier(event_id, public_id) or abort(404)


@blueprint.get("/organise/events/<slug>/attendees/<public_id>")
def registration(slug: str, public_id: str) -> ResponseReturnValue:
    """One registration with its history. Every look is recorded."""
    event = attendees_of(slug)
    found = dossier_of(event.id, public_id)
    page = render_template(
        "organise/registration.html",
        **event_page(event),
        registration=found.registration,
        order=found.order,
        line=next((line for line in found.order.lines if line.registration_id == found.registration.id), None),
        balance=balance(found.order),
        story=story(found),
        told=answers_of(found.registration.id, str(get_locale())),
        at=now(),
        place_in_line=position(found.registration),
        may_receive=may_receive_money(roles()),
    )
    record(
        "registration.read", me(), event=event, subject_kind="registration", subject_id=found.registration.id,
        ip=request.remote_addr or "",
    )  # fmt: skip
    return page


def story(found: Dossier) -> list[dict[str, Any]]:
    """What happened, in order: every change of status with who and why, and every mail."""
    steps: list[dict[str, Any]] = [
        {
            "at": step.at,
            "status": step.to_status,
            "why": reason_words(step.reason, step.to_status),
            "who": step.actor.name if step.actor and step.actor_id != found.registration.person_id else "",
        }
        for step in found.steps
    ]
    mails: list[dict[str, Any]] = [
        {"at": mail.created_at, "mail": NAMES.get(mail.template, mail.template), "delivery": mail.delivery}
        for mail in found.mails
    ]
    return sorted([*steps, *mails], key=lambda item: (item["at"], "mail" in item))


@blueprint.route("/organise/events/<slug>/attendees/<public_id>/name", methods=["GET", "POST"])
@form_view
def rename_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """Correct the spelling of a name."""
    event = organiser_of(slug)
    found = dossier_of(event.id, public_id).registration
    form = NameForm(obj=found)
    if form.validate_on_submit():
        rename(public_id, given_name=form.given_name.data, family_name=form.family_name.data, actor=me())
        record("registration.renamed", me(), event=event, subject_kind="registration", subject_id=found.id)
        flash(_("The name is corrected."), "success")
        return redirect(url_for("organise.registration", slug=slug, public_id=public_id), 303)
    return render_template("organise/rename.html", **event_page(event), form=form, registration=found), status_of(form)


@blueprint.route("/organise/events/<slug>/attendees/<public_id>/cancel", methods=["GET", "POST"])
@form_view
def cancel_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """Cancel on behalf of the person: the place goes to the first who waits."""
    event = organiser_of(slug)
    found = dossier_of(event.id, public_id)
    form = CancelForm()
    if form.validate_on_submit():
        try:
            cancel(public_id, actor=me(), reason=form.reason.data or "cancelled_at_desk", by_organiser=True)
        except TransitionRefused:
            flash(_("This registration has ended meanwhile. Nothing was changed."), "error")
        else:
            record(
                "registration.cancelled",
                me(),
                event=event,
                subject_kind="registration",
                subject_id=found.registration.id,
            )
            flash(
                _("The registration is cancelled. %(name)s is told by mail.", name=found.registration.name), "success"
            )
        return redirect(url_for("organise.registration", slug=slug, public_id=public_id), 303)
    page = render_template(
        "organise/cancel_registration.html", **event_page(event), form=form, registration=found.registration,
        balance=balance(found.order),
    )  # fmt: skip
    return page, status_of(form)


@blueprint.post("/organise/events/<slug>/attendees/<public_id>/accept")
def accept_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """Accept a request for a place."""
    event = organiser_of(slug)
    dossier_of(event.id, public_id)
    try:
        accepted = accept(public_id, actor=me())
    except EventFull:
        flash(_("No place is free and there is no waiting list. Raise the number of places first."), "warning")
    except (TransitionRefused, RegistrationClosed):
        flash(_("This request was answered meanwhile, or the event does not take place. Nothing was changed."), "error")
    else:
        words = accepted_words(accepted)
        record("registration.accepted", me(), event=event, subject_kind="registration", subject_id=accepted.id)
        flash(words, "success")
    return redirect(url_for("organise.registration", slug=slug, public_id=public_id), 303)


def accepted_words(registration: Registration) -> str:
    """What accepting somebody led to."""
    if registration.status == Status.WAITLISTED:
        return _("%(name)s is accepted and first on the waiting list, because it is full.", name=registration.name)
    if registration.status == Status.AWAITING_PAYMENT:
        return _("%(name)s is accepted and told how to pay.", name=registration.name)
    return _("%(name)s is accepted and has a place.", name=registration.name)


class DeclineForm(Form):
    """Declining a request."""

    reason = StringField(_l("Why"), [filled(), longest(300)], description=_l("They read this in their mail."))


@blueprint.route("/organise/events/<slug>/attendees/<public_id>/decline", methods=["GET", "POST"])
@form_view
def decline_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """Decline a request for a place, with a reason."""
    event = organiser_of(slug)
    found = dossier_of(event.id, public_id).registration
    form = DeclineForm()
    if form.validate_on_submit():
        try:
            declined = decline(public_id, reason=form.reason.data, actor=me())
        except TransitionRefused:
            flash(_("This request was answered meanwhile. Nothing was changed."), "error")
        else:
            flash(_("The request is declined. %(name)s is told by mail.", name=declined.name), "success")
            record("registration.declined", me(), event=event, subject_kind="registration", subject_id=declined.id)
        return redirect(url_for("organise.registration", slug=slug, public_id=public_id), 303)
    return render_template("organise/decline.html", **event_page(event), form=form, registration=found), status_of(form)
