"""The attendee list of one event: found, filtered, sorted, chosen."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, ngettext

from blueprints.guards import desk_event, me, organiser_of, roles
from blueprints.organise import blueprint
from blueprints.organise.events import event_page, page_number, pager
from blueprints.organise.requests import accept_chosen
from blueprints.words import text
from models.events import Event
from models.registrations import LIVE, Status, TransitionRefused
from services.answers import answers_in_list
from services.attendee_words import status_words
from services.attendees import (
    GROUPS,
    PAGE,
    SORTS,
    Attendee,
    AttendeeList,
    Wanted,
    chosen,
    list_attendees,
    tickets_of,
)
from services.audit import record
from services.permissions import may_see_attendees
from services.registrations import cancel


def group_words() -> dict[str, str]:
    return {"coming": _("Have a place"), "waiting": _("Waiting"), "gone": _("No longer coming")}


def status_choices(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Value, words and number: the groups first, then each status that somebody has."""
    groups = [(name, label, counts[name]) for name, label in group_words().items()]
    return groups + [(status, label, counts[status]) for status, label in status_words().items() if counts[status]]


def wanted() -> Wanted:
    """What the query string asks of the list."""
    args = request.args
    sort = args.get("sort", "")
    return Wanted(
        query=args.get("q", "").strip()[:120],
        status=args.get("status", "") if args.get("status") in {*GROUPS, *Status} else "",
        ticket=args.get("ticket", "")[:26],
        sort=sort if sort.removeprefix("-") in SORTS else "-registered",
        page=page_number(),
    )


@blueprint.get("/organise/events/<slug>/attendees")
def attendees(slug: str) -> ResponseReturnValue:
    """The people of one event. Trainers see names; organisers and finance see prices too. Every look is recorded."""
    event = desk_event(slug)
    asked = wanted()
    if not may_see_attendees(roles(), event.id) and asked.sort.endswith("price"):
        asked = Wanted(asked.query, asked.status, asked.ticket, page=asked.page)
    found = list_attendees(event.id, asked)
    page = render_template("organise/attendees.html", **event_page(event), **list_page(event, asked, found))
    record("attendees.read", me(), event=event, details={"rows": len(found.rows)}, ip=request.remote_addr or "")
    return page


def list_page(event: Event, asked: Wanted, found: AttendeeList) -> dict[str, Any]:
    """What the page of the list needs, links that keep the search included."""
    kept = {"q": asked.query or None, "status": asked.status or None, "ticket": asked.ticket or None}
    full = may_see_attendees(roles(), event.id)
    return {
        "found": found,
        "asked": asked,
        "full": full,
        "answers": answers_in_list([row.public_id for row in found.rows if row.has_answered], str(get_locale()))
        if full
        else {},
        "statuses": status_choices(found.counts),
        "tickets": tickets_of(event.id),
        "columns": columns(event.slug, asked, kept, full),
        "pager": pager(
            "organise.attendees", found.page, PAGE, found.total, slug=event.slug, sort=request.args.get("sort"), **kept
        ),
        "is_filtered": bool(asked.query or asked.status or asked.ticket),
    }


def columns(slug: str, asked: Wanted, kept: dict[str, Any], full: bool) -> list[tuple[str, str, str, str]]:
    """Key, words, address that sorts by the column (once more: from the other end), and `aria-sort`."""
    words = {"name": _("Name"), "organisation": _("Organisation"), "status": _("Status"), "registered": _("Registered")}
    if full:
        words["price"] = _("Price")
    found = []
    for key, label in words.items():
        here = asked.sort.removeprefix("-") == key
        down = asked.sort.startswith("-")
        next_sort = f"-{key}" if here and not down else key
        aria = ("descending" if down else "ascending") if here else "none"
        found.append((key, label, url_for("organise.attendees", slug=slug, sort=next_sort, **kept), aria))
    return found


@blueprint.post("/organise/events/<slug>/attendees/chosen")
def attendees_chosen(slug: str) -> ResponseReturnValue:
    """What to do with the people chosen in the list: their addresses, or the question whether to cancel them."""
    event = organiser_of(slug)
    people = chosen(event.id, request.form.getlist("chosen"))
    back = url_for("organise.attendees", slug=slug)
    if not people:
        flash(_("Nobody is chosen. Tick the people first, then say what to do."), "warning")
        return redirect(back, 303)
    live = [person for person in people if person.status in LIVE]
    match request.form.get("act"):
        case "cancel":
            return render_template(
                "organise/cancel_chosen.html", **event_page(event), people=live, others=len(people) - len(live)
            )
        case "accept":
            return accept_chosen(event, people)
        case "cancel_now":
            return cancel_chosen(event, live)
        case _:
            return addresses_of(event, people)


def addresses_of(event: Event, people: list[Attendee]) -> ResponseReturnValue:
    """The addresses to write to, with a link that opens the reader's own mail program."""
    addresses = list(dict.fromkeys(person.email for person in people if person.email))
    subject = text(event.titles)
    link = f"mailto:{event.contact_email}?bcc={quote(','.join(addresses), safe='@,')}&subject={quote(subject)}"
    page = render_template("organise/write.html", **event_page(event), addresses=addresses, link=link)
    record("attendees.addressed", me(), event=event, details={"rows": len(addresses)}, ip=request.remote_addr or "")
    return page


def cancel_chosen(event: Event, people: list[Attendee]) -> ResponseReturnValue:
    """Cancel each; the waiting list moves up and everybody is told, one by one."""
    done = 0
    for person in people:
        try:
            cancel(person.public_id, actor=me(), reason="cancelled_at_desk", by_organiser=True)
            done += 1
        except TransitionRefused:  # it ended meanwhile
            continue
    record("registration.cancelled", me(), event=event, details={"registrations": done}, ip=request.remote_addr or "")
    words = ngettext("%(num)s registration is cancelled.", "%(num)s registrations are cancelled.", done)
    flash(words + " " + told(), "success")
    return redirect(url_for("organise.attendees", slug=event.slug), 303)


def told() -> str:
    return _("They are told by mail.")
