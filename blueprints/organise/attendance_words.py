"""Sentences of the attendance list: where somebody stands, and why a mark could not be taken."""

from __future__ import annotations

from flask_babel import get_locale, gettext as _

from models.attendance import Presence
from services.attendance import EventOver, Line, NotAttending, NotOpenYet, UnknownRegistration
from services.dates import say_clock, say_deadline


def choices() -> list[tuple[str, str]]:
    """What somebody can be marked as besides “present”, in the order of how often it happens."""
    return [
        (Presence.LATE.value, _("Late")),
        (Presence.LEFT_EARLY.value, _("Left early")),
        (Presence.ABSENT.value, _("Absent")),
        (Presence.EXCUSED.value, _("Excused")),
        (Presence.PRESENT.value, _("Present")),
        (Presence.UNMARKED.value, _("Take the mark back")),
    ]


def state_words() -> dict[str, str]:
    """How a marked person's line says it; `{time}` is when."""
    return {
        Presence.PRESENT.value: _("✓ in, {time}"),
        Presence.LATE.value: _("✓ late, {time}"),
        Presence.LEFT_EARLY.value: _("left early, {time}"),
        Presence.ABSENT.value: _("✗ absent"),
        Presence.EXCUSED.value: _("– excused"),
        Presence.UNMARKED.value: "",
    }


def said(line: Line, zone: str) -> str:
    """The state of one line."""
    time = say_clock(line.since, str(get_locale()), zone) if line.since else ""
    return state_words()[line.presence.value].format(time=time)


def refusal_words(why: Exception, zone: str) -> str:
    """Why a mark was not taken, and what to do."""
    match why:
        case NotOpenYet():
            when = say_deadline(why.opens_at, str(get_locale()), zone)
            return _("It is too early. This opens on %(when)s.", when=when)
        case EventOver():
            return _("The event is closed, postponed or cancelled: its attendance does not change any more.")
        case NotAttending():
            return _("This registration is not confirmed any more. Reload the page to see the list as it is now.")
        case UnknownRegistration():
            return _("Nobody of this event has this registration. Reload the page to see the list as it is now.")
        case _:
            return _("This mark could not be read. Please mark the person again.")
