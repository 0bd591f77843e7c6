"""Links that open an event elsewhere: Google Calendar, Outlook, and its place on OpenStreetMap.

Both calendars take one stretch of time per link, so a link carries the first half-day and the others in its notes; the
.ics file carries them all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from services.event_pages import EventPage

GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.office.com/calendar/0/action/compose"
MAP = "https://www.openstreetmap.org/search"


def notes(page: EventPage, address: str) -> str:
    """What stands in the calendar entry: the address of the page, and every half-day when there are several."""
    dates = [line.when for line in page.slots] if len(page.slots) > 1 else []
    return "\n".join([*dates, address])


def place(page: EventPage) -> str:
    """The place as a map or calendar finds it; '' online."""
    return page.address if page.places.onsite or page.event.city else ""


def google_link(page: EventPage, address: str) -> str:
    """The form of Google Calendar, filled in."""
    starts, ends = stretch(page)
    form = "%Y%m%dT%H%M%SZ"
    return f"{GOOGLE}?" + urlencode(
        {
            "action": "TEMPLATE",
            "text": page.title,
            "dates": f"{starts.astimezone(UTC):{form}}/{ends.astimezone(UTC):{form}}",
            "details": notes(page, address),
            "location": place(page),
        }
    )


def outlook_link(page: EventPage, address: str) -> str:
    """The form of Outlook on the web, filled in."""
    starts, ends = stretch(page)
    return f"{OUTLOOK}?" + urlencode(
        {
            "rru": "addevent",
            "subject": page.title,
            "startdt": starts.astimezone(UTC).isoformat(),
            "enddt": ends.astimezone(UTC).isoformat(),
            "body": notes(page, address),
            "location": place(page),
        }
    )


def map_link(page: EventPage) -> str:
    """A search on OpenStreetMap: the street when there is one, else the venue; '' when there is no place."""
    event = page.event
    street = event.address or event.venue
    query = ", ".join(part for part in (street, "" if event.city in street else event.city) if part)
    return f"{MAP}?{urlencode({'query': query})}" if query else ""


def stretch(page: EventPage) -> tuple[datetime, datetime]:
    """The first half-day."""
    if page.slots:
        return page.slots[0].starts_at, page.slots[0].ends_at
    return page.event.starts_at, page.event.ends_at
