"""Calendars: how a slot stands in them, the same in every feed, file and mail."""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale, gettext as _

from integrations.ical import CalendarEntry
from models.base import in_language
from models.events import Event, Run, Slot


def entry_of(event: Event, slot: Slot, locale: str, *, private: bool = False) -> CalendarEntry:
    """The calendar entry of one slot. `private`: for somebody who has a place, with the link to join online.

    The UID never changes; the sequence counts the changes of the event's time and place and of the slot's own. A slot
    that does not take place stays as cancelled. Reads columns only, no relations.
    """
    home, domain = current_app.extensions["atrium"].public_url, current_app.extensions["cluster"].domain
    off = slot.cancelled_at is not None or event.run in (Run.CANCELLED, Run.POSTPONED)
    join = event.online_url if private and not off else ""
    where = (slot.room, event.venue, event.address, "" if event.city in event.address else event.city)
    with force_locale(locale):
        return CalendarEntry(
            uid=f"slot-{slot.public_id}@{domain}",
            sequence=event.sequence + slot.sequence,
            starts=slot.starts_at,
            ends=slot.ends_at,
            zone=event.zone,
            created=slot.created_at,
            last_modified=max(event.updated_at, slot.updated_at),
            summary=summary_of(event, slot, locale),
            description="\n\n".join(part for part in (in_language(event.summaries, locale), join) if part),
            location=", ".join(part for part in where if part) or (_("Online") if event.online_url else ""),
            url=f"{home}/events/{event.slug}",
            status="CANCELLED" if off else "TENTATIVE" if event.run == Run.TENTATIVE else "CONFIRMED",
            conference_url=join or None,
            alarm_minutes=None if off else 24 * 60,
        )


def summary_of(event: Event, slot: Slot, locale: str) -> str:
    """The title as a calendar shows it. Programs differ in how they show a cancelled entry, so the words say it too."""
    title = in_language(event.titles, locale)
    part = in_language(slot.titles, locale)
    if part:
        title = f"{title}: {part}"
    if slot.cancelled_at is not None or event.run == Run.CANCELLED:
        return _("Cancelled: %(title)s", title=title)
    return _("Postponed: %(title)s", title=title) if event.run == Run.POSTPONED else title
