"""The desk's first page."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, ngettext

from blueprints.guards import current_person, require_staff, roles
from blueprints.organise import blueprint
from blueprints.organise.checklist_words import lines
from blueprints.organise.desk_words import waiting_act, waiting_words
from blueprints.organise.event_plan_form import languages
from blueprints.security import cluster
from models.base import now
from services.desk import TodaySlot, Waiting, nearly_published, numbers, todays_slots, waiting_for_you
from services.permissions import (
    Roles,
    is_staff,
    may_create_events,
    may_organise,
    may_receive_money,
    may_see_organisations,
    visible_at_desk,
)
from services.publication import checklist


@blueprint.context_processor
def desk_navigation() -> dict[str, Any]:
    """The further entries of the desk's navigation, for whom they are."""
    found = roles() if current_person() else Roles()
    links: list[tuple[Any, ...]] = []
    if may_receive_money(found):
        rooms = ("orders", "bank", "invoices", "refunds", "disputes")
        links.append(
            (_("Finance"), url_for("organise.finance"), False, *(url_for(f"organise.{room}") for room in rooms))
        )
    if may_see_organisations(found):
        links.append((_("Organisations"), url_for("organise.organisations"), False))
        links.append((_("Memberships"), url_for("organise.memberships"), False))
    if found.is_admin:
        links.append((_("Vouchers"), url_for("organise.vouchers"), False))
    if may_create_events(found):
        links.append((_("Mails"), url_for("organise.mails"), False))
    return {"desk": (links or True) if is_staff(found) else False, "may_create": may_create_events(found)}


def known(endpoint: str) -> bool:
    """Whether this page exists in this application."""
    return endpoint in current_app.view_functions


@blueprint.get("/organise")
def today() -> ResponseReturnValue:
    """What happens today, and what waits for somebody."""
    found, at = require_staff(), now()
    visible = visible_at_desk(found)
    slots = todays_slots(visible, at, cluster().zone)
    decides = None if may_create_events(found) else found.organises
    waiting = waiting_for_you(decides, at)
    drafts = [(event, lines(checklist(event, languages(), at), event.slug)) for event in nearly_published(decides)]
    return render_template(
        "organise/today.html",
        today=at,
        slots=slots,
        waiting=[(item, waiting_words(item), waiting_act(item.code), waiting_href(item)) for item in waiting],
        drafts=drafts,
        numbers=numbers(visible, at),
        headline=headline(slots, waiting),
        sees_money=may_receive_money(found) or found.is_organiser or found.is_admin,
        may_organise=lambda event_id: may_organise(found, event_id),
        has_door=known("organise.attendance"),
    )


def waiting_href(item: Waiting) -> str:
    """Where the decision is taken."""
    if item.code == "close" and known("organise.close"):
        return url_for("organise.close", slug=item.slug)
    if item.code == "approve":
        return url_for("organise.attendees", slug=item.slug, status="pending_approval", sort="registered")
    if item.code in ("decide", "decide_now"):
        return url_for("organise.decide_event", slug=item.slug)
    if item.code == "exempt":
        return url_for("organise.exemptions", slug=item.slug)
    if item.code == "new_dates":
        return url_for("organise.resume_event", slug=item.slug)
    return url_for("organise.event", slug=item.slug)


def headline(slots: list[TodaySlot], waiting: list[Waiting]) -> str:
    """“Two events today, three decisions”: the page's answer in one line."""
    events = len({slot.event.id for slot in slots})
    today = {
        0: _("Nothing today"),
        1: _("One event today"),
        2: _("Two events today"),
        3: _("Three events today"),
    }.get(events) or ngettext("%(num)s event today", "%(num)s events today", events)
    if not waiting:
        return today
    decisions = {1: _("one decision"), 2: _("two decisions"), 3: _("three decisions")}
    return f"{today}, " + (
        decisions.get(len(waiting)) or ngettext("%(num)s decision", "%(num)s decisions", len(waiting))
    )
