"""What becomes of an event: published, postponed, given new dates, guaranteed, cancelled, archived."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, ngettext

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.checklist_words import lines
from blueprints.organise.event_form import CancelForm, ResumeForm, WordsForm
from blueprints.organise.event_plan_form import (
    Moments,
    change_rows,
    languages,
    local,
    offer_trainers,
    place_problems,
    slot_rows,
    slots_from,
    texts,
)
from blueprints.organise.events import event_page
from models.base import in_language, now
from models.events import Event, Run, RunTransitionRefused
from services.event_changes import (
    TitleMismatch,
    cancel,
    postpone,
    preview_cancellation,
    resume,
)
from services.event_plans import PlanRefused
from services.event_refunds import KIND as REFUNDS
from services.events import CannotArchive, ChangedMeanwhile, archive, load_plan
from services.jobs import latest_job
from services.publication import AlreadyPublished, NotReady, checklist, load_for_checklist, publish


def overview_of(event: Event) -> ResponseReturnValue:
    return redirect(url_for("organise.event", slug=event.slug), 303)


def too_late(event: Event) -> ResponseReturnValue:
    """The run moved on while the page was open."""
    flash(_("This is no longer possible: the event has moved on meanwhile. Here is where it stands now."), "error")
    return overview_of(event)


def changed_meanwhile() -> str:
    return _("Somebody else changed this event meanwhile. Open it again to see how it stands.")


@blueprint.get("/organise/events/<slug>/publish")
def publish_event(slug: str) -> ResponseReturnValue:
    """What is missing, and what the public will see."""
    event = load_for_checklist(organiser_of(slug).id)
    items = checklist(event, languages(), now())
    return render_template("organise/publish.html", **event_page(event), lines=lines(items, event.slug))


@blueprint.post("/organise/events/<slug>/publish")
def publish_now(slug: str) -> ResponseReturnValue:
    """Show the draft to the public."""
    event = organiser_of(slug)
    try:
        publish(event.id, languages(), me())
    except NotReady:
        flash(_("It cannot be published yet. What blocks is marked below."), "error")
        return redirect(url_for("organise.publish_event", slug=slug), 303)
    except AlreadyPublished:
        return too_late(event)
    flash(_("“%(title)s” is published.", title=in_language(event.titles, str(get_locale()))), "success")
    return overview_of(event)


@blueprint.route("/organise/events/<slug>/postpone", methods=["GET", "POST"])
@form_view
def postpone_event(slug: str) -> ResponseReturnValue:
    """Take it off its dates; everybody keeps their place and is told."""
    event = organiser_of(slug)
    form = WordsForm(data={"notices": ["" for _code in languages()]})
    if form.validate_on_submit():
        try:
            postpone(event.id, texts(languages(), (field.data for field in form.notices)), me())
        except RunTransitionRefused:
            return too_late(event)
        flash(_("The event is postponed. Everybody registered is told by mail and keeps their place."), "success")
        return overview_of(event)
    preview = preview_cancellation(event.id)
    page = render_template("organise/postpone.html", **event_page(event), form=form, codes=languages(), preview=preview)
    return page, status_of(form)


@blueprint.route("/organise/events/<slug>/resume", methods=["GET", "POST"])
@form_view
def resume_event(slug: str) -> ResponseReturnValue:
    """Give a postponed event its new dates."""
    event, plan = load_plan(organiser_of(slug).id)
    if event.run != Run.POSTPONED:
        return too_late(event)
    closes, decides = local(plan.registration_closes_at, plan.zone), local(plan.decides_at, plan.zone)
    rows = slot_rows(plan.slots, plan.zone)
    form = ResumeForm(data={"version": event.version, "slots": rows, "closes": closes, "decides": decides})
    if keep_dates(form, event):
        flash(_("The new dates stand. Everybody registered is told the old and the new ones by mail."), "success")
        return overview_of(event)
    page = render_template("organise/resume.html", **event_page(event), form=form, codes=languages())
    return page, status_of(form)


def keep_dates(form: ResumeForm, event: Event) -> bool:
    """Give the event the dates of a form that was sent to be kept; False shows the form (again)."""
    rows = request.method == "POST" and change_rows(form, request.form.get("act", ""))
    offer_trainers(form)
    if rows:
        g.form_validated = True
        return False
    if not form.validate_on_submit():
        return False
    moment = Moments(event.zone)
    slots, closes, decides = slots_from(form, moment), moment.of(form.closes), moment.of(form.decides)
    try:
        moment.refuse()
        resume(event.id, slots, form.version.data or 0, me(), closes_at=closes, decides_at=decides)
    except PlanRefused as refused:
        place_problems(form, refused.problems)
    except (ChangedMeanwhile, RunTransitionRefused):
        form.form_errors.append(changed_meanwhile())
    else:
        return True
    return False


@blueprint.route("/organise/events/<slug>/cancel", methods=["GET", "POST"])
@form_view
def cancel_event(slug: str) -> ResponseReturnValue:
    """Cancel the event for good, once its title is typed."""
    event = organiser_of(slug)
    form = CancelForm(data={"version": event.version, "notices": ["" for _code in languages()]})
    if form.validate_on_submit():
        try:
            notices = texts(languages(), (field.data for field in form.notices))
            cancel(event.id, form.title.data, notices, me(), version=form.version.data)
        except ChangedMeanwhile as changed:
            form.form_errors.append(changed_meanwhile())
            form.version.data, form.version.raw_data = changed.version, None
        except TitleMismatch:
            form.title.errors = [_("This is not its title. Write it as it stands at the top of this page.")]
        except RunTransitionRefused:
            return too_late(event)
        else:
            flash(_("The event is cancelled. Everybody registered is told by mail."), "success")
            job = latest_job(REFUNDS, event.id)
            return redirect(url_for("organise.job", public_id=job.public_id), 303) if job else overview_of(event)
    preview = preview_cancellation(event.id)
    page = render_template(
        "organise/cancel.html",
        **event_page(event),
        form=form,
        codes=languages(),
        preview=preview,
        people=people(preview.people),
    )
    return page, status_of(form)


def people(count: int) -> str:
    return ngettext("%(num)s person", "%(num)s people", count)


@blueprint.post("/organise/events/<slug>/archive")
def archive_event(slug: str) -> ResponseReturnValue:
    """Take a draft, or an event that is over, out of the lists."""
    event = organiser_of(slug)
    try:
        archive(event.id, me())
    except CannotArchive:
        return too_late(event)
    flash(_("The event is archived. It stays in the list of archived events."), "success")
    return redirect(url_for("organise.events"), 303)
