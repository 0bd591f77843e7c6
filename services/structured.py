"""schema.org for machines: events, courses, programmes. No personal data beyond the public names of trainers.

https://schema.org/EducationEvent, /Course, /EducationalOccupationalProgram; Google asks of an event its name, start and
location at least.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from config import Cluster
from models.events import Audience, EventKind, Run
from services.cards import Places
from services.courses import CoursePage
from services.event_pages import EventPage
from services.prices import Price
from services.programmes import ProgrammePage

CONTEXT = "https://schema.org"
TYPES = {
    EventKind.TRAINING: "EducationEvent",
    EventKind.WEBINAR: "EducationEvent",
    EventKind.WORKSHOP: "EducationEvent",
}
STATUS = {Run.CANCELLED: "EventCancelled", Run.POSTPONED: "EventPostponed"}


def organizer(cluster: Cluster, url: str) -> dict[str, Any]:
    return {"@type": "Organization", "name": cluster.name, "url": url}


def house_data(cluster: Cluster, url: str) -> dict[str, Any]:
    """The cluster itself, for its home page."""
    address = cluster.address
    return {
        "@context": CONTEXT,
        **organizer(cluster, f"{url}/"),
        "legalName": cluster.legal_name,
        "logo": f"{url}/static/share.png",
        "email": cluster.email,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": address["street"],
            "postalCode": address["postal_code"],
            "addressLocality": address["city"],
            "addressCountry": address["country"],
        },
    }


def event_data(page: EventPage, address: str, cluster: Cluster, at: datetime) -> dict[str, Any]:
    """An event. `address` is that of its page."""
    event = page.event
    home = address.partition("/events/")[0] + "/"
    data: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": TYPES.get(EventKind(event.kind), "Event"),
        "name": page.title,
        "description": page.texts.summary.words or page.title,
        "url": address,
        "startDate": event.starts_at.astimezone(event.tz).isoformat(),
        "endDate": event.ends_at.astimezone(event.tz).isoformat(),
        "eventStatus": f"{CONTEXT}/{STATUS.get(Run(event.run), 'EventScheduled')}",
        "eventAttendanceMode": f"{CONTEXT}/{attendance_mode(page.places)}",
        "location": location(page, address),
        "inLanguage": event.language,
        "organizer": organizer(cluster, home),
        "maximumAttendeeCapacity": page.places.capacity,
        "remainingAttendeeCapacity": max(page.places.free, 0),
        "offers": [offer_data(page, price, address, at) for price in sold(page)],
        "isAccessibleForFree": any(
            price.is_free and price.ticket.audience == Audience.EVERYONE for price in sold(page)
        ),
    }
    if page.trainers:
        data["performer"] = [{"@type": "Person", "name": trainer.name} for trainer in page.trainers]
    if page.outcomes and data["@type"] == "EducationEvent":
        data["teaches"] = list(page.outcomes)
    if page.course:
        data["about"] = {"@type": "Course", "name": page.title, "url": f"{home}courses/{page.course.slug}"}
    if len(page.slots) > 1:
        data["subEvent"] = parts(page, data)
    return data


def parts(page: EventPage, whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The half-days of an event that has several."""
    zone = page.event.tz
    return [
        {
            "@type": whole["@type"],
            "name": slot.title or page.title,
            "startDate": slot.starts_at.astimezone(zone).isoformat(),
            "endDate": slot.ends_at.astimezone(zone).isoformat(),
            "location": whole["location"],
        }
        for slot in page.slots
    ]


def sold(page: EventPage) -> Iterable[Price]:
    return [price for price in (page.offered.price, *page.offered.others) if price]


def offer_data(page: EventPage, price: Price, address: str, at: datetime) -> dict[str, Any]:
    """One price, VAT included, and whether it can be had now."""
    event = page.event
    if not event.registration_is_open(at):
        availability = "SoldOut" if page.places.free <= 0 else "Discontinued"
    else:
        availability = "InStock" if page.places.free > 0 else "SoldOut"
    data: dict[str, Any] = {
        "@type": "Offer",
        "price": f"{price.gross_cents / 100:.2f}",
        "priceCurrency": "EUR",
        "availability": f"{CONTEXT}/{availability}",
        "url": address,
        "category": "members" if price.ticket.audience == Audience.MEMBERS else "everyone",
    }
    if event.registration_opens_at:
        data["validFrom"] = event.registration_opens_at.isoformat()
    return data


def attendance_mode(places: Places) -> str:
    if places.online and places.onsite:
        return "MixedEventAttendanceMode"
    return "OnlineEventAttendanceMode" if places.online else "OfflineEventAttendanceMode"


def location(page: EventPage, address: str) -> Any:
    """The place, the page as the virtual place of an online event (its link is for confirmed people), or both."""
    event = page.event
    virtual = {"@type": "VirtualLocation", "url": address}
    if page.places.online and not page.places.onsite:
        return virtual
    postal = {"@type": "PostalAddress", "addressLocality": event.city or event.venue}
    if event.address:
        postal["streetAddress"] = event.address
    there = {"@type": "Place", "name": event.venue or event.city, "address": postal}
    return [there, virtual] if page.places.online else there


def course_data(page: CoursePage, address: str, cluster: Cluster) -> dict[str, Any]:
    """A course, with its coming runs as instances of it by their addresses."""
    home = address.partition("/courses/")[0] + "/"
    data: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Course",
        "name": page.line.title,
        "description": page.line.summary or page.line.title,
        "url": address,
        "provider": organizer(cluster, home),
        "inLanguage": list(page.language_codes),
        "educationalLevel": page.line.level,
        "timeRequired": f"PT{page.minutes}M",
    }
    if page.outcomes:
        data["teaches"] = list(page.outcomes)
    if page.prerequisites:
        data["coursePrerequisites"] = page.prerequisites
    return data


def programme_data(page: ProgrammePage, address: str, cluster: Cluster) -> dict[str, Any]:
    """A programme and its courses."""
    home = address.partition("/programmes/")[0] + "/"
    return {
        "@context": CONTEXT,
        "@type": "EducationalOccupationalProgram",
        "name": page.title,
        "description": page.summary or page.title,
        "url": address,
        "provider": organizer(cluster, home),
        "timeToComplete": f"PT{page.total_minutes}M",
        "hasCourse": [
            {
                "@type": "Course",
                "name": step.title,
                "description": step.summary or step.title,
                "url": f"{home}courses/{step.slug}",
                "provider": organizer(cluster, home),
            }
            for step in page.steps
        ],
    }
