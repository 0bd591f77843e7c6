"""Answering several requests at once, and giving a free place to one who waits."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, ngettext

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from blueprints.organise.registrations import DeclineForm, dossier_of
from models.events import Event
from models.registrations import Status, TransitionRefused
from services.approvals import Decided, Left, decide_all
from services.attendees import Attendee, chosen
from services.audit import record
from services.promotions import promote_by_hand
from services.registrations import EventFull, RegistrationClosed


def requests_among(people: list[Attendee]) -> list[Attendee]:
    """Those who wait for an answer, the oldest request first: places go in the order in which people asked."""
    asking = [person for person in people if person.status == Status.PENDING_APPROVAL]
    return sorted(asking, key=lambda person: person.created_at)


def accept_chosen(event: Event, people: list[Attendee]) -> ResponseReturnValue:
    """Accept each request; who could not be accepted is named, with the reason."""
    asking = requests_among(people)
    found = decide_all([person.public_id for person in asking], approved=True, actor=me())
    if found.done:
        record("registration.accepted", me(), event=event, details={"registrations": len(found.done)})
        words = ngettext("%(num)s request is accepted.", "%(num)s requests are accepted.", len(found.done))
        flash(" ".join([words, *waiting_words(found), _("They are told by mail.")]), "success")
    tell_left(found, asking)
    if not asking:
        flash(_("None of those chosen asks for a place any more. Nothing was changed."), "warning")
    return redirect(url_for("organise.attendees", slug=event.slug), 303)


def waiting_words(found: Decided) -> list[str]:
    number = sum(registration.status == Status.WAITLISTED for registration in found.done)
    if not number:
        return []
    return [ngettext("%(num)s of them waits for a place.", "%(num)s of them wait for a place.", number)]


def tell_left(found: Decided, asking: list[Attendee]) -> None:
    """Who was left as they were, and why: one sentence for each reason."""
    for why, words in left_words().items():
        names = [person.name for person in asking if found.left.get(person.public_id) is why]
        if names:
            flash(f"{', '.join(names)}{_(': ')}{words}", "warning")


def left_words() -> dict[Left, str]:
    return {
        Left.MOVED_ON: _("answered or cancelled meanwhile. Nothing was changed."),
        Left.CLOSED: _("not answered, because the event has begun or does not take place."),
        Left.FULL: _(
            "not accepted, because no place is free and there is no waiting list. Raise the number of places first."
        ),
    }


@blueprint.post("/organise/events/<slug>/attendees/decline")
@form_view
def decline_chosen(slug: str) -> ResponseReturnValue:
    """Decline several requests with one reason: the page that asks for it, and then the answer."""
    event = organiser_of(slug)
    asking = requests_among(chosen(event.id, request.form.getlist("chosen")))
    if not asking:
        flash(_("None of those chosen asks for a place any more. Nothing was changed."), "warning")
        return redirect(url_for("organise.attendees", slug=slug), 303)
    form = DeclineForm()
    if "reason" in request.form and form.validate_on_submit():
        found = decide_all([person.public_id for person in asking], approved=False, actor=me(), reason=form.reason.data)
        record("registration.declined", me(), event=event, details={"registrations": len(found.done)})
        words = ngettext("%(num)s request is declined.", "%(num)s requests are declined.", len(found.done))
        flash(f"{words} {_('They are told by mail.')}", "success")
        tell_left(found, asking)
        return redirect(url_for("organise.attendees", slug=slug), 303)
    page = render_template("organise/decline_chosen.html", **event_page(event), form=form, people=asking)
    return page, status_of(form)


@blueprint.post("/organise/events/<slug>/attendees/<public_id>/promote")
def promote_attendee(slug: str, public_id: str) -> ResponseReturnValue:
    """Give a free place to one who waits, whoever else does."""
    event = organiser_of(slug)
    found = dossier_of(event.id, public_id).registration
    try:
        promoted = promote_by_hand(public_id, actor=me())
    except TransitionRefused:
        flash(_("%(name)s does not wait any more. Nothing was changed.", name=found.name), "warning")
    except EventFull:
        flash(_("No place is free. Raise the number of places first: who waits gets them in order."), "warning")
    except RegistrationClosed:
        flash(_("The event has begun or does not take place. Nothing was changed."), "error")
    else:
        words = _("%(name)s is offered the place and told by mail.", name=promoted.name)
        if promoted.status == Status.CONFIRMED:
            words = _("%(name)s has the place and is told by mail.", name=promoted.name)
        record("registration.promoted", me(), event=event, subject_kind="registration", subject_id=promoted.id)
        flash(words, "success")
    return redirect(url_for("organise.registration", slug=slug, public_id=public_id), 303)
