"""What the desk says of exports: each purpose with what it holds and for whom, formats, and whose registrations."""

from __future__ import annotations

from flask_babel import gettext as _, ngettext

from services.attendee_columns import ON_SITE, Purpose, Scope
from services.attendee_lists import Format, Headcount


def purpose_words() -> dict[Purpose, str]:
    return {
        Purpose.SIGN_IN: _("Sign-in sheet"),
        Purpose.BADGES: _("Badges"),
        Purpose.CATERING: _("Catering"),
        Purpose.FULL: _("Everything"),
        Purpose.ACCOUNTING: _("Accounting"),
    }


def purpose_hints() -> dict[Purpose, str]:
    """What a list of this purpose holds, and for whom it is."""
    return {
        Purpose.SIGN_IN: _(
            "Names, organisations and each half-day, for the door and the trainer. The PDF is one sheet per half-day, to be signed."
        ),
        Purpose.BADGES: _(
            "Names, organisations and tickets of those expected on site. The PDF is ten badges to a page, with a code for the door."
        ),
        Purpose.CATERING: _(
            "How many are expected on site, and how many of them have which need. No names: it can go to the caterer."
        ),
        Purpose.FULL: _(
            "All that is known: addresses, needs, prices, attendance, certificates. For your own work only; do not pass it on."
        ),
        Purpose.ACCOUNTING: _("Orders, payers, amounts with VAT, what was received and paid back. For the books."),
    }


def purpose_choices(purposes: list[Purpose], counts: dict[Scope, Headcount]) -> list[tuple[str, str]]:
    """Each purpose with how many people its list holds when nothing else is chosen."""
    words, expected = purpose_words(), counts[Scope.EXPECTED]
    return [
        (
            purpose.value,
            f"{words[purpose]}, {people_words(expected.on_site if purpose in ON_SITE else expected.people)}",
        )
        for purpose in purposes
    ]


def people_words(people: int) -> str:
    return ngettext("%(num)s person", "%(num)s people", people)


def format_words() -> dict[Format, str]:
    return {
        Format.XLSX: _("Spreadsheet (XLSX)"),
        Format.CSV: _("Plain table (CSV)"),
        Format.PDF: _("On paper (PDF)"),
    }


def scope_choices(counts: dict[Scope, Headcount]) -> list[tuple[str, str]]:
    words = {
        Scope.EXPECTED: _("Who is expected"),
        Scope.LIVE: _("Also who still waits"),
        Scope.ALL: _("Also who left"),
    }
    return [(scope.value, f"{text} ({counts[scope].people})") for scope, text in words.items()]
