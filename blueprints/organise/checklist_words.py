"""The checklist of an event in words: what is done, what blocks, what may wait, and the way to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale
from babel.lists import format_list
from flask import url_for
from flask_babel import get_locale, gettext as _

from blueprints.security import cluster
from services.publication import Item, State


@dataclass(frozen=True)
class Line:
    """One line as the page shows it; `href` leads to the field that mends it."""

    text: str
    state: str  # done, must, or ''
    href: str | None
    label: str


def lines(items: Sequence[Item], slug: str) -> list[Line]:
    """The checklist's lines, what blocks first."""
    return [line(item, slug) for item in items]


def line(item: Item, slug: str) -> Line:
    state = "" if item.state is State.MAY else item.state.value
    text = sentence(item)
    if item.state is State.DONE:
        return Line(text, state, None, "")
    href = url_for("organise.edit_event", slug=slug, _anchor=anchor(item.field))
    return Line(
        text, state, href, _("Change it") if item.state is State.MUST and "missing" not in item.code else _("Add it")
    )


def anchor(field: str) -> str:
    """The id of the form's field: `texts-nl-title` → `texts-2-title`."""
    name, _dash, rest = field.partition("-")
    if name == "texts":
        code, _dash, part = rest.partition("-")
        return f"texts-{list(cluster().languages).index(code)}-{part}"
    return {"policies": "policies-0"}.get(field, field)


def sentence(item: Item) -> str:
    if item.code in ("title_in_some", "summary_in_some"):
        here = str(get_locale())
        names = [Locale(code).get_language_name(here) or code for code in item.facts["languages"]]
        languages = format_list(names, locale=here)
        if item.code == "title_in_some":
            return _("Title in %(languages)s, if you want it.", languages=languages)
        return _("Summary in %(languages)s, if you want it.", languages=languages)
    return sentences()[item.code]


def sentences() -> dict[str, str]:
    return {
        "title_missing": _("It has no title. It cannot be published without one."),
        "title_done": _("Title in every language"),
        "summary_missing": _("A sentence or two about it, for the lists."),
        "summary_done": _("Summary in every language"),
        "dates_missing": _("It has no dates. It cannot be published without them."),
        "dates_past": _("Its first slot is in the past. Nobody could register."),
        "dates_done": _("Dates"),
        "venue_missing": _("The venue or its town is missing. People would not know where to go."),
        "venue_done": _("Venue"),
        "link_missing": _("The link to take part online can wait; those who have a place will see it."),
        "link_done": _("Link to take part online"),
        "places_missing": _("There are no places. Say how many people can come."),
        "tickets_missing": _("There is no price. Say what a place costs, even if it is nothing."),
        "tickets_without_places": _("A price is for places that do not exist. Add the places, or remove the price."),
        "tickets_done": _("Places and prices"),
        "policy_missing": _("Cancellation terms are missing. A paid event cannot be published without them."),
        "policy_done": _("Cancellation terms"),
        "minimum_too_high": _("More people are needed than there are places. It could never take place."),
        "decision_missing": _("Say until when you decide whether it takes place."),
        "decision_done": _("Day of decision"),
        "areas_missing": _("No area is chosen, so it stands on no area’s page."),
        "contact_missing": _("Nobody is named for questions; the cluster’s own address is shown."),
        "course_not_published": _("Its course is not published yet, so the page cannot link to it."),
    }
