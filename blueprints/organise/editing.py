"""Making and changing an event: one form for both; duplicating one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.forms import form_view, status_of
from blueprints.guards import me, organiser_of, require, require_staff, roles
from blueprints.organise import blueprint
from blueprints.organise.conflict_words import differences
from blueprints.organise.event_form import CopyForm, EventForm
from blueprints.organise.event_plan_form import (
    blank_slot,
    blank_ticket,
    change_rows,
    form_data,
    languages,
    offer_choices,
    place_problems,
    plan_from,
)
from blueprints.organise.events import event_page
from blueprints.security import cluster
from models.base import now
from models.courses import Publication
from models.events import Event, EventKind
from services.event_copies import duplicate
from services.event_plans import EventPlan, PlanRefused
from services.events import ChangedMeanwhile, create, edit, load_plan
from services.permissions import may_create_events


@blueprint.route("/organise/events/new", methods=["GET", "POST"])
@form_view
def new_event() -> ResponseReturnValue:
    """A new event, as a draft."""
    require_staff()
    require(may_create_events(roles()))
    form = EventForm(data=beginning())
    typed = valid_plan(form)
    if typed is not None:
        try:
            event = create(typed, me())
        except PlanRefused as refused:
            place_problems(form, refused.problems)
        else:
            flash(_("The draft is kept. Look at what is still missing, then publish it."), "success")
            return redirect(url_for("organise.event", slug=event.slug), 303)
    return form_page(form, None)


@blueprint.route("/organise/events/<slug>/edit", methods=["GET", "POST"])
@form_view
def edit_event(slug: str) -> ResponseReturnValue:
    """Change an event."""
    event = organiser_of(slug)
    present, plan = load_plan(event.id)
    form = EventForm(data=form_data(plan, present.version))
    conflict: list[tuple[str, str]] = []
    sequence = present.sequence
    typed = valid_plan(form)
    if typed is not None:
        if present.publication != Publication.DRAFT:
            typed = replace(typed, kind=plan.kind, course=plan.course, slug="")
        try:
            edited = edit(event.id, typed, form.version.data or 0, me())
        except PlanRefused as refused:
            place_problems(form, refused.problems)
        except ChangedMeanwhile as meanwhile:
            present, plan = load_plan(event.id)
            conflict = differences(plan, replace(typed, slug=plan.slug))
            form.version.data = meanwhile.version
            form.version.raw_data = None
        else:
            flash(saved_words(sequence, edited), "success")
            return redirect(url_for("organise.event", slug=edited.slug), 303)
    return form_page(form, present, conflict)


def valid_plan(form: EventForm) -> EventPlan | None:
    """The plan of a form that was sent to be kept and is well filled in; None when it has to be shown (again).

    A button that adds or removes a row shows the form as typed and writes nothing.
    """
    act = request.form.get("act", "") if request.method == "POST" else ""
    rows = change_rows(form, act) if act else False
    offer_choices(form)
    if rows:
        g.form_validated = True
        return None
    if not form.validate_on_submit():
        return None
    try:
        return plan_from(form)
    except PlanRefused as refused:
        place_problems(form, refused.problems)
        return None


def form_page(
    form: EventForm, event: Event | None, conflict: list[tuple[str, str]] | None = None
) -> ResponseReturnValue:
    status = 409 if conflict else status_of(form)
    page = render_template(
        "organise/event_form.html",
        **(event_page(event) if event else {"event": None}),
        form=form,
        conflict=conflict or [],
        codes=languages(),
        is_draft=event is None or event.publication == Publication.DRAFT,
        dates_fixed=event is not None and event.run in ("postponed", "cancelled", "closed"),
        zone_names=ZONES,
    )
    return page, status


def beginning() -> dict[str, Any]:
    """What a new event starts from: the cluster's terms, contact and language, one slot, one price."""
    house, codes = cluster(), languages()
    cancellation = house.cancellation
    return {
        "kind": EventKind.NETWORKING,
        "language": codes[0],
        "zone": house.zone,
        "texts": [{} for _code in codes],
        "policies": [cancellation["policy"].get(code, "") for code in codes],
        "free_until_days": cancellation["free_until_days"],
        "has_waiting_list": True,
        "visibility": "public",
        "contact_name": me().name,
        "contact_email": house.mail["reply_to"],
        "slots": [blank_slot(None)],
        "tickets": [blank_ticket(None)],
    }


def saved_words(sequence: int, edited: Event) -> str:
    """What saving did, in one sentence."""
    if edited.sequence != sequence and edited.is_live:
        return _("Saved. Everybody registered is told about the new time or place by mail.")
    return _("Saved.")


ZONES = (
    "Europe/Brussels", "Europe/London", "Europe/Lisbon", "Europe/Athens", "America/New_York", "America/Montreal",
    "America/Los_Angeles", "Asia/Tokyo", "Asia/Singapore", "UTC",
)  # fmt: skip


@blueprint.route("/organise/events/<slug>/duplicate", methods=["GET", "POST"])
@form_view
def duplicate_event(slug: str) -> ResponseReturnValue:
    """A draft like this event, its dates moved or left open."""
    event = organiser_of(slug)
    require(may_create_events(roles()))
    form = CopyForm(data={"dates": "move", "first_day": next_year(event)})
    form.dates.choices = [("move", _("Move them, the hours stay")), ("empty", _("Leave them open"))]
    if form.validate_on_submit():
        first = event.starts_at.astimezone(event.tz).date()
        days = (form.first_day.data - first).days if form.dates.data == "move" else None
        copy = duplicate(event.id, days, me())
        flash(_("The copy is a draft. Look at its dates and texts, then publish it."), "success")
        return redirect(url_for("organise.edit_event", slug=copy.slug), 303)
    return render_template("organise/duplicate.html", **event_page(event), form=form), status_of(form)


def next_year(event: Event) -> date:
    """The same weekday a year after the event, or the first one still ahead."""
    day = event.starts_at.astimezone(event.tz) + timedelta(weeks=52)
    while day <= now():
        day += timedelta(weeks=52)
    return day.date()
