"""Whether a tentative event takes place: three choices prepared on one page."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.changes import changed_meanwhile, overview_of, people, too_late
from blueprints.organise.event_form import DecideLaterForm
from blueprints.organise.event_plan_form import Moments, local, place_problems
from blueprints.organise.events import event_page
from models.base import now
from models.courses import Publication
from models.events import Event, Run, RunTransitionRefused
from services.decisions import extend
from services.desk import confirmed_by_event
from services.event_changes import guarantee, preview_cancellation
from services.event_plans import PlanRefused
from services.events import ChangedMeanwhile


@blueprint.route("/organise/events/<slug>/decide", methods=["GET", "POST"])
@form_view
def decide_event(slug: str) -> ResponseReturnValue:
    """It takes place, it is decided later, or it is cancelled; each with what it does. Sent, the form gives more time."""
    event = organiser_of(slug)
    if event.run != Run.TENTATIVE or event.publication != Publication.PUBLISHED:
        return too_late(event)
    form = DecideLaterForm(data={"version": event.version, "closes": local(event.registration_closes_at, event.zone)})
    if form.validate_on_submit() and give_time(form, event):
        flash(_("There is more time. Everybody registered is told by mail until when it is decided."), "success")
        return overview_of(event)
    preview = preview_cancellation(event.id)
    page = render_template(
        "organise/decide.html",
        **event_page(event),
        form=form,
        preview=preview,
        people=people(preview.people),
        confirmed=confirmed_by_event([event.id]).get(event.id, 0),
        is_late=event.decision_at <= now(),
    )
    return page, status_of(form)


def give_time(form: DecideLaterForm, event: Event) -> bool:
    """Put the decision off; False shows the form again with what is wrong."""
    moment = Moments(event.zone)
    until, closes = moment.of(form.decides), moment.of(form.closes)
    try:
        moment.refuse()
        if until is not None:
            extend(event.id, until, form.version.data or 0, me(), closes_at=closes)
    except PlanRefused as refused:
        place_problems(form, refused.problems)
    except (ChangedMeanwhile, RunTransitionRefused):
        form.form_errors.append(changed_meanwhile())
    return not form.errors


@blueprint.post("/organise/events/<slug>/guarantee")
def guarantee_event(slug: str) -> ResponseReturnValue:
    """It takes place, however many have enrolled."""
    event = organiser_of(slug)
    try:
        guarantee(event.id, me(), version=request.form.get("version", type=int))
    except RunTransitionRefused:
        return too_late(event)
    except ChangedMeanwhile:
        flash(_("Somebody else changed this event meanwhile. Look at it once more, then decide."), "error")
        return redirect(url_for("organise.decide_event", slug=slug), 303)
    flash(_("It takes place. Its page says so from now on, and everybody registered is told by mail."), "success")
    return overview_of(event)
