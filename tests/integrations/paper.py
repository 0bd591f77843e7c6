"""What a certificate, a sign-in sheet and a badge of the cast hold, as a service would hand them over."""

from __future__ import annotations

from typing import Any

from config import ROOT
from integrations import qr

ADDRESS = "https://events.mosan.example/certificates/7f3k9m2pxq4tw8hn5rcd0vbz6j"

# 1 December 2026, 09:00 UTC
ISSUED = 1_796_115_600

CERTIFICATE_WORDS = {
    "title": "Certificate of attendance",
    "certifies": "{issuer} certifies that",
    "did": "attended the training",
    "dates": "Dates",
    "hours": "Hours attended",
    "place": "Place",
    "assessment": "Assessment",
    "outcomes": "What the training set out to teach",
    "number": "Certificate no.",
    "issued": "Issued on",
    "valid": "Valid until",
    "verify": "Scan the code to compare this page with the record kept by {issuer}.",
    "qr": "QR code to the verification page",
}

SHEET_WORDS = {
    "title": "Attendance sheet",
    "name": "Name",
    "organisation": "Organisation",
    "signature": "Signature",
    "trainer": "Trainer",
    "place": "Place",
    "half-day": "Half-day",
    "statement": "By signing, each participant confirms having been present.",
    "countersign": "I confirm that the people who signed were present.",
    "sign-off": "Trainer’s countersignature",
    "present": "Number present",
    "date": "Date and time",
    "page": "Page {page} of {pages}",
}


def emblem(name: str) -> str:
    return (ROOT / "static" / "emblems" / f"{name}.svg").read_text()


def house(words: dict[str, str], lang: str = "en") -> dict[str, Any]:
    return {
        "lang": lang,
        "words": words,
        "brand": {"name": "Mosan Health", "emblem": emblem("atrium"), "colour": "#0B5D5E"},
        "area": {"name": "Biopharmacy", "colour": "#3F5A17", "emblem": emblem("biopharmacy")},
    }


def certificate(**changes: Any) -> dict[str, Any]:
    """Carol's certificate."""
    return {
        **house(CERTIFICATE_WORDS),
        "number": "2026-00417",
        "name": "Carol Delvaux",
        "title": "Aseptic techniques in cleanrooms",
        "dates": "24 and 25 November 2026",
        "hours": "12 h of 12 h",
        "place": "Charleroi",
        "outcomes": ["Explain how contamination enters a cleanroom", "Carry out a media fill"],
        "issuer": {"name": "Mosan Health", "legal": "Mosan Health ASBL, rue du Pont 12, 5000 Namur"},
        "signatory": {"name": "Élise Vandenbroucke", "role": "Head of training"},
        "issued": "1 December 2026",
        "verify": {"url": ADDRESS, "qr": qr.print_svg(ADDRESS)},
        **changes,
    }


def sign_in_sheet(people: int, slots: int, **changes: Any) -> dict[str, Any]:
    """Emil's half-days."""
    return {
        **house(SHEET_WORDS),
        "event": "Aseptic techniques in cleanrooms",
        "code": "aseptic-techniques-november",
        "people": [{"name": f"Person {number}", "organisation": "CHU de Liège"} for number in range(1, people + 1)],
        "slots": [
            {"when": f"{24 + number} November 2026, 09:00 – 12:30", "place": "Room Curie", "trainer": "Emil Janssens"}
            for number in range(slots)
        ],
        **changes,
    }


def badges(people: int) -> dict[str, Any]:
    return {
        **house({"title": "Badges", "qr": "QR code of the badge"}),
        "event": "Digital health day",
        "people": [
            {"name": f"Person {number}", "organisation": "UCB", "qr": qr.print_svg(f"7F3K9M2P{number}"), "role": None}
            for number in range(people)
        ],
    }
