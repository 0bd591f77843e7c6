"""What the page of a team says of each line, and why an order is refused."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import get_locale, gettext as _, ngettext

from blueprints.registrations.words import refusal_words
from models.base import in_language
from models.events import Event
from services.pasted_people import Unclear
from services.registrations import AlreadyRegistered, RegistrationRefused
from services.team_lists import Candidate
from services.team_orders import (
    MOST_PEOPLE,
    LinesUnclear,
    ListChanged,
    NobodyAdded,
    NobodyToEnrol,
    NotEnoughPlaces,
    TeamTooLarge,
    TooManyPeople,
)


@dataclass(frozen=True)
class LineWords:
    """One line of the preview: the pill (class and words) and the sentences beside it."""

    tone: str  # good, wait, stop, over: the class of the pill
    standing: str
    notes: tuple[str, ...] = ()


def line_words(one: Candidate) -> LineWords:
    """What happens with this line, and what speaks against it."""
    if one.read.unclear is not None:
        return LineWords("stop", _("Unclear"), (unclear_words(one.read.unclear),))
    if one.read.same_as is not None:
        first = one.read.same_as
        same = _("The same person as in line %(number)s.", number=first) if first else _("Ticked above already.")
        return LineWords("over", _("Left out"), (same,))
    if one.is_registered:
        return LineWords("over", _("Left out"), (_("Has a registration for this event already."),))
    if one.lacks:
        return LineWords("stop", _("Left out"), (lacks_words(one),))
    notes = [
        _("On “%(title)s” at the same time.", title=in_language(each, str(get_locale()))) for each in one.conflicts
    ]
    if not one.read.email:
        notes.append(_("Without an address: add it later on the order page, and we write to them."))
    elif not one.is_colleague:
        notes.append(_("Not among the people of your organisation yet."))
    return LineWords("wait" if one.conflicts else "good", _("Look") if one.conflicts else _("Ready"), tuple(notes))


def lacks_words(one: Candidate) -> str:
    """Why somebody is left out where prerequisites are enforced."""
    if not one.read.email:
        return _("Without an address nobody can see what they have completed. Write it, then look again.")
    if not one.is_colleague:
        return _(
            "What people of other organisations have completed is theirs to show: they register themselves, or you ask for an exemption."
        )
    return _("Has not completed the course that this one asks for.")


def unclear_words(unclear: Unclear) -> str:
    """Why a line was not understood, and what to do."""
    return {
        Unclear.NO_NAME: _("There is an address and no name. Write the name before it."),
        Unclear.ONE_WORD: _("There is one word only. Write the first and the last name."),
        Unclear.TWO_ADDRESSES: _("There are two addresses. Write one person on each line."),
        Unclear.BAD_ADDRESS: _("This is no e-mail address. Write it like name@organisation.be."),
        Unclear.TOO_MANY_PARTS: _("There are too many parts. Write last name; first name; address."),
        Unclear.NOT_A_NAME: _("This is no name of a person. Write it in letters, without a web address."),
        Unclear.TOO_LONG: _("This is too long for a name. Shorten it."),
    }[unclear]


def team_refusal(refusal: RegistrationRefused, event: Event) -> str:
    """Why the order was not placed, and what to do next."""
    match refusal:
        case LinesUnclear():
            return _("Some lines are unclear. Correct them, or take them out. Nothing was booked.")
        case NobodyToEnrol():
            return _("Nobody is left to enrol. Write or tick somebody, or ask for places to be named later.")
        case NobodyAdded():
            names = ", ".join(refusal.names)
            return _("%(names)s could not be added, so nothing was booked. Please ask directly.", names=names)
        case TooManyPeople():
            return _("At most %(most)s people fit in one order. Make two orders.", most=MOST_PEOPLE)
        case ListChanged():
            return _("The list has changed since you looked it over. Nothing was booked. Look again, then order.")
        case AlreadyRegistered():
            return _("Somebody on the list has just registered. Nothing was booked. Look it over again.")
        case TeamTooLarge(left=left):
            return ngettext(
                "Your organisation may have one more place here. Nothing was booked. Take somebody out.",
                "Your organisation may have %(num)s more places here. Nothing was booked. Take somebody out.",
                left,
            )
        case NotEnoughPlaces(free=free, may_wait=may_wait):
            return places_words(free, may_wait=may_wait)
        case _:
            return refusal_words(refusal, event)


def places_words(free: int, *, may_wait: bool) -> str:
    left = ngettext("Only one place is left now.", "Only %(num)s places are left now.", free)
    if not free:
        left = _("No place is left now.")
    if may_wait:
        return left + " " + _("Nothing was booked. Take what is free and let the rest wait, or make the list shorter.")
    return left + " " + _("Nothing was booked, and there is no waiting list. Make the list shorter.")
