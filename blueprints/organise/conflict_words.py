"""When two organisers save at once: what the other one wrote, beside what was typed here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import get_locale, gettext as _

from models.base import Texts
from services.dates import say_deadline, say_slots
from services.event_plans import EventPlan


def differences(theirs: EventPlan, typed: EventPlan) -> list[tuple[str, str]]:
    """Label and their value, for each field where the saved event and the form disagree."""
    return [
        (label(), said(theirs, name)) for name, label in LABELS.items() if getattr(theirs, name) != getattr(typed, name)
    ]


def said(plan: EventPlan, name: str) -> str:
    """One value of a plan in words; “empty” when there is none."""
    value: Any = getattr(plan, name)
    locale = str(get_locale())
    if name == "slots":
        words = say_slots(value, locale, plan.zone)
    elif name in ("tickets", "areas"):
        words = ", ".join(value) if name == "areas" else str(len(value))
    elif name == "tiers":
        words = " · ".join(f"{tier['days']}: {tier['percent']} %" for tier in value)
    elif name == "places":
        words = str(sum(value.values()))
    elif name.endswith("_at"):
        words = say_deadline(value, locale, plan.zone) if value else ""
    elif isinstance(value, dict):
        words = in_every_language(value)
    elif isinstance(value, bool):
        words = _("yes") if value else _("no")
    else:
        words = "" if value is None else str(value)
    return words or _("empty")


def in_every_language(texts: Texts) -> str:
    return " · ".join(f"{code.upper()}: {shortened(words)}" for code, words in texts.items() if words)


def shortened(words: str) -> str:
    return words if len(words) <= 120 else words[:119].rstrip() + "…"


LABELS: dict[str, Callable[[], str]] = {
    "kind": lambda: _("What it is"),
    "course": lambda: _("Course"),
    "titles": lambda: _("Title"),
    "summaries": lambda: _("In one or two sentences"),
    "descriptions": lambda: _("Description"),
    "areas": lambda: _("Areas"),
    "language": lambda: _("Language spoken"),
    "slots": lambda: _("Dates"),
    "zone": lambda: _("Time zone"),
    "venue": lambda: _("Venue"),
    "address": lambda: _("Street and number"),
    "city": lambda: _("Town"),
    "online_url": lambda: _("Link to take part online"),
    "places": lambda: _("Places"),
    "tickets": lambda: _("Prices"),
    "visibility": lambda: _("Who may register"),
    "registration_opens_at": lambda: _("Registration opens"),
    "registration_closes_at": lambda: _("Registration closes"),
    "approval": lambda: _("I accept each person myself"),
    "approval_holds_place": lambda: _("Hold a place for whoever asks, until I answer"),
    "has_waiting_list": lambda: _("Waiting list"),
    "organisation_cap": lambda: _("Places one organisation may hold"),
    "minimum": lambda: _("People needed for it to take place"),
    "decides_at": lambda: _("Decide by"),
    "policies": lambda: _("Cancellation terms"),
    "tiers": lambda: _("What leaving costs"),
    "free_until_days": lambda: _("Cancelling is free until so many days before"),
    "contact_name": lambda: _("Who answers questions"),
    "contact_email": lambda: _("E-mail"),
}
