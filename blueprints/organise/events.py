"""The list of events, and one event at the desk: overview, slots, history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, ngettext, pgettext

from blueprints.guards import attendees_of, desk_event, require_staff, roles
from blueprints.organise import blueprint
from blueprints.organise.checklist_words import lines
from blueprints.organise.desk_words import act_words
from blueprints.organise.event_plan_form import kind_words, languages, ticket_words
from blueprints.organise.today import known
from models.base import now
from models.courses import Publication
from models.events import Event, Run
from services.areas import areas_in
from services.dates import say_short_day
from services.desk import (
    confirmed_by_event,
    course_of,
    event_head,
    present_by_slot,
    slots_with_trainers,
    tickets_with_places,
)
from services.event_figures import Figures, Filling, figures, filling
from services.event_history import PAGE as HISTORY_PAGE, history
from services.event_list import PAGE, SHOWN, list_events
from services.event_refunds import KIND as REFUNDS
from services.jobs import latest_job
from services.permissions import (
    may_mark_attendance,
    may_organise,
    may_receive_money,
    may_see_attendees,
    visible_at_desk,
)
from services.publication import checklist, load_for_checklist


def shown_words() -> dict[str, str]:
    return {
        "ahead": _("Ahead"),
        "drafts": _("Drafts"),
        "to_close": _("To close"),
        "postponed": pgettext("events", "Postponed"),
        "closed": pgettext("events", "Closed"),
        "cancelled": pgettext("events", "Cancelled"),
        "archived": pgettext("events", "Archived"),
        "all": _("All"),
    }


@blueprint.get("/organise/events")
def events() -> ResponseReturnValue:
    """Every event one may see, with how full it is."""
    found = require_staff()
    query = request.args.get("q", "").strip()[:120]
    asked = request.args.get("show", "")
    shown = asked if asked in SHOWN else "all" if query else "ahead"
    listing = list_events(visible_at_desk(found), shown, query, page_number())
    by_slug = {area.slug: area for area in areas_in(str(get_locale()))}
    return render_template(
        "organise/events.html",
        listing=listing,
        shown=shown,
        query=query,
        choices=[(name, words, listing.counts[name]) for name, words in shown_words().items()],
        areas_by_slug=by_slug,
        kinds=kind_words(),
        pager=pager("organise.events", listing.page, PAGE, listing.total, q=query or None, show=asked or None),
    )


def page_number() -> int:
    return request.args.get("page", 1, type=int) or 1


def pager(endpoint: str, page: int, size: int, total: int, **values: Any) -> dict[str, Any]:
    """What macros/pages.html asks for."""
    last = min(page * size, total)
    return {
        "first": (page - 1) * size + 1,
        "last": last,
        "total": total,
        "previous": url_for(endpoint, page=page - 1, **values) if page > 1 else None,
        "next": url_for(endpoint, page=page + 1, **values) if last < total else None,
    }


def event_page(event: Event) -> dict[str, Any]:
    """What the head and the tabs of every page of one event need."""
    found = roles()
    slots, area_slugs = event_head(event.id)
    return {
        "event": event,
        "live_slots": slots,
        "area_slugs": area_slugs,
        "may_edit": may_organise(found, event.id),
        "may_see_history": may_see_attendees(found, event.id),
        "may_mark": may_mark_attendance(found, event.id),
        "sees_money": may_organise(found, event.id) or may_receive_money(found),
        "has": known,
    }


@blueprint.get("/organise/events/<slug>")
def event(slug: str) -> ResponseReturnValue:
    """How one event stands, and what can be done with it."""
    at, found = now(), desk_event(slug)
    is_draft = found.publication == Publication.DRAFT
    numbers = figures(found.id)
    filled = None if is_draft else filling(found, at)
    missing = lines(checklist(load_for_checklist(found.id), languages(), at), slug) if is_draft else []
    return render_template(
        "organise/event.html",
        **event_page(found),
        figures=numbers,
        chart=chart(found, numbers, filled) if filled else None,
        missing=missing,
        may_publish=not any(line.state == "must" for line in missing),
        refunds=latest_job(REFUNDS, found.id) if found.run == Run.CANCELLED else None,
        is_over=found.run in (Run.ENDED, Run.CLOSED, Run.CANCELLED),
        kinds=kind_words(),
        course=course_of(found.course_id),
        tickets=[ticket_words(ticket, found.zone) for ticket in tickets_with_places(found.id)],
    )


def chart(event: Event, numbers: Figures, filled: Filling) -> dict[str, Any]:
    """The words and points of the filling chart."""
    locale = str(get_locale())
    weeks = max(1, round(filled.days / 7))
    caption = _("%(taken)s of %(capacity)s places taken", taken=numbers.taken, capacity=numbers.capacity)
    if filled.days >= 7:
        caption += ", " + ngettext("%(num)s week after opening", "%(num)s weeks after opening", weeks)
    reached = filled.reached(event.minimum) if event.minimum else None
    return {
        "points": filled.points,
        "capacity": numbers.capacity,
        "minimum": event.minimum,
        "caption": caption,
        "summary": _(
            "Places taken went from 0 on %(opened)s to %(taken)s on %(until)s, of %(capacity)s.",
            opened=say_short_day(filled.opened, locale),
            until=say_short_day(filled.until, locale),
            taken=numbers.taken,
            capacity=numbers.capacity,
        ),
        "days": axis(filled, locale),
        "minimum_words": _("%(num)s needed, reached on %(day)s", num=event.minimum, day=say_short_day(reached, locale))
        if reached
        else None,
    }


def axis(filled: Filling, locale: str) -> list[str]:
    """At most six days under the chart, evenly spread; the last is today, or the day it ended."""
    count = min(6, filled.days + 1)
    if count < 2:
        return []
    days = [filled.opened + timedelta(days=round(filled.days * step / (count - 1))) for step in range(count)]
    words = [say_short_day(day, locale) for day in days]
    if filled.until == now().date():
        words[-1] = _("today")
    return words


@blueprint.get("/organise/events/<slug>/slots")
def event_slots(slug: str) -> ResponseReturnValue:
    """The slots of one event, with who is expected and who was there."""
    found = desk_event(slug)
    page = event_page(found) | {"live_slots": slots_with_trainers(found.id)}
    return render_template(
        "organise/slots.html",
        **page,
        present=present_by_slot({slot.id for slot in page["live_slots"]}),
        expected=confirmed_by_event({found.id}).get(found.id, 0),
        now=now(),
    )


@blueprint.get("/organise/events/<slug>/history")
def event_history(slug: str) -> ResponseReturnValue:
    """Who did what to one event, and when."""
    found = attendees_of(slug)
    reads = request.args.get("reads") == "1"
    entries, total, page = history(found.id, page_number(), reads=reads)
    return render_template(
        "organise/history.html",
        **event_page(found),
        entries=[(entry, act_words(entry.action, entry.details)) for entry in entries],
        reads=reads,
        pager=pager("organise.event_history", page, HISTORY_PAGE, total, slug=slug, reads="1" if reads else None),
    )
